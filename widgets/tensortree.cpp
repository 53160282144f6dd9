// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/tensortree.h"

#include "widgets/icons.h"
#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QPainter>
#include <QStyledItemDelegate>

namespace widgets {
namespace {

constexpr double rowHeight = 22;

QString textFrom(const std::string& text)
{
    return QString::fromStdString(text);
}

// The name at the left, the shape at the right.
class RowDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override
    {
        return {theme().px(80), theme().px(rowHeight)};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Theme& look = theme();
        const QFont small = look.font(Theme::labelSize);
        QRectF row = option.rect;
        row.setRight(row.right() - look.px(Theme::gap3));
        const QString shape = index.data(TensorModel::ShapeRole).toString();
        const double width = shape.isEmpty() ? 0 : numberWidth(small, shape) + 1;
        if (!shape.isEmpty())
            drawNumber(*painter, row, Qt::AlignRight, shape, small, look.secondary);
        row.setRight(row.right() - width - look.px(Theme::gap2));
        drawText(*painter, row.adjusted(look.px(4), 0, 0, 0), Qt::AlignLeft, index.data().toString(), look.font(),
                 look.text);
    }
};

} // namespace

QString shapeText(const std::vector<std::size_t>& shape)
{
    QStringList sides;
    for (const std::size_t side : shape)
        sides << QString::number(side);
    return sides.isEmpty() ? QStringLiteral("1") : sides.join(QStringLiteral(" × "));
}

void TensorModel::setEntries(const std::vector<engine::TensorEntry>& entries, const QString& filter)
{
    clear();
    QMap<QString, QStandardItem*> layers;
    for (const engine::TensorEntry& entry : entries) {
        const QString name = textFrom(entry.name), fileName = textFrom(entry.fileName);
        if (!filter.isEmpty() && !name.contains(filter, Qt::CaseInsensitive) &&
            !fileName.contains(filter, Qt::CaseInsensitive))
            continue;
        const QStringList parts = name.split('.');
        const bool inLayer = parts.size() > 2 && parts.first() == QLatin1String("layer");
        QStandardItem* parent = invisibleRootItem();
        if (inLayer) {
            QStandardItem*& layer = layers[parts[1]];
            if (layer == nullptr) {
                layer = new QStandardItem(tr("layer %1").arg(parts[1].toInt() + 1));
                layer->setEditable(false);
                parent->appendRow(layer);
            }
            parent = layer;
        }
        auto* item = new QStandardItem(inLayer ? parts.mid(2).join('.') : name);
        item->setEditable(false);
        item->setData(name, NameRole);
        item->setData(shapeText(entry.shape), ShapeRole);
        item->setToolTip(fileName + QStringLiteral(" · ") + textFrom(entry.type));
        item->setData(tr("%1, %2, %3").arg(item->text(), shapeText(entry.shape), textFrom(entry.type)),
                      Qt::AccessibleTextRole);
        parent->appendRow(item);
    }
}

QModelIndex TensorModel::indexOf(const QString& name) const
{
    const QModelIndexList found =
        match(index(0, 0), NameRole, name, 1, Qt::MatchExactly | Qt::MatchRecursive | Qt::MatchCaseSensitive);
    return found.isEmpty() ? QModelIndex() : found.first();
}

TensorTree::TensorTree(QWidget* parent)
    : QTreeView(parent)
    , m_model(new TensorModel(this))
{
    setModel(m_model);
    setItemDelegate(new RowDelegate(this));
    setHeaderHidden(true);
    setFrameShape(QFrame::NoFrame);
    setUniformRowHeights(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setExpandsOnDoubleClick(true);
    setAccessibleName(tr("Tensors of the checkpoint"));
    setMouseTracking(true);
    const auto open = [this](const QModelIndex& index) {
        if (const QString name = index.data(TensorModel::NameRole).toString(); !name.isEmpty())
            emit opened(name);
    };
    connect(this, &QTreeView::activated, this, open);
    connect(&ThemeSource::instance(), &ThemeSource::changed, this, &TensorTree::restyle);
    restyle();
}

void TensorTree::restyle()
{
    setIndentation(theme().px(Theme::gap3));
    doItemsLayout();
    viewport()->update();
}

void TensorTree::setEntries(const std::vector<engine::TensorEntry>& entries)
{
    if (m_entries == entries)
        return;
    m_entries = entries;
    fill();
}

void TensorTree::setFilter(const QString& text)
{
    if (m_filter == text)
        return;
    m_filter = text;
    fill();
}

// The current tensor stays current where it is still listed.
void TensorTree::fill()
{
    const QString name = currentIndex().data(TensorModel::NameRole).toString();
    m_filling = true;
    m_model->setEntries(m_entries, m_filter);
    if (m_filter.isEmpty()) {
        for (int row = 0; row < m_model->rowCount(); ++row) // the first layer shows what a layer holds
            if (m_model->hasChildren(m_model->index(row, 0))) {
                expand(m_model->index(row, 0));
                break;
            }
    } else {
        expandAll();
    }
    setCurrentIndex(m_model->indexOf(name));
    m_filling = false;
}

void TensorTree::setCurrent(const QString& name)
{
    const QModelIndex index = m_model->indexOf(name);
    if (index.isValid() && index != currentIndex())
        setCurrentIndex(index);
}

void TensorTree::currentChanged(const QModelIndex& current, const QModelIndex& previous)
{
    QTreeView::currentChanged(current, previous);
    const QString name = current.data(TensorModel::NameRole).toString();
    if (!m_filling && !name.isEmpty())
        emit chosen(name);
}

void TensorTree::drawBranches(QPainter* painter, const QRect& rect, const QModelIndex& index) const
{
    if (!m_model->hasChildren(index))
        return;
    const double side = theme().px(10);
    drawSymbol(*painter, isExpanded(index) ? Symbol::Down : Symbol::Right,
               {rect.right() - side, rect.center().y() - side / 2, side, side}, theme().secondary);
}

void TensorTree::drawRow(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const bool isCurrent = index == currentIndex();
    painter->fillRect(option.rect, isCurrent                                        ? theme().chosen
                                   : option.state.testFlag(QStyle::State_MouseOver) ? theme().hover
                                                                                    : theme().panel);
    if (isCurrent && hasFocus())
        widgets::drawFrame(*painter, option.rect, theme().focus, theme().px(2));
    QRect branches = option.rect;
    branches.setRight(visualRect(index).left());
    drawBranches(painter, branches, index);
    QStyleOptionViewItem cell = option;
    cell.rect = visualRect(index);
    itemDelegate()->paint(painter, cell, index);
}

} // namespace widgets
