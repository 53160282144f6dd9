// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLayout>

#include <memory>
#include <vector>

namespace widgets {

// Widgets one after the other, in as many lines as the width makes necessary; its height follows its width.
class FlowLayout : public QLayout
{
    Q_OBJECT

public:
    explicit FlowLayout(QWidget* parent = nullptr);
    ~FlowLayout() override;

    FlowLayout(const FlowLayout&) = delete;
    FlowLayout& operator=(const FlowLayout&) = delete;

    void addItem(QLayoutItem* item) override; // owned from here on

    int count() const override { return int(m_items.size()); }

    QLayoutItem* itemAt(int index) const override;
    QLayoutItem* takeAt(int index) override;

    Qt::Orientations expandingDirections() const override { return {}; }

    bool hasHeightForWidth() const override { return true; }

    int heightForWidth(int width) const override;
    QSize sizeHint() const override;    // all in one line
    QSize minimumSize() const override; // of the widest widget
    void setGeometry(const QRect& rect) override;

private:
    int place(const QRect& rect, bool move) const; // the height they take

    std::vector<std::unique_ptr<QLayoutItem>> m_items;
};

} // namespace widgets
