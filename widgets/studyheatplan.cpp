// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studyheatplan.h"

#include "widgets/colorbar.h"
#include "widgets/theme.h"

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double largestCell = 28, widestBar = 340, besideBar = 150, manyRowsSide = 196;
constexpr int manyRows = 64;

} // namespace

double StudyHeatPlan::right() const
{
    double right = bar.right();
    for (const HeatmapLayout& map : maps)
        right = std::max(right, map.map.right() + 2); // with its frame, as laidOut() counts it
    return right;
}

StudyHeatPlanner::StudyHeatPlanner(const engine::HeatBody& body, const StudyNames& names)
    : m_body(body)
    , m_names(names)
{
}

bool StudyHeatPlanner::stacked() const
{
    return m_body.cols.axis == engine::Axis::Token && m_body.rows.axis != engine::Axis::Token;
}

bool StudyHeatPlanner::labelled() const
{
    const bool tokens = m_body.rows.axis == engine::Axis::Token && m_body.cols.axis == engine::Axis::Token;
    const bool untitled =
        m_body.rows.title.empty() && m_body.cols.title.empty(); // they stand beside maps that have them
    const bool few = m_body.maps.size() < 3 && !(tokens && untitled);
    return stacked() || few || !m_body.rows.texts.empty(); // named rows are to be read
}

// How long the upright token labels are.
double StudyHeatPlanner::tokenLabels() const
{
    double widest = 0;
    for (int col = 0; col < std::min(m_body.maps.empty() ? 0 : m_body.maps.front().cells.cols(), 1024); ++col)
        widest = std::max(widest, textWidth(theme().font(Theme::labelSize), labelOf(m_body.cols, col, m_names)));
    return std::min(std::ceil(widest), double(theme().px(studyLabelLength)));
}

StudyHeatPlan::Spaces StudyHeatPlanner::spaces(bool beside) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    StudyHeatPlan::Spaces room;
    const auto captions = [](const auto& map) { return !map.caption.empty() || !map.value.empty(); };
    const bool captioned = std::any_of(m_body.maps.begin(), m_body.maps.end(), captions);
    if (!labelled()) {
        room.caption = captioned ? look.px(20) : 0;
        room.left = look.px(studyBarSide);
    } else {
        double widest = 0;
        const int rows = m_body.maps.empty() ? 0 : m_body.maps.front().cells.rows();
        for (int row = 0; row < std::min(rows, 600); ++row)
            widest = std::max(widest, textWidth(small, labelOf(m_body.rows, row, m_names)));
        room.left = std::min(std::ceil(widest), double(look.px(studyLabelLength))) + look.px(Theme::gap2);
        const bool sideTitle = !m_body.rows.title.empty() || (stacked() && captioned);
        room.left += sideTitle ? look.px(studyLineHeight) : 0;
        room.below = m_body.cols.axis == engine::Axis::Token ? tokenLabels() + look.px(6) : look.px(studyLineHeight);
        room.below += m_body.cols.title.empty() ? 0 : look.px(studyLineHeight);
        room.caption = captioned && !stacked() ? look.px(20) : 0;
    }
    const double bar = colorBarHeight(true) + look.px(6) + (m_body.quantity.empty() && labelled() ? 0 : look.px(14));
    (beside ? room.right : room.bar) = beside ? look.px(besideBar + Theme::gap5) : bar;
    return room;
}

std::vector<HeatmapLayout> StudyHeatPlanner::laidOut(QSizeF room, double ratio, int columns,
                                                     const StudyHeatPlan::Spaces& spaces) const
{
    const Theme& look = theme();
    const int count = int(m_body.maps.size());
    const int lines = (count + columns - 1) / columns;
    const double between = look.px(stacked() ? Theme::gap2 : labelled() ? Theme::gap5 : Theme::gap4);
    const double wide = (room.width() - spaces.left - spaces.right - (columns - 1) * between) / columns;
    const double high =
        (room.height() - spaces.below - spaces.bar - lines * spaces.caption - (lines - 1) * look.px(Theme::gap2)) /
        lines;
    std::vector<HeatmapLayout> maps;
    double top = 1;
    for (int line = 0; line < lines; ++line) {
        double left = spaces.left;
        double tallest = 0;
        for (int col = 0; col < columns && line * columns + col < count; ++col) {
            const int which = line * columns + col;
            const engine::Grid& cells = m_body.maps[std::size_t(which)].cells;
            const bool square = cells.rows() == cells.cols() && cells.rows() > 1;
            HeatmapLayout map =
                layOutHeatmap(QRectF(left, top, std::max(1.0, wide - 2), std::max(1.0, high - 2)),
                              QRect(0, 0, cells.cols(), cells.rows()), square, ratio, look.px(largestCell));
            // Side by side they stand close, or as far apart as an equal share of the width.
            left += labelled() ? map.map.width() + between : wide + between;
            tallest = std::max(tallest, map.map.height());
            maps.push_back(map);
        }
        top += tallest + spaces.caption + look.px(Theme::gap2);
    }
    return maps;
}

