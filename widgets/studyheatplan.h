// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/heatmaplayout.h"
#include "widgets/studytext.h"

#include <QRectF>
#include <QSize>

#include <vector>

namespace widgets {

inline constexpr double studyLabelLength = 54, studyLineHeight = 16;
inline constexpr double studyBarSide = 6; // the bar's handles stand out to both sides

// Where the maps of a heat panel stand in a room, with room for their labels and the bar of their colours.
struct StudyHeatPlan
{
    struct Spaces
    {
        double left = 0, below = 0, caption = 0;
        double bar = 0, right = 0; // of the colours: below the maps, or beside them
    };

    std::vector<HeatmapLayout> maps;
    int columns = 1;
    double slot = 0;     // of a map and what is free beside it
    bool beside = false; // the colour bar stands at the right
    Spaces spaces;
    QRectF bar; // with the room of its handles; empty: it has no room

    double right() const; // where the last of maps and bar ends
};

// Lays a heat panel out; `body` and `names` are borrowed.
class StudyHeatPlanner
{
public:
    StudyHeatPlanner(const engine::HeatBody& body, const StudyNames& names);

    bool stacked() const;  // maps over tokens, one below the other
    bool labelled() const; // small multiples have captions instead

    StudyHeatPlan planFor(QSizeF room, double ratio) const;

    QSize leastSize() const;
    int heightAt(int width) const;

private:
    double tokenLabels() const;
    StudyHeatPlan::Spaces spaces(bool beside) const;
    std::vector<HeatmapLayout> laidOut(QSizeF room, double ratio, int columns,
                                       const StudyHeatPlan::Spaces& spaces) const;
    void placeBar(StudyHeatPlan& plan, QSizeF room) const;

    const engine::HeatBody& m_body;
    const StudyNames& m_names;
};

} // namespace widgets
