// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studyheat.h"

#include "widgets/colorbar.h"
#include "widgets/mapcells.h"
#include "widgets/numbers.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

ColorScale fittedScale(const engine::HeatBody& body)
{
    double low = 0, high = 0;
    for (const auto& map : body.maps)
        for (int row = 0; row < map.cells.rows(); ++row)
            for (const float value : map.cells.row(row))
                if (std::isfinite(value)) {
                    low = std::min(low, double(value));
                    high = std::max(high, double(value));
                }
    ColorScale scale;
    scale.scale = body.scale == engine::Scale::Sqrt  ? Scale::Root
                  : body.scale == engine::Scale::Log ? Scale::Log
                                                     : Scale::Linear;
    scale.diverging = body.signedValues;
    scale.high = body.high > 0 ? body.high : std::max(high, body.signedValues ? -low : 0.0);
    if (!(scale.high > 0))
        scale.high = 1;
    scale.low = body.signedValues ? -scale.high : 0;
    return scale;
}

} // namespace

void StudyHeat::setRange(double low, double high)
{
    m_scale.low = low;
    m_scale.high = high;
    count();
}

void StudyHeat::fitRange()
{
    m_scale = m_fitted;
    count();
}

QString StudyHeat::quantity() const
{
    return quantityOf(m_plan);
}

QString StudyHeat::quantityOf(const StudyHeatPlan& plan) const
{
    const QString badge = badgeOf(plan);
    QString words = textOf(m_body.quantity);
    if (!words.isEmpty() && m_above > 0) // without words the bar has no line for them
        words += QStringLiteral(" · ▲ ") + whole(m_above);
    if (!words.isEmpty() && m_below > 0)
        words += QStringLiteral(" · ▼ ") + whole(m_below);
    if (badge.isEmpty() || badgeOnMap(plan))
        return words;
    return words.isEmpty() ? badge : words + QStringLiteral(" · ") + badge;
}

QString StudyHeat::badgeOf(const StudyHeatPlan& plan)
{
    if (plan.maps.empty() || !plan.maps.front().reduced())
        return {};
    const QSize cells = plan.maps.front().reduction;
    return tr("reduced %1 : 1").arg(std::max(cells.width(), cells.height()));
}

// Over a small map it would hide more than it says.
bool StudyHeat::badgeOnMap(const StudyHeatPlan& plan) const
{
    return planner().labelled() &&
           plan.maps.front().map.width() >= 3 * textWidth(theme().font(Theme::labelSize), badgeOf(plan));
}

void StudyHeat::take(const engine::Panel& panel)
{
    m_body = std::get<engine::HeatBody>(panel.body);
    const ColorScale fitted = fittedScale(m_body);
    if (!(fitted == m_fitted)) // a range that the reader set stays while what is shown has the same one
        m_scale = fitted;
    m_fitted = fitted;
    count();
}

void StudyHeat::count()
{
    m_above = m_below = 0;
    for (const engine::HeatBody::Map& map : m_body.maps)
        for (int row = 0; row < map.cells.rows(); ++row)
            for (const float cell : map.cells.row(row)) { // one that is not a number is neither
                m_above += cell > float(m_scale.high) ? 1 : 0;
                m_below += cell < float(m_scale.low) ? 1 : 0;
            }
}

void StudyHeat::arrange()
{
    m_plan = planner().planFor({width(), height()}, ratio());
}

QSize StudyHeat::leastSize() const
{
    return planner().leastSize();
}

int StudyHeat::heightAt(int width) const
{
    return planner().heightAt(width);
}

// Small multiples share the width evenly.
double StudyHeat::usedWidth(QSizeF room, double ratio) const
{
    const StudyHeatPlan plan = planner().planFor(room, ratio);
    if (plan.maps.empty() || !planner().labelled())
        return room.width();
    // Half a label of the last column stands out.
    double right = plan.right() + theme().px(m_body.cols.axis == engine::Axis::Token ? 6 : 12);
    if (!m_body.cols.title.empty()) // which has at least so much room
        right = std::max(right, plan.maps.back().map.left() + theme().px(120));
    if (!plan.bar.isEmpty())
        right = std::max(right, plan.bar.left() + theme().px(studyBarSide) +
                                    textWidth(theme().font(Theme::labelSize), quantityOf(plan)) + 1);
    return std::min(right, room.width());
}

