// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mapaccess.h"

#include "widgets/maptable.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QHash>
#include <QPointer>
#include <QWidget>

namespace widgets {
namespace {

class AccessibleMap;

// One cell in view, by its place in the window.
class AccessibleCell : public QAccessibleInterface, public QAccessibleTableCellInterface
{
public:
    AccessibleCell(QWidget* view, const MapTable& table, QPoint place)
        : m_view(view)
        , m_table(table)
        , m_place(place)
    {
    }

    bool isValid() const override { return m_view && isIn(); }

    QObject* object() const override { return nullptr; }

    QAccessibleInterface* childAt(int, int) const override { return nullptr; }

    QAccessibleInterface* parent() const override { return QAccessible::queryAccessibleInterface(m_view); }

    QAccessibleInterface* child(int) const override { return nullptr; }

    int childCount() const override { return 0; }

    int indexOfChild(const QAccessibleInterface*) const override { return -1; }

    QString text(QAccessible::Text kind) const override
    {
        if (!isValid())
            return {};
        if (kind == QAccessible::Name)
            return m_table.words(m_place);
        return kind == QAccessible::Value ? m_table.value(m_place) : QString();
    }

    void setText(QAccessible::Text, const QString&) override {}

    QRect rect() const override
    {
        if (!isValid())
            return {};
        const QRect box = m_table.box(m_place).toAlignedRect();
        return {m_view->mapToGlobal(box.topLeft()), box.size()};
    }

    QAccessible::Role role() const override { return QAccessible::Cell; }

    QAccessible::State state() const override
    {
        QAccessible::State state;
        state.selectable = true;
        state.readOnly = true;
        state.selected = isSelected();
        state.invisible = !isValid();
        return state;
    }

    void* interface_cast(QAccessible::InterfaceType type) override
    {
        return type == QAccessible::TableCellInterface ? static_cast<QAccessibleTableCellInterface*>(this) : nullptr;
    }

    bool isSelected() const override { return isValid() && m_table.picked() == m_place; }

    QList<QAccessibleInterface*> columnHeaderCells() const override { return {}; }

    QList<QAccessibleInterface*> rowHeaderCells() const override { return {}; }

    int columnIndex() const override { return m_place.x(); }

    int rowIndex() const override { return m_place.y(); }

    int columnExtent() const override { return 1; }

    int rowExtent() const override { return 1; }

    QAccessibleInterface* table() const override { return parent(); }

private:
    bool isIn() const
    {
        const QSize size = m_table.size();
        return m_place.y() < size.height() && m_place.x() < size.width();
    }

    QPointer<QWidget> m_view;
    const MapTable& m_table; // of the map, which outlives its cells
    QPoint m_place;
};

class AccessibleMap : public QAccessibleWidget, public QAccessibleTableInterface
{
public:
    AccessibleMap(QWidget* view, std::unique_ptr<MapTable> table)
        : QAccessibleWidget(view, QAccessible::Table)
        , m_view(view)
        , m_table(std::move(table))
    {
    }

    ~AccessibleMap() override
    {
        for (const QAccessible::Id id : m_cells)
            QAccessible::deleteAccessibleInterface(id);
    }

    void* interface_cast(QAccessible::InterfaceType type) override
    {
        if (type == QAccessible::TableInterface)
            return static_cast<QAccessibleTableInterface*>(this);
        return QAccessibleWidget::interface_cast(type);
    }

    // The cells, then widgets of the view's own: the bar of its colours.
    int childCount() const override { return cellCount() + QAccessibleWidget::childCount(); }

    QAccessibleInterface* child(int index) const override
    {
        if (index >= cellCount())
            return QAccessibleWidget::child(index - cellCount());
        return index >= 0 ? cellAt(index / columnCount(), index % columnCount()) : nullptr;
    }

    int indexOfChild(const QAccessibleInterface* child) const override
    {
        if (const auto* cell = dynamic_cast<const AccessibleCell*>(child))
            return cell->rowIndex() * columnCount() + cell->columnIndex();
        const int own = QAccessibleWidget::indexOfChild(child);
        return own < 0 ? own : own + cellCount();
    }

    QAccessibleInterface* childAt(int x, int y) const override
    {
        const auto place = m_table->at(m_view->mapFromGlobal(QPoint(x, y)));
        return place ? cellAt(place->y(), place->x()) : nullptr;
    }

    QAccessibleInterface* caption() const override { return nullptr; }

    QAccessibleInterface* summary() const override { return nullptr; }

    QAccessibleInterface* cellAt(int row, int column) const override
    {
        if (row < 0 || column < 0 || row >= rowCount() || column >= columnCount())
            return nullptr;
        const quint64 key = (quint64(row) << 32) | quint64(column);
        auto found = m_cells.find(key);
        if (found == m_cells.end())
            found = m_cells.insert(key, QAccessible::registerAccessibleInterface(
                                            new AccessibleCell(m_view, *m_table, QPoint(column, row))));
        return QAccessible::accessibleInterface(*found);
    }

    int selectedCellCount() const override { return int(selectedCells().size()); }

    QList<QAccessibleInterface*> selectedCells() const override
    {
        const auto picked = m_table->picked();
        QAccessibleInterface* cell = picked ? cellAt(picked->y(), picked->x()) : nullptr;
        return cell != nullptr ? QList<QAccessibleInterface*>{cell} : QList<QAccessibleInterface*>();
    }

    QString columnDescription(int column) const override { return m_table->column(column); }

    QString rowDescription(int row) const override { return m_table->row(row); }

    int columnCount() const override { return m_table->size().width(); }

    int rowCount() const override { return m_table->size().height(); }

    int selectedColumnCount() const override { return 0; }

    int selectedRowCount() const override { return 0; }

    QList<int> selectedColumns() const override { return {}; }

    QList<int> selectedRows() const override { return {}; }

    bool isColumnSelected(int) const override { return false; }

    bool isRowSelected(int) const override { return false; }

    bool selectRow(int) override { return false; }

    bool selectColumn(int) override { return false; }

    bool unselectRow(int) override { return false; }

    bool unselectColumn(int) override { return false; }

    void modelChange(QAccessibleTableModelChangeEvent*) override {}

private:
    int cellCount() const { return rowCount() * columnCount(); }

    QWidget* m_view;
    std::unique_ptr<MapTable> m_table;
    mutable QHash<quint64, QAccessible::Id> m_cells;
};

QAccessibleInterface* mapInterface(const QString&, QObject* object)
{
    auto* view = qobject_cast<QWidget*>(object);
    std::unique_ptr<MapTable> table = view != nullptr ? tableOf(view) : nullptr;
    return table ? new AccessibleMap(view, std::move(table)) : nullptr;
}

} // namespace

void installMapAccess()
{
    static const bool installed = [] {
        QAccessible::installFactory(mapInterface);
        return true;
    }();
    Q_UNUSED(installed);
}

} // namespace widgets
