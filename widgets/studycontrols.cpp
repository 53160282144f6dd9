// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studycontrols.h"

#include "widgets/flowlayout.h"
#include "widgets/iconbutton.h"
#include "widgets/segment.h"
#include "widgets/stepper.h"
#include "widgets/studytext.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QTimer>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr int playMs = 700;           // between two steps: each is computed
constexpr std::size_t fewOptions = 4; // more stand in a list

bool sameKnobs(const std::vector<engine::Knob>& a, const std::vector<engine::Knob>& b)
{
    const auto same = [](const engine::Knob& one, const engine::Knob& other) {
        const auto* range = std::get_if<engine::IntRange>(&one.domain);
        const auto* otherRange = std::get_if<engine::IntRange>(&other.domain);
        return one.id == other.id && one.title == other.title && one.domain.index() == other.domain.index() &&
               (range == nullptr || (range->low == otherRange->low && range->high == otherRange->high));
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

} // namespace

StudyControls::StudyControls(QWidget* parent)
    : View(parent)
    , m_row(new QHBoxLayout(this))
    , m_clock(new QTimer(this))
{
    m_row->setContentsMargins(0, 0, 0, 0);
    m_clock->setInterval(playMs);
    connect(m_clock, &QTimer::timeout, this, &StudyControls::step);
}

void StudyControls::setTab(const engine::TabSpec& tab, const engine::KnobValues& values)
{
    const bool same = sameKnobs(tab.controls, m_knobs) && m_play == tab.play;
    m_knobs = tab.controls;
    m_play = std::string(tab.play);
    m_values.clear();
    for (const engine::Knob& knob : m_knobs)
        m_values[std::string(knob.id)] = engine::valueOf(m_knobs, values, knob.id);
    if (!same)
        build();
    for (const Field& field : m_fields)
        field.show(m_values.at(field.id));
}

bool StudyControls::playing() const
{
    return m_clock->isActive();
}

void StudyControls::stop()
{
    m_clock->stop();
    showPlaying();
}

void StudyControls::hideEvent(QHideEvent*)
{
    stop();
}

void StudyControls::build()
{
    m_clock->stop();
    m_fields.clear();
    m_button = nullptr;
    if (m_line != nullptr) {
        m_line->hide();
        m_line->deleteLater();
    }
    m_line = new QWidget(this);
    auto* line = new FlowLayout(m_line);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(theme().px(Theme::gap3));
    m_row->addWidget(m_line);
    for (const engine::Knob& knob : m_knobs)
        m_fields.push_back(makeField(knob));
    if (!m_play.empty())
        addPlay();
    m_line->setVisible(!m_knobs.empty());
}

QWidget* StudyControls::named(QWidget* editor, const engine::Knob& knob)
{
    editor->setToolTip(textOf(knob.help));
    editor->setAccessibleName(textOf(knob.title));
    editor->setAccessibleDescription(textOf(knob.help));
    editor->setObjectName(textOf(knob.id));
    return editor;
}

void StudyControls::edited(const std::string& id, const engine::KnobValue& value)
{
    if (m_values[id] == value)
        return;
    m_values[id] = value;
    emit changed(m_values);
}

StudyControls::Field StudyControls::makeField(const engine::Knob& knob)
{
    const std::string id(knob.id);
    if (const auto* choice = std::get_if<engine::Choice>(&knob.domain))
        return makeChoice(knob, *choice);
    if (const auto* real = std::get_if<engine::RealRange>(&knob.domain))
        return makeReal(knob, *real);
    if (const auto* range = std::get_if<engine::IntRange>(&knob.domain)) {
        auto* stepper = new Stepper(textOf(knob.title), m_line);
        stepper->setRange(range->low, range->high);
        if (!range->zero.empty())
            stepper->setZero(textOf(range->zero));
        m_line->layout()->addWidget(named(stepper, knob));
        connect(stepper, &Stepper::changed, this, [this, id](int value) { edited(id, value); });
        return {id, [stepper](const engine::KnobValue& value) { stepper->setValue(std::get<int>(value)); }};
    }
    auto* check = new QCheckBox(textOf(knob.title), m_line);
    m_line->layout()->addWidget(named(check, knob));
    connect(check, &QCheckBox::toggled, this, [this, id](bool on) { edited(id, on); });
    return {id, [check](const engine::KnobValue& value) {
                const QSignalBlocker quiet(check);
                check->setChecked(std::get<bool>(value));
            }};
}

StudyControls::Field StudyControls::makeChoice(const engine::Knob& knob, const engine::Choice& choice)
{
    const std::string id(knob.id);
    QStringList options;
    for (const std::string_view option : choice.options)
        options << textOf(option);
    if (choice.options.size() <= fewOptions) {
        auto* segment = new Segment(m_line);
        segment->setOptions(options);
        m_line->layout()->addWidget(named(segment, knob));
        connect(segment, &Segment::chosen, this, [this, id](int index) { edited(id, index); });
        return {id, [segment](const engine::KnobValue& value) { segment->setCurrent(std::get<int>(value)); }};
    }
    auto* combo = new QComboBox(m_line);
    combo->addItems(options);
    m_line->layout()->addWidget(named(combo, knob));
    connect(combo, &QComboBox::currentIndexChanged, this, [this, id](int index) { edited(id, index); });
    return {id, [combo](const engine::KnobValue& value) {
                const QSignalBlocker quiet(combo);
                combo->setCurrentIndex(std::get<int>(value));
            }};
}

StudyControls::Field StudyControls::makeReal(const engine::Knob& knob, const engine::RealRange& range)
{
    const std::string id(knob.id);
    auto* label = new QLabel(textOf(knob.title), m_line);
    auto* spin = new QDoubleSpinBox(m_line);
    spin->setKeyboardTracking(false);
    const double width = range.high - range.low;
    spin->setDecimals(width > 0 ? std::clamp(int(std::ceil(3 - std::log10(width))), 1, 6) : 3);
    spin->setRange(range.low, range.high);
    spin->setSingleStep(width / 100);
    m_line->layout()->addWidget(label);
    m_line->layout()->addWidget(named(spin, knob));
    connect(spin, &QDoubleSpinBox::valueChanged, this, [this, id](double value) { edited(id, value); });
    return {id, [spin](const engine::KnobValue& value) {
                const QSignalBlocker quiet(spin);
                spin->setValue(std::get<double>(value));
            }};
}

void StudyControls::addPlay()
{
    m_button = new IconButton(Symbol::Play, tr("Play"), m_line);
    m_button->setObjectName(QStringLiteral("play"));
    m_line->layout()->addWidget(m_button);
    connect(m_button, &IconButton::clicked, this, [this] {
        if (playing())
            m_clock->stop();
        else
            m_clock->start();
        showPlaying();
    });
}

void StudyControls::showPlaying()
{
    if (m_button != nullptr)
        m_button->setSymbol(playing() ? Symbol::Pause : Symbol::Play, playing() ? tr("Pause") : tr("Play"));
}

void StudyControls::step()
{
    const auto knob =
        std::find_if(m_knobs.begin(), m_knobs.end(), [&](const engine::Knob& each) { return each.id == m_play; });
    const auto* range = knob == m_knobs.end() ? nullptr : std::get_if<engine::IntRange>(&knob->domain);
    if (range == nullptr)
        return;
    const int now = std::get<int>(m_values.at(m_play));
    const engine::KnobValue next = now >= range->high ? range->low : now + 1;
    for (const Field& field : m_fields)
        if (field.id == m_play)
            field.show(next);
    edited(m_play, next);
}

} // namespace widgets