bool StudyHeat::isNumbered(const engine::AxisLabels& labels)
{
    return labels.texts.empty() && labels.axis != engine::Axis::Token;
}

void StudyHeat::drawLabels(QPainter& painter, const HeatmapLayout& map, bool rows, bool cols) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const auto optional = [](int place) { return place >= 0 ? std::optional(place) : std::nullopt; };
    const double length = look.px(studyLabelLength);
    std::vector<double> taken;
    if (rows)
        for (const int row : placeLabels(0, map.window.height(), map.block.height() / map.reduction.height(),
                                         look.px(13), optional(m_body.pickedRow), isNumbered(m_body.rows))) {
            // The first row's stands lower than its row, so that it is whole, unless another is there.
            const double y = std::max(0.0, map.rectOf({row, 0}).center().y() - look.px(8));
            if (std::any_of(taken.begin(), taken.end(),
                            [&](double other) { return std::abs(other - y) < look.px(11); }))
                continue;
            taken.push_back(y);
            drawText(painter, {map.map.left() - length - look.px(Theme::gap2), y, length, double(look.px(16))},
                     Qt::AlignRight, labelOf(m_body.rows, row, names()), small,
                     row == m_body.pickedRow ? look.text : look.secondary);
        }
    if (!cols)
        return;
    const bool upright = m_body.cols.axis == engine::Axis::Token;
    double widest = look.px(13);
    for (int col = 0; !upright && col < std::min(map.window.width(), 600); ++col)
        widest = std::max(widest, textWidth(small, labelOf(m_body.cols, col, names())) + look.px(6));
    for (const int col : placeLabels(0, map.window.width(), map.block.width() / map.reduction.width(), widest,
                                     optional(m_body.pickedCol), isNumbered(m_body.cols))) {
        const QRectF cell = map.rectOf({0, col});
        const QColor color = col == m_body.pickedCol ? look.text : look.secondary;
        const QString label = labelOf(m_body.cols, col, names());
        if (upright)
            drawUpright(painter,
                        {cell.center().x() - look.px(8), map.map.bottom() + look.px(4), double(look.px(16)), length},
                        Qt::AlignRight, label, small, color);
        else
            drawText(painter,
                     {cell.center().x() - widest / 2, map.map.bottom(), widest, double(look.px(studyLineHeight))},
                     Qt::AlignHCenter, label, small, color);
    }
}

void StudyHeat::drawCaption(QPainter& painter, const HeatmapLayout& map, const engine::HeatBody::Map& value) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const QString caption = textOf(value.caption), number = textOf(value.value);
    if (planner().stacked()) {
        drawUpright(painter, {0, map.map.top(), double(look.px(studyLineHeight)), map.map.height()}, Qt::AlignHCenter,
                    caption.isEmpty() ? textOf(m_body.rows.title) : caption, small, look.secondary);
        return;
    }
    const double below = planner().labelled() ? m_plan.spaces.below : 0;
    // Where both do not fit the number goes: pointing at the map tells it.
    const double both = textWidth(small, caption) + textWidth(small, number) + look.px(8);
    const bool withNumber =
        !number.isEmpty() && (caption.isEmpty() || both <= std::max(map.map.width(), m_plan.slot) + 1);
    const double taken = withNumber ? textWidth(small, number) + look.px(8) : 0;
    const double wanted = textWidth(small, caption) + taken + 1;
    const double wide = std::max(map.map.width(), std::min(wanted, m_plan.slot));
    const QRectF row(map.map.left(), map.map.bottom() + below + look.px(2), wide, look.px(studyLineHeight));
    drawText(painter, row.adjusted(0, 0, -taken, 0), Qt::AlignLeft, caption, small, look.text);
    if (withNumber)
        drawText(painter, row, Qt::AlignRight, number, small, look.secondary);
}

// A corner in the text's colour, on a ground that tells it from the cell.
void StudyHeat::drawMarks(QPainter& painter, const HeatmapLayout& map) const
{
    for (const auto& [row, col] : m_body.marked) {
        const QRectF cell = map.rectOf({row, col});
        const auto corner = [&](double side, const QColor& color) {
            const QPointF at = cell.topLeft();
            painter.setPen(Qt::NoPen);
            painter.setBrush(color);
            painter.drawPolygon(QPolygonF({at, at + QPointF(side, 0), at + QPointF(0, side)}));
        };
        const double side = std::min({cell.width() / 2, cell.height() / 2, double(theme().px(9))});
        corner(side + theme().px(2), theme().panel);
        corner(side, theme().text);
    }
}

