// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/colormap.h"
#include "widgets/heatmaplayout.h"
#include "widgets/studydrawing.h"

namespace widgets {

// One heat map or several that share axes and colours, whole pixels a cell; what is not a number is hatched. Maps over
// the tokens stand below one another, others side by side as large as they get.
class StudyHeat : public StudyDrawing
{
public:
    QSize leastSize() const override;
    int heightAt(int width) const override;

    // Where the colours' bar stands with the room of its handles (on screen it is a ColorBar); empty: it has no room.
    const QRectF& bar() const { return m_bar; }

    const ColorScale& scale() const { return m_scale; }

    void setRange(double low, double high);
    void fitRange();

    QString quantity() const; // of its bar, and what the maps have no room to say: that they are reduced
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
    struct Spaces
    {
        double left = 0, below = 0, caption = 0;
        double bar = 0, right = 0; // of the colours: below the maps, or beside them
    };

    bool stacked() const; // maps over tokens
    bool labelled() const;
    double tokenLabels() const;
    Spaces spaces(bool beside) const;
    std::vector<HeatmapLayout> laidOut(int columns, const Spaces& room) const;
    void drawMarks(QPainter& painter, const HeatmapLayout& map) const;
    QRectF ringOf(const HeatmapLayout& map) const;
    void drawLabels(QPainter& painter, const HeatmapLayout& map, bool rows, bool cols) const;
    void drawCaption(QPainter& painter, const HeatmapLayout& map, const engine::HeatBody::Map& value) const;
    void placeBar(const Spaces& room);
    QString badge() const; // empty: every cell is drawn
    bool badgeOnMap() const;

    engine::HeatBody m_body;
    ColorScale m_scale, m_fitted;
    std::vector<HeatmapLayout> m_maps;
    int m_columns = 1;
    double m_slot = 0;     // of a map and what is free beside it
    bool m_beside = false; // the colour bar stands at the right
    QRectF m_bar;
};

} // namespace widgets
