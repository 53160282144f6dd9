// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studyaxis.h"
#include "widgets/studydrawing.h"

namespace widgets {

// Curves over a number axis, with bands, filled areas, markers and, where a control stands on the axis, a handle that
// can be dragged: it snaps to the places of the first curve.
class StudyCurves : public StudyDrawing
{
public:
    std::vector<LegendKey> legend() const override;
    QSize leastSize() const override;
    void draw(QPainter& painter) const override;

    void drawControls(QPainter& painter) const override { drawHandle(painter, std::nullopt); }

    // Where the control stands, or at a place of the first curve that it is held at.
    void drawHandle(QPainter& painter, std::optional<int> held) const;
    // The place at a distance from the left, wherever that is.
    std::optional<StudyPlace> placeAcross(double x) const;
    void drawHover(QPainter& painter, const StudyPlace& place) const override;
    QString summary() const override;
    QString placeText(const StudyPlace& place) const override;
    std::optional<StudyPlace> placeAt(QPointF point) const override;
    std::optional<StudyPlace> moved(std::optional<StudyPlace> from, int right, int down) const override;
    std::vector<StudyPick> picksOf(const StudyPlace& place) const override;

protected:
    void take(const engine::Panel& panel) override;
    void arrange() override;

private:
    using Curve = engine::CurvesBody::Curve;

    QPen penOf(std::size_t index, double width) const;
    PlotAxis rangeOf(bool across) const;
    // Unbroken runs of finite points, in the widget.
    std::vector<QPolygonF> runsOf(const std::vector<double>& x, const std::vector<double>& y) const;
    void drawBand(QPainter& painter, const Curve& curve) const;
    void drawCurve(QPainter& painter, std::size_t index) const;
    void drawAcross(QPainter& painter) const;

    engine::CurvesBody m_body;
    QRectF m_plot;
    PlotAxis m_x, m_y;
};

} // namespace widgets
