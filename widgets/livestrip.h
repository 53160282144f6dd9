// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/timing.h"
#include "widgets/paint.h"
#include "widgets/theme.h"

#include <vector>

namespace widgets {

// What the live strip says, in this order.
struct LiveValue
{
    struct MethodTime
    {
        Identity identity;
        engine::Timing timing;
    };

    struct Number
    {
        QString label, value;
        bool startsGroup = false; // a hairline before it
    };

    std::vector<MethodTime> times;
    std::vector<Number> numbers; // state, KV cache, crossover…
    QString note, brief;         // at the right; the brief one where the other does not fit
};

// One line at the foot of the window: the time of each method with bars of its samples, then numbers, then a note. What
// does not fit is left out from the end of the numbers; the note is shortened first, then elided.
class LiveStrip : public View
{
    Q_OBJECT

public:
    explicit LiveStrip(QWidget* parent = nullptr);

    void setValue(LiveValue value);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    double drawTime(QPainter& painter, const LiveValue::MethodTime& time, double left) const;
    void drawBars(QPainter& painter, const LiveValue::MethodTime& time, double left) const;
    double drawPair(QPainter& painter, const LiveValue::Number& number, double left, double right) const;

    LiveValue m_value;
};

} // namespace widgets
