// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studyaxis.h"
#include "widgets/studydrawing.h"

namespace widgets {

// Bars of one or several series: upright side by side, the second hanging down where mirrored, or lying in one column
// per series with a scale of its own.
class StudyBars : public StudyDrawing
{
public:
    std::vector<LegendKey> legend() const override;
    QSize leastSize() const override;
    void draw(QPainter& painter) const override;
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
    int count() const;
    bool isKeyed(const engine::Mark& mark) const;
    PlotAxis rangeOf(std::size_t first, std::size_t end) const; // of the values of some series
    QRectF placeBox(int place) const;
    void arrangeUpright();
    void arrangeLying();
    void drawUprightBars(QPainter& painter) const;
    void drawPlaceLabels(QPainter& painter) const;
    void drawLying(QPainter& painter) const;
    void drawLyingSeries(QPainter& painter, std::size_t index) const;

    engine::BarsBody m_body;
    QRectF m_plot;
    PlotAxis m_y;                  // upright
    std::vector<PlotAxis> m_lying; // one per series
    double m_labels = 0;           // room for lying bars' labels
    bool m_numbers = false;        // whether lying bars have room for their numbers
};

} // namespace widgets
