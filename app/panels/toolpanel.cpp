// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/toolpanel.h"

#include "widgets/chip.h"
#include "widgets/iconbutton.h"
#include "widgets/icons.h"
#include "widgets/numbers.h"
#include "widgets/stepper.h"

#include <QHBoxLayout>
#include <QKeySequence>
#include <QPainter>
#include <QToolButton>

namespace app {

using widgets::IconButton;
using widgets::Symbol;
using widgets::theme;
using widgets::Theme;

namespace {

constexpr std::size_t mostChips = 6;

// One hairline between groups.
class Rule : public widgets::View
{
public:
    using View::View;

    QSize sizeHint() const override { return {2 * theme().px(Theme::gap2) + 1, theme().px(20)}; }

    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(QRect(width() / 2, (height() - theme().px(20)) / 2, 1, theme().px(20)), theme().hairline);
    }
};

// Words between controls.
class Word : public widgets::View
{
public:
    Word(QString text, QWidget* parent)
        : View(parent)
        , m_text(std::move(text))
    {
    }

    QSize sizeHint() const override { return {int(widgets::textWidth(theme().font(), m_text)) + 2, theme().px(28)}; }

    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        widgets::drawText(painter, rect(), Qt::AlignLeft | Qt::AlignVCenter, m_text, theme().font(), theme().secondary);
    }

private:
    QString m_text;
};

// Looks like a field and is a button: it opens the search.
class SearchField : public QAbstractButton
{
public:
    explicit SearchField(QWidget* parent)
        : QAbstractButton(parent)
    {
        setAttribute(Qt::WA_Hover);
        setCursor(Qt::IBeamCursor);
        setFocusPolicy(Qt::TabFocus);
        setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
        widgets::followTheme(*this);
    }

    void setKeys(QString keys)
    {
        m_keys = keys.replace('+', ' ');
        update();
    }

    QSize sizeHint() const override { return {theme().px(272), theme().px(26)}; }

    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        widgets::drawGround(painter, rect(), underMouse() ? theme().hover : theme().field, theme().outline);
        const double side = theme().px(16), left = theme().px(Theme::gap2);
        widgets::drawSymbol(painter, Symbol::Search, {left, (height() - side) / 2, side, side}, theme().secondary);
        const QRectF words(left + side + theme().px(Theme::gap2), 0,
                           width() - left - side - 2 * theme().px(Theme::gap2), height());
        widgets::drawText(painter, words, Qt::AlignLeft, text(), theme().font(), theme().secondary);
        widgets::drawText(painter, words, Qt::AlignRight, m_keys, theme().font(Theme::labelSize), theme().secondary);
        if (hasFocus())
            widgets::drawFocus(painter, rect());
    }

private:
    QString m_keys;
};

} // namespace

void Counter::set(int now, int all)
{
    if (m_now == now && m_all == all)
        return;
    m_now = now;
    m_all = all;
    setAccessibleName(tr("token %1 of %2").arg(now).arg(all));
    updateGeometry();
    update();
}

QSize Counter::sizeHint() const
{
    const QString widest = widgets::whole(std::max(m_all, 999)) + " / " + widgets::whole(std::max(m_all, 999));
    return {int(widgets::numberWidth(theme().font(), widest)) + theme().px(Theme::gap2), theme().px(28)};
}

void Counter::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const QFont font = theme().font();
    const QString now = widgets::whole(m_now), all = " / " + widgets::whole(m_all);
    const double nowWidth = widgets::numberWidth(font, now), allWidth = widgets::numberWidth(font, all);
    const double left = (width() - nowWidth - allWidth) / 2;
    constexpr Qt::Alignment side = Qt::AlignLeft | Qt::AlignVCenter;
    const bool any = m_all > 0; // no text has been run, or what is open takes none
    widgets::drawNumber(painter, {left, 0, nowWidth + 1, double(height())}, side, now, font,
                        any ? theme().text : theme().disabled);
    widgets::drawNumber(painter, {left + nowWidth, 0, allWidth + 1, double(height())}, side, all, font,
                        any ? theme().secondary : theme().disabled);
}

