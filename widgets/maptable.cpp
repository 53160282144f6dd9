// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/maptable.h"

#include "widgets/heatmapview.h"
#include "widgets/longmapview.h"
#include "widgets/studybodies.h"
#include "widgets/studyheat.h"

#include <algorithm>

namespace widgets {
namespace {

class HeatmapTable : public MapTable
{
public:
    explicit HeatmapTable(const HeatmapView& view)
        : m_view(view)
    {
    }

    QSize size() const override { return m_view.isEmpty() ? QSize(0, 0) : window().size(); }

    QString row(int row) const override { return m_view.rowLabel(window().top() + row); }

    QString column(int column) const override { return m_view.columnLabel(window().left() + column); }

    QString words(QPoint place) const override { return m_view.wordsOf(cellAt(place)); }

    QString value(QPoint place) const override { return m_view.valueText(cellAt(place)); }

    QRectF box(QPoint place) const override { return m_view.layout().rectOf(cellAt(place)); }

    std::optional<QPoint> at(QPointF point) const override { return placeOf(m_view.layout().cellAt(point)); }

    std::optional<QPoint> picked() const override { return placeOf(m_view.pinned()); }

private:
    QRect window() const { return m_view.layout().window; }

    Cell cellAt(QPoint place) const { return {window().top() + place.y(), window().left() + place.x()}; }

    std::optional<QPoint> placeOf(std::optional<Cell> cell) const
    {
        if (!cell || !window().contains(cell->col, cell->row))
            return std::nullopt;
        return QPoint(cell->col, cell->row) - window().topLeft();
    }

    const HeatmapView& m_view;
};

// Its elements: a cell each, or one for the block that a pixel stands for.
class LongMapTable : public MapTable
{
public:
    explicit LongMapTable(const LongMapView& view)
        : m_view(view)
    {
    }

    QSize size() const override
    {
        const engine::RegionPicture& picture = m_view.picture();
        return {picture.cells.cols(), picture.cells.rows()};
    }

    QString row(int row) const override { return m_view.labelOf(region().queriesOf(row).first); }

    QString column(int column) const override { return m_view.labelOf(region().keysOf(column).first); }

    QString words(QPoint place) const override
    {
        const QString text = value(place);
        const QString where = LongMapView::tr("query ‘%1’, key ‘%2’, ").arg(row(place.y()), column(place.x()));
        return where + (text.isEmpty() ? LongMapView::tr("cannot be") : text);
    }

    QString value(QPoint place) const override { return m_view.textAt(cellAt(place)); }

    QRectF box(QPoint place) const override
    {
        return m_view.rectOf(region().queriesOf(place.y()), region().keysOf(place.x()));
    }

    std::optional<QPoint> at(QPointF point) const override
    {
        const auto cell = m_view.cellAt(point);
        return cell ? placeOf(*cell) : std::nullopt;
    }

    std::optional<QPoint> picked() const override { return m_view.pinned() ? placeOf(*m_view.pinned()) : std::nullopt; }

private:
    std::optional<QPoint> placeOf(Cell cell) const
    {
        if (size().isEmpty() || cell.row < region().queries.first || cell.col < region().keys.first)
            return std::nullopt;
        const QPoint place((cell.col - region().keys.first) / region().reduction,
                           (cell.row - region().queries.first) / region().reduction);
        return QRect(QPoint(0, 0), size()).contains(place) ? std::optional(place) : std::nullopt;
    }

    const engine::MapRegion& region() const { return m_view.picture().region; }

    Cell cellAt(QPoint place) const { return {region().queriesOf(place.y()).first, region().keysOf(place.x()).first}; }

    const LongMapView& m_view;
};

// Several maps stand side by side: the columns of the second after those of the first.
class StudyMapTable : public MapTable
{
public:
    explicit StudyMapTable(const StudyHeatBody& view)
        : m_view(view)
    {
    }

    QSize size() const override
    {
        if (heat().mapCount() == 0)
            return {0, 0};
        return {heat().cells().width() * heat().mapCount(), heat().cells().height()};
    }

    QString row(int row) const override { return heat().rowText(row); }

    QString column(int column) const override { return heat().columnText(placeOf({column, 0})); }

    QString words(QPoint place) const override { return heat().placeText(placeOf(place)).simplified(); }

    QString value(QPoint place) const override { return heat().valueText(placeOf(place)); }

    QRectF box(QPoint place) const override { return heat().boxOf(placeOf(place)); }

    std::optional<QPoint> at(QPointF point) const override { return pointOf(heat().placeAt(point)); }

    std::optional<QPoint> picked() const override
    {
        return pointOf(m_view.hoveredPlace() ? m_view.hoveredPlace() : heat().picked());
    }

private:
    const StudyHeat& heat() const { return m_view.heat(); }

    StudyPlace placeOf(QPoint point) const
    {
        const int columns = std::max(1, heat().cells().width());
        return {point.x() / columns, point.y(), point.x() % columns};
    }

    std::optional<QPoint> pointOf(const std::optional<StudyPlace>& place) const
    {
        if (!place)
            return std::nullopt;
        return QPoint(place->map * heat().cells().width() + place->col, place->row);
    }

    const StudyHeatBody& m_view;
};

} // namespace

std::unique_ptr<MapTable> tableOf(QWidget* view)
{
    if (const auto* map = qobject_cast<HeatmapView*>(view))
        return std::make_unique<HeatmapTable>(*map);
    if (const auto* map = qobject_cast<LongMapView*>(view))
        return std::make_unique<LongMapTable>(*map);
    if (const auto* maps = dynamic_cast<StudyHeatBody*>(view))
        return std::make_unique<StudyMapTable>(*maps);
    return nullptr;
}

} // namespace widgets