QRectF StudyHeat::ringOf(const HeatmapLayout& map) const
{
    const QRectF row = m_body.pickedRow >= 0 ? map.rectOf({m_body.pickedRow, 0}) : QRectF();
    const QRectF col = m_body.pickedCol >= 0 ? map.rectOf({0, m_body.pickedCol}) : QRectF();
    if (row.isEmpty() && col.isEmpty())
        return {};
    if (col.isEmpty())
        return {map.map.left(), row.top(), map.map.width(), row.height()};
    if (row.isEmpty())
        return {col.left(), map.map.top(), col.width(), map.map.height()};
    return {col.left(), row.top(), col.width(), row.height()};
}

void StudyHeat::draw(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    for (std::size_t i = 0; i < m_plan.maps.size(); ++i) {
        const HeatmapLayout& map = m_plan.maps[i];
        const auto& value = m_body.maps[i];
        drawHatch(painter, map.map);
        drawPixels(painter, map.map,
                   gridImage(value.cells, GridShape::Full, m_scale, look.dark, map.window, map.reduction));
        drawMarks(painter, map);
        drawFrame(painter, map.map.adjusted(-1, -1, 1, 1), look.hairline, 1);
        const bool lastLine = int(i) + m_plan.columns >= int(m_plan.maps.size());
        if (planner().labelled())
            drawLabels(painter, map, int(i) % m_plan.columns == 0, lastLine);
        drawCaption(painter, map, value);
        if (const QRectF ring = ringOf(map); !ring.isEmpty())
            drawRing(painter, ring, true);
        if (int(i) == m_body.pickedMap)
            drawRing(painter, map.map, true);
        if (i == 0 && badgeOnMap(m_plan))
            drawText(painter,
                     {map.map.left() + look.px(4), map.map.top() + look.px(2), map.map.width() - look.px(8),
                      double(look.px(16))},
                     Qt::AlignRight, badgeOf(m_plan), small, look.text);
    }
    if (m_plan.maps.empty())
        return;
    const HeatmapLayout& last = m_plan.maps.back();
    if (planner().labelled() && !m_body.cols.title.empty())
        drawText(painter,
                 {last.map.left(), last.map.bottom() + m_plan.spaces.below - look.px(studyLineHeight),
                  std::max(last.map.width(), double(look.px(120))), double(look.px(studyLineHeight))},
                 last.map.width() < look.px(120) ? Qt::AlignLeft : Qt::AlignRight, textOf(m_body.cols.title), small,
                 look.secondary);
    if (planner().labelled() && !planner().stacked() && !m_body.rows.title.empty())
        drawUpright(
            painter,
            {0, m_plan.maps.front().map.top(), double(look.px(studyLineHeight)), m_plan.maps.front().map.height()},
            Qt::AlignHCenter, textOf(m_body.rows.title), small, look.secondary);
    if (m_plan.bar.isEmpty())
        return;
    const double wide = textWidth(small, quantity()) + 1; // beside the maps there is room to the left
    const double left = m_plan.bar.left() + look.px(studyBarSide);
    const double from =
        m_plan.beside ? std::max(last.map.right() + look.px(Theme::gap2), std::min(left, width() - wide)) : left;
    drawText(painter, {from, m_plan.bar.top() - look.px(15), width() - from, double(look.px(14))}, Qt::AlignLeft,
             quantity(), small, look.secondary);
}

void StudyHeat::drawControls(QPainter& painter) const
{
    const double side = theme().px(studyBarSide);
    if (!m_plan.bar.isEmpty())
        drawColorBar(painter, m_scale, m_plan.bar.adjusted(side, 0, -side, theme().px(8) - m_plan.bar.height()), 2);
}

void StudyHeat::drawHover(QPainter& painter, const StudyPlace& place) const
{
    for (const HeatmapLayout& map : m_plan.maps)
        drawRing(painter, map.rectOf({place.row, place.col}), false);
}

