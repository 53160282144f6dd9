// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studybody.h"

namespace widgets {

class ColorBar;
class StudyCurves;
class StudyHeat;

// Bodies with a control of their own.

// Heat maps with the bar of their colours, whose handles set the range.
class StudyHeatBody : public StudyBody
{
    Q_OBJECT

public:
    explicit StudyHeatBody(QWidget* parent);

    void setPanel(const engine::Panel& panel, const StudyNames& names) override;

    const StudyHeat& heat() const { return m_heat; }

protected:
    void arranged() override;

private:
    StudyHeat& m_heat; // the drawing
    ColorBar* m_bar;
};

// Curves with the handle of the control that their x axis sets: it can be dragged and snaps to the places of the first
// curve.
class StudyCurvesBody : public StudyBody
{
    Q_OBJECT

public:
    explicit StudyCurvesBody(QWidget* parent);

    void setPanel(const engine::Panel& panel, const StudyNames& names) override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    StudyCurves& m_curves;        // the drawing
    std::optional<int> m_dragged; // the place of the first curve that the handle is held at
    bool m_pressed = false;
};

} // namespace widgets