ToolPanel::ToolPanel(QWidget* parent)
    : View(parent)
    , m_row(new QHBoxLayout(this))
    , m_chipRow(new QHBoxLayout)
    , m_open(new QToolButton(this))
    , m_device(new QToolButton(this))
    , m_compare(new Word(tr("compare"), this))
    , m_search(new SearchField(this))
    , m_find(new IconButton(Symbol::Search, tr("Find a command or token"), this))
    , m_play(new IconButton(Symbol::Play, tr("Play"), this))
    , m_theme(new IconButton(Symbol::Moon, tr("Light or dark"), this))
    , m_plus(new IconButton(Symbol::Plus, tr("Compare with one more method"), this))
    , m_counter(new Counter(this))
    , m_layer(new widgets::Stepper(tr("layer"), this))
    , m_head(new widgets::Stepper(tr("head"), this))
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_row->setSizeConstraint(QLayout::SetNoConstraint);
    m_open->setText(tr("Open…"));
    addButtons();
    m_row->addWidget(m_compare);
    m_row->addLayout(m_chipRow);
    m_row->addWidget(m_plus);
    m_row->addStretch();
    m_search->setText(tr("Find a command or token"));
    m_search->setAccessibleName(m_search->text());
    m_find->hide();
    m_row->addWidget(m_search);
    m_row->addWidget(m_find);
    m_row->addWidget(m_device);
    connect(m_search, &QAbstractButton::clicked, this, &ToolPanel::searchAsked);
    connect(m_find, &IconButton::clicked, this, &ToolPanel::searchAsked);
    m_row->addWidget(m_theme);
    connect(m_open, &QToolButton::clicked, this, &ToolPanel::openAsked);
    connect(m_play, &IconButton::clicked, this, &ToolPanel::playAsked);
    connect(m_theme, &IconButton::clicked, this, &ToolPanel::themeAsked);
    connect(m_layer, &widgets::Stepper::changed, this, [this](int value) { emit layerChosen(value - 1); });
    connect(m_head, &widgets::Stepper::changed, this, [this](int value) { emit headChosen(value - 1); });
    connect(m_plus, &IconButton::clicked, this,
            [this] { emit laneWanted(m_plus->mapToGlobal(QPoint(0, m_plus->height()))); });
    connect(m_device, &QToolButton::clicked, this,
            [this] { emit deviceAsked(m_device->mapToGlobal(QPoint(0, m_device->height()))); });
    showKeys();
    ToolPanel::themeChanged();
}

void ToolPanel::addButtons()
{
    m_row->addWidget(m_open);
    addRule();
    const auto button = [this](Symbol symbol, const QString& name, void (ToolPanel::*signal)()) {
        auto* made = new IconButton(symbol, name, this);
        connect(made, &IconButton::clicked, this, signal);
        m_row->addWidget(made);
        return made;
    };
    m_first = button(Symbol::First, tr("First token"), &ToolPanel::firstAsked);
    m_back = button(Symbol::Back, tr("Back one token"), &ToolPanel::backAsked);
    m_row->addWidget(m_play);
    m_forward = button(Symbol::Forward, tr("Forward one token"), &ToolPanel::forwardAsked);
    m_last = button(Symbol::Last, tr("Last token"), &ToolPanel::lastAsked);
    m_ends = {m_first, m_last};
    m_steps = {m_back, m_forward};
    m_row->addWidget(m_counter);
    addRule();
    m_row->addWidget(m_layer);
    m_row->addSpacing(8);
    m_row->addWidget(m_head);
    addRule();
}

void ToolPanel::addRule()
{
    m_rules.push_back(new Rule(this));
    m_row->addWidget(m_rules.back());
}

void ToolPanel::setPosition(int now, int all)
{
    m_counter->set(now, all);
    for (QWidget* button : {m_first, m_back, m_play, m_forward, m_last})
        button->setEnabled(all > 0);
}

