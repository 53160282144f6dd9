// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/theme.h"

#include "widgets/fonts.h"
#include "widgets/themescope.h"

#include <QApplication>
#include <QEvent>
#include <QThread>

#include <algorithm>
#include <cmath>

namespace widgets {

Theme Theme::light(double scale)
{
    Theme theme;
    theme.scale = scale;
    theme.window = 0xF7F7F5;
    theme.panel = 0xFFFFFF;
    theme.field = 0xFFFFFF;
    theme.hairline = 0xE2E1DC;
    theme.outline = 0xCFCDC6;
    theme.text = 0x1F2328;
    theme.secondary = 0x59636E;
    theme.disabled = 0x8C939B;
    theme.hatch = 0xE9E8E3;
    theme.grid = 0xEFEEEA;
    theme.ring = 0x1F2328;
    theme.halo = 0xFFFFFF;
    theme.focus = 0x3B6FD4;
    theme.ok = 0x1A7F4B;
    theme.warningText = 0x7A5200;
    theme.warningGround = 0xFFF5DC;
    theme.warningLine = 0xEBD49B;
    theme.errorText = 0xB3261E;
    theme.errorGround = 0xFCEBE9;
    theme.errorLine = 0xEDBDB8;
    theme.hover = 0xF0F0EC;
    theme.chosen = 0xE7E6E1;
    theme.plain = 0xA7ADB4;
    return theme;
}

Theme Theme::night(double scale)
{
    Theme theme;
    theme.dark = true;
    theme.scale = scale;
    theme.window = 0x16181C;
    theme.panel = 0x1E2126;
    theme.field = 0x191C20;
    theme.hairline = 0x30353C;
    theme.outline = 0x434A53;
    theme.text = 0xE6E8EB;
    theme.secondary = 0x9AA4AF;
    theme.disabled = 0x69727C;
    theme.hatch = 0x272B31;
    theme.grid = 0x282C32;
    theme.ring = 0xFFFFFF;
    theme.halo = 0x0B0C0E;
    theme.focus = 0x7FA7F5;
    theme.ok = 0x5CC98E;
    theme.warningText = 0xF2CF86;
    theme.warningGround = 0x2E2718;
    theme.warningLine = 0x5A4A22;
    theme.errorText = 0xFF9C92;
    theme.errorGround = 0x351F1E;
    theme.errorLine = 0x6B3430;
    theme.hover = 0x262A30;
    theme.chosen = 0x2E333A;
    theme.plain = 0xA7ADB4;
    return theme;
}

int Theme::px(double length) const
{
    if (length == 0)
        return 0;
    return std::max(1, int(std::lround(length * scale)));
}

namespace {

QStringList& families()
{
    static QStringList families;
    return families;
}

} // namespace

const QStringList& textFamilies()
{
    static const QStringList usual{"Inter", "Noto Sans", "DejaVu Sans"};
    return families().isEmpty() ? usual : families();
}

void setTextFamilies(const QStringList& chosen)
{
    families() = chosen;
}

QFont Theme::font(double size, bool bold) const
{
    QFont font;
    font.setFamilies(textFamilies());
    font.setPixelSize(px(size));
    font.setWeight(bold ? QFont::DemiBold : QFont::Normal);
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

QFont Theme::codeFont() const
{
    QFont font;
    font.setFamilies({"JetBrains Mono", "Noto Sans Mono", "DejaVu Sans Mono"});
    font.setPixelSize(px(labelSize));
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

QPalette Theme::palette() const
{
    QPalette palette;
    palette.setColor(QPalette::Window, window);
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, field);
    palette.setColor(QPalette::AlternateBase, hover);
    palette.setColor(QPalette::ToolTipBase, panel);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::PlaceholderText, secondary);
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::Button, panel);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::BrightText, errorText);
    palette.setColor(QPalette::Light, hover);
    palette.setColor(QPalette::Midlight, hairline);
    palette.setColor(QPalette::Mid, outline);
    palette.setColor(QPalette::Dark, secondary);
    palette.setColor(QPalette::Shadow, outline);
    palette.setColor(QPalette::Highlight, chosen); // chrome has no colour: chosen rows are ink on grey
    palette.setColor(QPalette::HighlightedText, text);
    palette.setColor(QPalette::Link, focus);
    palette.setColor(QPalette::LinkVisited, focus);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
        palette.setColor(QPalette::Disabled, role, disabled);
    return palette;
}

ThemeSource::ThemeSource()
    : m_theme(Theme::light())
{
}

ThemeSource& ThemeSource::instance()
{
    static ThemeSource source;
    return source;
}

void ThemeSource::set(bool dark, double scale)
{
    Q_ASSERT(QThread::currentThread() == thread());
    scale = std::clamp(scale, 0.8, 3.0);
    m_theme = dark ? Theme::night(scale) : Theme::light(scale);
    QApplication::setPalette(m_theme.palette());
    QApplication::setFont(m_theme.font());
    // Qt tells the widgets only while the event loop runs; a tour or a test may grab them before.
    for (QWidget* widget : QApplication::allWidgets())
        for (const auto type : {QEvent::ApplicationPaletteChange, QEvent::ApplicationFontChange}) {
            QEvent event(type);
            QCoreApplication::sendEvent(widget, &event);
        }
    emit changed();
}

namespace {

thread_local const Theme* scoped = nullptr; // of the innermost ThemeScope of this thread

} // namespace

ThemeScope::ThemeScope(const Theme& look)
    : m_theme(look)
    , m_before(scoped)
{
    scoped = &m_theme;
}

ThemeScope::~ThemeScope()
{
    scoped = m_before;
}

const Theme& theme()
{
    if (scoped != nullptr)
        return *scoped;
    return ThemeSource::instance().theme();
}

void followTheme(QWidget& widget)
{
    QObject::connect(&ThemeSource::instance(), &ThemeSource::changed, &widget, [&widget] {
        widget.updateGeometry();
        widget.update();
    });
}

View::View(QWidget* parent)
    : QWidget(parent)
{
    connect(&ThemeSource::instance(), &ThemeSource::changed, this, [this] { themeChanged(); });
    followTheme(*this);
}

} // namespace widgets
