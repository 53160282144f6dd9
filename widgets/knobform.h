// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/knob.h"

#include <QWidget>

#include <functional>
#include <vector>

class QFormLayout;

namespace widgets {

// A form made from a method's knobs: a check, spin box with slider or list for each, its help as the tooltip.
class KnobForm : public QWidget
{
    Q_OBJECT

public:
    explicit KnobForm(QWidget* parent = nullptr);

    // Builds the form where the knobs differ from those shown, and shows the values (presets where none is given).
    void setKnobs(const std::vector<engine::Knob>& knobs, const engine::KnobValues& values);

    // Every knob with its value.
    const engine::KnobValues& values() const { return m_values; }

signals:
    void changed(engine::KnobValues values); // by the user only

private:
    struct Field
    {
        std::string id;
        std::function<void(const engine::KnobValue&)> show;
    };

    void build();
    Field makeField(const engine::Knob& knob);
    void edited(const std::string& id, const engine::KnobValue& value);

    std::vector<engine::Knob> m_knobs;
    engine::KnobValues m_values;
    std::vector<Field> m_fields;
    QFormLayout* m_layout;
};

} // namespace widgets
