// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/knobform.h"

#include "widgets/studytext.h"
#include "widgets/theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr int sliderSteps = 1000;

QString text(std::string_view view)
{
    return textOf(view);
}

bool sameKnobs(const std::vector<engine::Knob>& a, const std::vector<engine::Knob>& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const engine::Knob& one, const engine::Knob& other) {
        return one.id == other.id && one.title == other.title && one.domain.index() == other.domain.index();
    });
}

// Digits that tell a thousandth of a range apart.
int digitsFor(double range)
{
    return range > 0 ? std::clamp(int(std::ceil(3 - std::log10(range))), 1, 9) : 3;
}

} // namespace

KnobForm::KnobForm(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QFormLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    m_layout->setRowWrapPolicy(QFormLayout::WrapLongRows); // in a narrow dock the field goes below its name
    m_layout->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    connect(&ThemeSource::instance(), &ThemeSource::changed, this,
            [this] { m_layout->setVerticalSpacing(theme().px(6)); });
    m_layout->setVerticalSpacing(theme().px(6));
}

void KnobForm::setKnobs(const std::vector<engine::Knob>& knobs, const engine::KnobValues& values)
{
    const bool same = sameKnobs(knobs, m_knobs);
    m_knobs = knobs;
    m_values.clear();
    for (const engine::Knob& knob : m_knobs)
        m_values[std::string(knob.id)] = engine::valueOf(m_knobs, values, knob.id);
    if (!same)
        build();
    for (const Field& field : m_fields)
        field.show(m_values.at(field.id));
}

void KnobForm::build()
{
    while (m_layout->rowCount() > 0)
        m_layout->removeRow(0);
    m_fields.clear();
    for (const engine::Knob& knob : m_knobs)
        m_fields.push_back(makeField(knob));
}

void KnobForm::edited(const std::string& id, const engine::KnobValue& value)
{
    if (m_values[id] == value)
        return;
    m_values[id] = value;
    emit changed(m_values);
}

KnobForm::Field KnobForm::makeField(const engine::Knob& knob)
{
    const std::string id(knob.id);
    auto* line = new QWidget(this);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    const auto add = [&](QWidget* editor) {
        editor->setToolTip(text(knob.help));
        editor->setAccessibleName(text(knob.title));
        editor->setAccessibleDescription(text(knob.help));
        editor->setObjectName(text(knob.id));
        row->addWidget(editor);
    };
    std::function<void(const engine::KnobValue&)> show;
    if (std::holds_alternative<engine::Flag>(knob.domain)) {
        auto* check = new QCheckBox(line);
        add(check);
        connect(check, &QCheckBox::toggled, this, [this, id](bool on) { edited(id, on); });
        show = [check](const engine::KnobValue& value) {
            const QSignalBlocker quiet(check);
            check->setChecked(std::get<bool>(value));
        };
    } else if (const auto* whole = std::get_if<engine::IntRange>(&knob.domain)) {
        auto* spin = new QSpinBox(line);
        auto* slider = new QSlider(Qt::Horizontal, line);
        slider->setAccessibleName(text(knob.title));
        slider->setMinimumWidth(theme().px(64));
        spin->setKeyboardTracking(false);
        spin->setRange(whole->low, whole->high);
        if (whole->low == 0 && !whole->zero.empty())
            spin->setSpecialValueText(text(whole->zero));
        slider->setRange(whole->low, whole->high);
        add(spin);
        row->insertWidget(0, slider, 1);
        connect(spin, &QSpinBox::valueChanged, this, [this, id, slider](int value) {
            const QSignalBlocker quiet(slider);
            slider->setValue(value);
            edited(id, value);
        });
        connect(slider, &QSlider::valueChanged, spin, &QSpinBox::setValue);
        show = [spin, slider](const engine::KnobValue& value) {
            const QSignalBlocker quietSpin(spin);
            const QSignalBlocker quietSlider(slider);
            spin->setValue(std::get<int>(value));
            slider->setValue(std::get<int>(value));
        };
    } else if (const auto* real = std::get_if<engine::RealRange>(&knob.domain)) {
        auto* spin = new QDoubleSpinBox(line);
        auto* slider = new QSlider(Qt::Horizontal, line);
        slider->setAccessibleName(text(knob.title));
        slider->setMinimumWidth(theme().px(64));
        const double low = real->low;
        const double range = real->high - real->low;
        spin->setKeyboardTracking(false);
        spin->setDecimals(digitsFor(range));
        spin->setRange(real->low, real->high);
        spin->setSingleStep(range / 100);
        slider->setRange(0, sliderSteps);
        add(spin);
        row->insertWidget(0, slider, 1);
        const auto place = [low, range](double value) {
            return range > 0 ? int(std::lround((value - low) / range * sliderSteps)) : 0;
        };
        connect(spin, &QDoubleSpinBox::valueChanged, this, [this, id, slider, place](double value) {
            const QSignalBlocker quiet(slider);
            slider->setValue(place(value));
            edited(id, value);
        });
        connect(slider, &QSlider::valueChanged, spin,
                [spin, low, range](int value) { spin->setValue(low + range * value / sliderSteps); });
        show = [spin, slider, place](const engine::KnobValue& value) {
            const QSignalBlocker quietSpin(spin);
            const QSignalBlocker quietSlider(slider);
            spin->setValue(std::get<double>(value));
            slider->setValue(place(std::get<double>(value)));
        };
    } else {
        auto* combo = new QComboBox(line);
        combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        combo->setMinimumContentsLength(4);
        for (const std::string_view option : std::get<engine::Choice>(knob.domain).options)
            combo->addItem(text(option));
        add(combo);
        connect(combo, &QComboBox::currentIndexChanged, this, [this, id](int index) { edited(id, index); });
        show = [combo](const engine::KnobValue& value) {
            const QSignalBlocker quiet(combo);
            combo->setCurrentIndex(std::get<int>(value));
        };
    }
    auto* label = new QLabel(text(knob.title), this);
    label->setToolTip(text(knob.help));
    m_layout->addRow(label, line);
    return {id, std::move(show)};
}

} // namespace widgets
