// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/tensorstats.h"

#include <QStandardItemModel>
#include <QTreeView>

#include <vector>

namespace widgets {

// Tensors as a tree by layer, each with its shape: the tensors' names as a model, "layer.3.query" as "query" below
// "layer 4". A filter keeps those whose name in the program or in the file holds the text.
class TensorModel : public QStandardItemModel
{
    Q_OBJECT

public:
    enum Role
    {
        NameRole = Qt::UserRole + 1, // of a tensor; empty of a layer
        ShapeRole
    };

    using QStandardItemModel::QStandardItemModel;

    void setEntries(const std::vector<engine::TensorEntry>& entries, const QString& filter);

    QModelIndex indexOf(const QString& name) const;
};

// "384 × 128"; "1" of a single number.
QString shapeText(const std::vector<std::size_t>& shape);

class TensorTree : public QTreeView
{
    Q_OBJECT

public:
    explicit TensorTree(QWidget* parent = nullptr);

    void setEntries(const std::vector<engine::TensorEntry>& entries);
    void setFilter(const QString& text);
    void setCurrent(const QString& name); // of a tensor

    TensorModel& entries() { return *m_model; }

signals:
    void chosen(QString name); // made current
    void opened(QString name); // by Enter or a double click

protected:
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;
    void drawBranches(QPainter* painter, const QRect& rect, const QModelIndex& index) const override;
    void drawRow(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    void fill();
    void restyle();

    TensorModel* m_model;
    std::vector<engine::TensorEntry> m_entries;
    QString m_filter;
    bool m_filling = false;
};

} // namespace widgets
