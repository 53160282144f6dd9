// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/colormap.h"
#include "widgets/studydrawing.h"
#include "widgets/studyheatplan.h"

namespace widgets {

// One heat map or several that share axes and colours, whole pixels a cell; what is not a number is hatched. Maps over
// the tokens stand below one another, others side by side as large as they get.
class StudyHeat : public StudyDrawing
{
public:
    QSize leastSize() const override;
    int heightAt(int width) const override;
    double usedWidth(QSizeF room, double ratio) const override;

    // Where the colours' bar stands with the room of its handles (on screen it is a ColorBar); empty: it has no room.
    const QRectF& bar() const { return m_plan.bar; }

    const ColorScale& scale() const { return m_scale; }

    // For whoever reads it as a table: all maps are of one size.
    int mapCount() const { return int(m_body.maps.size()); }

    QSize cells() const; // of a map, columns × rows
    QString rowText(int row) const;
    QString columnText(const StudyPlace& place) const; // with the map's caption, where there are several
    QString valueText(const StudyPlace& place) const;
    QRectF boxOf(const StudyPlace& place) const;
    std::optional<StudyPlace> picked() const;

    void setRange(double low, double high);
    void fitRange();

    QString quantity() const; // of its bar, how many cells lie beyond it, and that the maps are reduced
    void draw(QPainter& painter) const override;
    void drawControls(QPainter& painter) const override;
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
    StudyHeatPlanner planner() const { return {m_body, names()}; }

    void drawMarks(QPainter& painter, const HeatmapLayout& map) const;
    QRectF ringOf(const HeatmapLayout& map) const;
    static bool isNumbered(const engine::AxisLabels& labels); // by places, not by names or tokens
    void drawLabels(QPainter& painter, const HeatmapLayout& map, bool rows, bool cols) const;
    void drawCaption(QPainter& painter, const HeatmapLayout& map, const engine::HeatBody::Map& value) const;
    QString quantityOf(const StudyHeatPlan& plan) const;
    static QString badgeOf(const StudyHeatPlan& plan); // empty: every cell is drawn
    bool badgeOnMap(const StudyHeatPlan& plan) const;

    void count();

    engine::HeatBody m_body;
    ColorScale m_scale, m_fitted;
    int m_above = 0, m_below = 0; // cells beyond the ends of the scale
    StudyHeatPlan m_plan;
};

} // namespace widgets
