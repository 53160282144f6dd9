// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/sidedock.h"

#include "widgets/columnscroll.h"
#include "widgets/icons.h"
#include "widgets/paint.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace app {

using widgets::theme;
using widgets::Theme;

namespace {

class Hairline : public widgets::View
{
public:
    explicit Hairline(QWidget* parent)
        : View(parent)
    {
        setFixedHeight(1);
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().hairline);
    }
};

} // namespace

Rail::Rail(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
}

void Rail::setNames(const QStringList& names, bool opensLeft)
{
    m_names = names;
    m_opensLeft = opensLeft;
    setAccessibleName(tr("Show %1").arg(m_names.join(", ")));
    setToolTip(accessibleName());
    update();
}

QSize Rail::sizeHint() const
{
    return {theme().px(28), theme().px(300)};
}

double Rail::lengthOf(const QString& name) const
{
    return widgets::textWidth(theme().font(), name) + theme().px(Theme::gap5);
}

void Rail::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_over || hasFocus() ? theme().hover : theme().window);
    double top = theme().px(Theme::gap3);
    for (const QString& name : m_names) {
        const double length = lengthOf(name);
        if (top + length > height() - theme().px(36)) // the tool tip has them all
            break;
        widgets::drawUpright(painter, {0, top, double(width()), length}, Qt::AlignHCenter, name, theme().font(),
                             theme().secondary);
        top += length;
    }
    const double side = theme().px(16);
    widgets::drawSymbol(painter, m_opensLeft ? widgets::Symbol::Left : widgets::Symbol::Right,
                        {(width() - side) / 2, height() - side - theme().px(Theme::gap3), side, side},
                        theme().secondary);
    if (hasFocus())
        widgets::drawFrame(painter, rect(), theme().focus, theme().px(2));
}

void Rail::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        emit asked();
}

void Rail::mouseMoveEvent(QMouseEvent*)
{
    m_over = true;
    update();
}

void Rail::leaveEvent(QEvent*)
{
    m_over = false;
    update();
}

void Rail::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        emit asked();
    else
        View::keyPressEvent(event);
}

SideDock::SideDock(Side side, QWidget* parent)
    : View(parent)
    , m_side(side)
    , m_scroll(new widgets::ColumnScroll(this))
    , m_sections(new QWidget)
    , m_column(new QVBoxLayout(m_sections))
    , m_rail(new Rail(this))
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(0);
    m_column->addStretch(0); // stays last
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(side == Side::Right ? 1 : 0, 0, side == Side::Left ? 1 : 0, 0); // its hairline
    // Where the sections need more height than there is they scroll, and the window still fits a small screen.
    m_scroll->setColumn(m_sections);
    row->addWidget(m_scroll);
    row->addWidget(m_rail);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
    connect(m_rail, &Rail::asked, this, &SideDock::unfoldAsked);
    arrange();
}

void SideDock::setBreadth(double breadth, bool whole)
{
    m_breadth = breadth;
    m_whole = whole;
    arrange();
}

void SideDock::addSection(const QString& id, const QString& name, QWidget* section, int stretch)
{
    QWidget* line = nullptr;
    if (!name.isEmpty()) {
        if (!m_names.isEmpty()) {
            line = new Hairline(m_sections);
            m_column->insertWidget(m_column->count() - 1, line);
        }
        m_names << name;
        m_rail->setNames(m_names, m_side == Side::Right);
    }
    m_column->insertWidget(m_column->count() - 1, section, stretch);
    m_all.push_back({id, name, section, line, stretch});
}

void SideDock::setShown(const QWidget& section, bool shown)
{
    for (Section& each : m_all)
        if (each.widget == &section)
            each.shown = shown;
    showSections();
}

void SideDock::setOnly(const QString& id)
{
    m_only = id;
    showSections();
}

QString SideDock::only() const
{
    const bool there = std::ranges::any_of(m_all, [&](const Section& each) { return each.id == m_only && each.shown; });
    return there ? m_only : QString();
}

void SideDock::showSections()
{
    const QString alone = only();
    int stretch = 1;
    for (const Section& each : m_all) {
        each.widget->setVisible(each.shown && (alone.isEmpty() || alone == each.id));
        stretch = alone == each.id ? each.stretch : stretch;
        if (each.line != nullptr)
            each.line->setVisible(alone.isEmpty());
    }
    // A section that asks for no more than it needs stands at the top.
    m_column->setStretch(m_column->count() - 1, stretch == 0 ? 1 : 0);
}

QString SideDock::sectionAt(const QWidget& inside) const
{
    for (const Section& each : m_all)
        if (!each.name.isEmpty() && (each.widget == &inside || each.widget->isAncestorOf(&inside)))
            return each.id;
    return {};
}

std::vector<std::pair<QString, QString>> SideDock::shown() const
{
    std::vector<std::pair<QString, QString>> all;
    for (const Section& each : m_all)
        if (each.shown && !each.name.isEmpty())
            all.emplace_back(each.id, each.name);
    return all;
}

void SideDock::setFolded(bool folded)
{
    m_folded = folded;
    arrange();
}

void SideDock::arrange()
{
    m_scroll->setVisible(!m_folded);
    m_rail->setVisible(m_folded);
    const bool whole = m_whole && !m_folded;
    const int least = theme().px(m_folded ? 28 : m_breadth) + 1;
    setSizePolicy(whole ? QSizePolicy::Expanding : QSizePolicy::Fixed, QSizePolicy::Expanding);
    setMinimumWidth(least);
    setMaximumWidth(whole ? QWIDGETSIZE_MAX : least);
}

void SideDock::themeChanged()
{
    arrange();
}

void SideDock::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_folded ? theme().window : theme().panel);
    painter.fillRect(QRect(m_side == Side::Left ? width() - 1 : 0, 0, 1, height()), theme().hairline);
}

} // namespace app