StudyHeatPlan StudyHeatPlanner::planFor(QSizeF room, double ratio) const
{
    StudyHeatPlan plan;
    if (m_body.maps.empty() || m_body.maps.front().cells.empty())
        return plan;
    double best = -1;
    const int most = stacked() ? 1 : int(m_body.maps.size());
    for (const bool beside : {false, true}) {
        if (beside && stacked())
            break;
        const StudyHeatPlan::Spaces needed = spaces(beside);
        for (int columns = 1; columns <= most; ++columns) {
            std::vector<HeatmapLayout> maps = laidOut(room, ratio, columns, needed);
            const QSize cells = maps.front().reduction;
            double area = maps.front().map.width() * maps.front().map.height() / (cells.width() * cells.height());
            if (beside && room.width() < theme().px(2 * besideBar))
                area = 0;
            if (area > best || (area == best && !beside)) {
                best = area;
                plan.columns = columns;
                plan.beside = beside;
                plan.spaces = needed;
                plan.maps = std::move(maps);
            }
        }
    }
    placeBar(plan, room);
    return plan;
}

void StudyHeatPlanner::placeBar(StudyHeatPlan& plan, QSizeF room) const
{
    const Theme& look = theme();
    const StudyHeatPlan::Spaces& spaces = plan.spaces;
    double right = 0, foot = 0;
    for (const HeatmapLayout& map : plan.maps) {
        right = std::max(right, map.map.right());
        foot = std::max(foot, map.map.bottom());
    }
    plan.slot = (room.width() - spaces.left - spaces.right) / plan.columns - look.px(Theme::gap3);
    const double side = look.px(studyBarSide), high = colorBarHeight(true);
    if (plan.beside) {
        const double wide = look.px(besideBar) + 2 * side;
        plan.bar = QRectF(std::floor(std::min(room.width() - wide, right + look.px(Theme::gap4))),
                          std::floor(foot - high), wide, high);
        return;
    }
    const double top =
        foot + spaces.caption + spaces.below + look.px(6) + (m_body.quantity.empty() && labelled() ? 0 : look.px(14));
    if (top + look.px(8) > room.height())
        return;
    // Under the maps, but further left where it would end beyond the panel.
    const double least = look.px(120), wide = std::min(right - spaces.left, double(look.px(widestBar))) + 2 * side;
    const double left = std::floor(std::max(0.0, std::min(spaces.left - side, room.width() - least)));
    plan.bar =
        QRectF(left, std::floor(top), std::floor(std::clamp(wide, least, std::max(least, room.width() - left))), high);
}

QSize StudyHeatPlanner::leastSize() const
{
    const double rows = m_body.maps.empty() ? 0 : std::min(m_body.maps.front().cells.rows(), 40);
    const bool alone = m_body.maps.size() == 1;
    const StudyHeatPlan::Spaces room = spaces(!stacked() && !labelled() && !alone); // alone, its bar is below
    const double maps = stacked() ? double(m_body.maps.size()) : 1;
    double least = std::max({24.0, rows * 2, std::min(rows * 7, 112.0)}); // a map of few cells is still one to read
    if (alone && !labelled())                                             // as large as those it stands beside get
        least = std::max(least, 132.0);
    if (alone && m_body.maps.front().cells.rows() >= manyRows)
        least = manyRowsSide; // and one of many stands alone
    return {theme().px(120), int(room.below + room.bar + room.caption + maps * theme().px(least))};
}

// Cells as large as the width allows, within reason.
int StudyHeatPlanner::heightAt(int width) const
{
    if (m_body.maps.empty() || m_body.maps.front().cells.empty())
        return leastSize().height();
    const engine::Grid& cells = m_body.maps.front().cells;
    const StudyHeatPlan::Spaces room = spaces(false);
    const double across = std::floor((width - room.left - 2) / cells.cols());
    const double cell = std::clamp(across, 1.0, double(theme().px(22)));
    const double maps = labelled() && !stacked() ? 1 : double(m_body.maps.size());
    return std::max(
        leastSize().height(),
        int(room.below + room.bar + room.caption + std::min(maps * cells.rows() * cell, double(theme().px(260)))) + 4);
}

} // namespace widgets
