// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mapaccess.h"

#include "widgets/heatmapview.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QHash>
#include <QPointer>

#include <algorithm>

namespace widgets {
namespace {

class AccessibleMap;

// One cell in view, by its place in the window.
class AccessibleCell : public QAccessibleInterface, public QAccessibleTableCellInterface
{
public:
    AccessibleCell(HeatmapView* view, int row, int col)
        : m_view(view)
        , m_row(row)
        , m_col(col)
    {
    }

    Cell cell() const
    {
        const QRect window = m_view->layout().window;
        return {window.top() + m_row, window.left() + m_col};
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
            return m_view->wordsOf(cell());
        return kind == QAccessible::Value ? m_view->valueText(cell()) : QString();
    }

    void setText(QAccessible::Text, const QString&) override {}

    QRect rect() const override
    {
        if (!isValid())
            return {};
        const QRect box = m_view->layout().rectOf(cell()).toAlignedRect();
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

    bool isSelected() const override { return isValid() && m_view->pinned() == cell(); }

    QList<QAccessibleInterface*> columnHeaderCells() const override { return {}; }

    QList<QAccessibleInterface*> rowHeaderCells() const override { return {}; }

    int columnIndex() const override { return m_col; }

    int rowIndex() const override { return m_row; }

    int columnExtent() const override { return 1; }

    int rowExtent() const override { return 1; }

    QAccessibleInterface* table() const override { return parent(); }

private:
    bool isIn() const
    {
        const QRect window = m_view->layout().window;
        return m_row < window.height() && m_col < window.width();
    }

    QPointer<HeatmapView> m_view;
    int m_row, m_col;
};

class AccessibleMap : public QAccessibleWidget, public QAccessibleTableInterface
{
public:
    explicit AccessibleMap(HeatmapView* view)
        : QAccessibleWidget(view, QAccessible::Table)
        , m_view(view)
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

    int childCount() const override { return rowCount() * columnCount(); }

    QAccessibleInterface* child(int index) const override
    {
        return index >= 0 && columnCount() > 0 ? cellAt(index / columnCount(), index % columnCount()) : nullptr;
    }

    int indexOfChild(const QAccessibleInterface* child) const override
    {
        const auto* cell = dynamic_cast<const AccessibleCell*>(child);
        return cell != nullptr ? cell->rowIndex() * columnCount() + cell->columnIndex() : -1;
    }

    QAccessibleInterface* childAt(int x, int y) const override
    {
        const auto cell = m_view->layout().cellAt(m_view->mapFromGlobal(QPoint(x, y)));
        const QPoint first = m_view->layout().window.topLeft();
        return cell ? cellAt(cell->row - first.y(), cell->col - first.x()) : nullptr;
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
            found =
                m_cells.insert(key, QAccessible::registerAccessibleInterface(new AccessibleCell(m_view, row, column)));
        return QAccessible::accessibleInterface(*found);
    }

    int selectedCellCount() const override { return int(selectedCells().size()); }

    QList<QAccessibleInterface*> selectedCells() const override
    {
        const auto pinned = m_view->pinned();
        const QRect window = m_view->layout().window;
        if (!pinned || !window.contains(pinned->col, pinned->row))
            return {};
        return {cellAt(pinned->row - window.top(), pinned->col - window.left())};
    }

    QString columnDescription(int column) const override { return m_view->columnLabel(first().x() + column); }

    QString rowDescription(int row) const override { return m_view->rowLabel(first().y() + row); }

    int columnCount() const override { return m_view->isEmpty() ? 0 : m_view->layout().window.width(); }

    int rowCount() const override { return m_view->isEmpty() ? 0 : m_view->layout().window.height(); }

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
    QPoint first() const { return m_view->layout().window.topLeft(); }

    HeatmapView* m_view;
    mutable QHash<quint64, QAccessible::Id> m_cells;
};

QAccessibleInterface* mapInterface(const QString&, QObject* object)
{
    auto* view = qobject_cast<HeatmapView*>(object);
    return view != nullptr ? new AccessibleMap(view) : nullptr;
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
