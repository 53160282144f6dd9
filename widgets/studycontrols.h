// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/study.h"
#include "widgets/theme.h"

#include <functional>
#include <string>
#include <vector>

class QHBoxLayout;
class QTimer;

namespace widgets {

class IconButton;

// The controls of a tab in one line: a segment for a choice of few, a stepper for a whole number, a check, a field; and
// play, which walks through one of the whole numbers and starts again at its end.
class StudyControls : public View
{
    Q_OBJECT

public:
    explicit StudyControls(QWidget* parent = nullptr);

    // Builds the line where the controls differ from those shown, and shows the values.
    void setTab(const engine::TabSpec& tab, const engine::KnobValues& values);

    const engine::KnobValues& values() const { return m_values; }

    bool playing() const;
    void stop();

signals:
    void changed(engine::KnobValues values); // by the user, or by play

protected:
    void hideEvent(QHideEvent* event) override;

private:
    struct Field
    {
        std::string id;
        std::function<void(const engine::KnobValue&)> show;
    };

    void build();
    Field makeField(const engine::Knob& knob);
    Field makeChoice(const engine::Knob& knob, const engine::Choice& choice);
    Field makeReal(const engine::Knob& knob, const engine::RealRange& range);
    QWidget* named(QWidget* editor, const engine::Knob& knob);
    void edited(const std::string& id, const engine::KnobValue& value);
    void addPlay();
    void showPlaying();
    void step();

    std::vector<engine::Knob> m_knobs;
    std::string m_play;
    engine::KnobValues m_values;
    std::vector<Field> m_fields;
    QHBoxLayout* m_row;
    QWidget* m_line = nullptr;
    IconButton* m_button = nullptr; // of play
    QTimer* m_clock;
};

} // namespace widgets