QString ToolPanel::keysOf(const QString& own, const QString& shown) const
{
    const QString given = m_given.value(own);
    if (given.isEmpty() && !shown.isEmpty())
        return shown;
    // As the reader's language calls them.
    const QString keys = given.isEmpty() ? own : given;
    return QKeySequence::fromString(keys, QKeySequence::PortableText).toString(QKeySequence::NativeText);
}

void ToolPanel::setKeys(const QMap<QString, QString>& given)
{
    m_given = given;
    showKeys();
}

// What a button does, with the keys that do the same.
void ToolPanel::showKeys()
{
    const QString search = keysOf("Ctrl+Shift+P"), play = keysOf("Space");
    m_find->setSymbol(Symbol::Search, tr("Find a command or token (%1)").arg(search));
    static_cast<SearchField*>(m_search)->setKeys(search);
    m_play->setSymbol(m_playing ? Symbol::Pause : Symbol::Play,
                      m_playing ? tr("Pause (%1)").arg(play) : tr("Play (%1)").arg(play));
    m_first->setSymbol(Symbol::First, tr("First token (%1)").arg(keysOf("Home")));
    m_back->setSymbol(Symbol::Back, tr("Back one token (%1)").arg(keysOf("Left", "←")));
    m_forward->setSymbol(Symbol::Forward,
                         tr("Forward one token (%1); beyond the last one is generated").arg(keysOf("Right", "→")));
    m_last->setSymbol(Symbol::Last, tr("Last token (%1)").arg(keysOf("End")));
    m_open->setToolTip(tr("Open a checkpoint file (%1)").arg(keysOf("Ctrl+O")));
    m_layer->setToolTip(tr("Layer (%1 and %2)").arg(keysOf("["), keysOf("]")));
    m_head->setToolTip(tr("Head (%1 and %2)").arg(keysOf(","), keysOf(".")));
}

void ToolPanel::setPlaying(bool playing)
{
    m_playing = playing;
    showKeys();
}

void ToolPanel::setShape(int layers, int heads)
{
    m_layer->setRange(1, layers);
    m_head->setRange(1, heads);
}

void ToolPanel::setSelected(int layer, int head)
{
    m_layer->setValue(layer + 1);
    m_head->setValue(head + 1);
}

void ToolPanel::setLanes(const std::vector<LaneLabel>& lanes)
{
    if (m_lanes == lanes)
        return;
    m_lanes = lanes;
    showLanes();
}

void ToolPanel::addChip()
{
    auto* chip = new widgets::Chip(this);
    const int lane = int(m_chips.size());
    const auto ask = [this, chip, lane] { emit laneAsked(lane, chip->mapToGlobal(QPoint(0, chip->height()))); };
    connect(chip, &widgets::Chip::clicked, this, [this, lane, ask] {
        if (m_lanes[std::size_t(lane)].selected || m_lanes[std::size_t(lane)].reference)
            ask();
        else
            emit laneChosen(lane);
    });
    connect(chip, &widgets::Chip::closeRequested, this, [this, lane] { emit laneClosed(lane); });
    chip->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(chip, &QWidget::customContextMenuRequested, this, ask);
    m_chipRow->addWidget(chip);
    m_chips.push_back(chip);
}

void ToolPanel::showLanes()
{
    while (m_chips.size() < m_lanes.size())
        addChip();
    for (std::size_t place = 0; place < m_chips.size(); ++place) {
        widgets::Chip& chip = *m_chips[place];
        if (place >= m_lanes.size()) {
            chip.hide();
            continue;
        }
        const LaneLabel& lane = m_lanes[place];
        chip.setReference(lane.reference);
        chip.setSelected(lane.selected && m_lanes.size() > 2);
        chip.setToolTip(lane.identity.title + (lane.knobs.isEmpty() ? QString() : "  " + lane.knobs) + "\n" +
                        lane.help);
    }
    m_plus->setEnabled(m_lanes.size() < mostChips);
    fit();
}

// Of several: the reference, and the one that is looked at beside it.
bool ToolPanel::isCompared(std::size_t place) const
{
    return m_lanes.size() <= 2 || m_lanes[place].reference || m_lanes[place].selected;
}