std::optional<StudyPlace> StudyHeat::placeAt(QPointF point) const
{
    for (std::size_t i = 0; i < m_plan.maps.size(); ++i)
        if (const auto cell = m_plan.maps[i].cellAt(point))
            return StudyPlace{int(i), cell->row, cell->col};
    return std::nullopt;
}

std::optional<StudyPlace> StudyHeat::moved(std::optional<StudyPlace> from, int right, int down) const
{
    if (m_body.maps.empty() || m_body.maps.front().cells.empty())
        return std::nullopt;
    StudyPlace place = from.value_or(
        StudyPlace{std::max(0, m_body.pickedMap), std::max(0, m_body.pickedRow), std::max(0, m_body.pickedCol)});
    if (from) {
        place.row += down;
        place.col += right;
    }
    place.map = std::clamp(place.map, 0, int(m_body.maps.size()) - 1);
    const engine::Grid& cells = m_body.maps[std::size_t(place.map)].cells;
    place.row = std::clamp(place.row, 0, cells.rows() - 1);
    place.col = std::clamp(place.col, 0, cells.cols() - 1);
    return place;
}

QSize StudyHeat::cells() const
{
    return m_body.maps.empty() ? QSize(0, 0)
                               : QSize(m_body.maps.front().cells.cols(), m_body.maps.front().cells.rows());
}

QString StudyHeat::rowText(int row) const
{
    return labelOf(m_body.rows, row, names());
}

QString StudyHeat::columnText(const StudyPlace& place) const
{
    const QString label = labelOf(m_body.cols, place.col, names());
    const std::string& caption = m_body.maps[std::size_t(place.map)].caption;
    return m_body.maps.size() > 1 && !caption.empty() ? textOf(caption) + QStringLiteral(": ") + label : label;
}

QString StudyHeat::valueText(const StudyPlace& place) const
{
    const engine::Grid& cells = m_body.maps[std::size_t(place.map)].cells;
    if (place.row >= cells.rows() || place.col >= cells.cols())
        return {};
    const float value = cells.at(place.row, place.col);
    return std::isfinite(value) ? significant(value, 3) : tr("cannot be");
}

QRectF StudyHeat::boxOf(const StudyPlace& place) const
{
    return place.map < int(m_plan.maps.size()) ? m_plan.maps[std::size_t(place.map)].rectOf({place.row, place.col})
                                               : QRectF();
}

std::optional<StudyPlace> StudyHeat::picked() const
{
    if (m_body.pickedRow < 0 || m_body.pickedCol < 0)
        return std::nullopt;
    return StudyPlace{std::max(0, m_body.pickedMap), m_body.pickedRow, m_body.pickedCol};
}

QString StudyHeat::placeText(const StudyPlace& place) const
{
    const auto& map = m_body.maps[std::size_t(place.map)];
    if (place.row >= map.cells.rows() || place.col >= map.cells.cols())
        return {};
    QString where = rowText(place.row) + QStringLiteral(", ") + labelOf(m_body.cols, place.col, names());
    if (m_body.maps.size() > 1 && !map.caption.empty())
        where = textOf(map.caption) + QStringLiteral(": ") + where;
    where += QStringLiteral("   ") + valueText(place);
    const bool marked = std::ranges::find(m_body.marked, std::pair(place.row, place.col)) != m_body.marked.end();
    return marked ? where + QStringLiteral("   ") + textOf(m_body.markedWords) : where;
}

std::vector<StudyPick> StudyHeat::picksOf(const StudyPlace& place) const
{
    std::vector<StudyPick> picks;
    for (const auto& pick :
         {resolved(m_body.map, place.map), resolved(m_body.row, place.row), resolved(m_body.col, place.col)})
        if (pick)
            picks.push_back(*pick);
    return picks;
}

QString StudyHeat::summary() const
{
    if (m_body.maps.empty())
        return tr("nothing to show");
    const engine::Grid& cells = m_body.maps.front().cells;
    QString words = tr("%1 maps of %2 rows and %3 columns, colours from %4 to %5")
                        .arg(m_body.maps.size())
                        .arg(cells.rows())
                        .arg(cells.cols())
                        .arg(significant(m_fitted.first(), 3), significant(m_fitted.last(), 3));
    if (m_above > 0)
        words += tr(", %1 cells above").arg(whole(m_above));
    if (m_below > 0)
        words += tr(", %1 cells below").arg(whole(m_below));
    return words;
}

} // namespace widgets