void ToolPanel::arrange(Room room)
{
    m_search->setVisible(room == Room::All);
    m_find->setVisible(room != Room::All);
    for (std::size_t place = 0; place < m_lanes.size(); ++place) {
        const bool named = room < Room::MarkersOnly || (room == Room::MarkersOnly && m_lanes[place].selected);
        m_chips[place]->setMethod(m_lanes[place].identity, room < Room::NoKnobs ? m_lanes[place].knobs : QString());
        m_chips[place]->setShort(!named);
        m_chips[place]->setVisible(room < Room::Least || isCompared(place));
    }
    const bool words = room < Room::NoWords;
    m_compare->setVisible(words);
    m_layer->setShownName(words ? tr("layer") : tr("L", "layer, where there is no room for the word"));
    m_head->setShownName(words ? tr("head") : tr("H", "head, where there is no room for the word"));
    for (QToolButton* button : {m_open, m_device})
        button->setToolButtonStyle(words ? Qt::ToolButtonTextBesideIcon : Qt::ToolButtonIconOnly);
    for (QWidget* end : m_ends)
        end->setVisible(room < Room::FewerSteps);
    m_theme->setVisible(room < Room::Least);
    m_plus->setVisible(room < Room::Least);
    for (const std::vector<QWidget*>* group : {&m_steps, &m_rules})
        for (QWidget* each : *group)
            each->setVisible(room < Room::Bare);
    m_device->setVisible(room < Room::Bare);
    m_layer->setVisible(room < Room::NoPlace);
    m_head->setVisible(room < Room::NoPlace);
    m_row->invalidate();
}

void ToolPanel::fit()
{
    constexpr Room rooms[] = {Room::All,        Room::NoSearchField, Room::NoKnobs, Room::MarkersOnly, Room::NoWords,
                              Room::FewerSteps, Room::Least,         Room::Bare,    Room::NoPlace};
    for (const Room room : rooms) {
        if (m_compact && room < Room::NoKnobs)
            continue;
        arrange(room);
        if (m_row->minimumSize().width() <= width())
            return;
    }
}

void ToolPanel::resizeEvent(QResizeEvent*)
{
    fit();
}

QSize ToolPanel::minimumSizeHint() const
{
    return {theme().px(240), theme().px(44)}; // the row is fitted into whatever there is
}

QPoint ToolPanel::chipCorner(int lane) const
{
    if (lane < 0 || lane >= int(m_chips.size()))
        return {};
    const QRect chip = m_chips[std::size_t(lane)]->geometry();
    return {chip.left(), chip.bottom() + 1};
}

void ToolPanel::setDevice(const QString& text, const QString& help)
{
    m_device->setText(text);
    m_device->setToolTip(help);
}

void ToolPanel::setCompact(bool compact)
{
    if (m_compact == compact)
        return;
    m_compact = compact;
    fit();
}

QSize ToolPanel::sizeHint() const
{
    return {theme().px(900), theme().px(44)};
}

void ToolPanel::themeChanged()
{
    m_row->setContentsMargins(theme().px(Theme::gap2), 0, theme().px(Theme::gap2), 0);
    m_row->setSpacing(theme().px(Theme::gap1));
    m_chipRow->setSpacing(theme().px(Theme::gap2));
    m_chipRow->setContentsMargins(theme().px(Theme::gap2), 0, 0, 0);
    for (QToolButton* button : {m_open, m_device})
        button->setIconSize({theme().px(16), theme().px(16)});
    m_open->setIcon(widgets::iconOf(Symbol::Open));
    m_device->setIcon(widgets::iconOf(Symbol::Chip));
    m_theme->setSymbol(theme().dark ? Symbol::Sun : Symbol::Moon, theme().dark ? tr("Light theme") : tr("Dark theme"));
    updateGeometry();
    // Once the controls know their new sizes.
    QMetaObject::invokeMethod(
        this, [this] { fit(); }, Qt::QueuedConnection);
}

void ToolPanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().window);
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme().hairline);
}

} // namespace app
