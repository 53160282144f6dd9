// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <utility>
#include <vector>

namespace widgets {

// The keys of one menu: what is done, and by which keys; by none yet where they are empty.
struct ShortcutGroup
{
    QString title;
    std::vector<std::pair<QString, QString>> lines;

    bool operator==(const ShortcutGroup&) const = default;
};

// Every command with its keys on one sheet, in as many columns as there is width for. A click or Return on a line asks
// for other keys.
class ShortcutSheet : public View
{
    Q_OBJECT

public:
    explicit ShortcutSheet(std::vector<ShortcutGroup> groups, QWidget* parent = nullptr);

    void setGroups(std::vector<ShortcutGroup> groups);

    QRectF rectOf(int line) const; // counted through all groups

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    bool hasHeightForWidth() const override { return true; }

    int heightForWidth(int width) const override;

signals:
    void asked(int line);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    int columns(int width) const;
    std::vector<int> columnOf(int columns) const; // of each group: filled evenly, in order
    double heightOf(const ShortcutGroup& group) const;
    std::vector<QRectF> places() const; // of every group's title and lines, one after the other
    int lineAt(QPointF point) const;    // -1: none
    int lines() const;
    void setOver(int line);
    void describe();

    std::vector<ShortcutGroup> m_groups;
    int m_over = -1; // under the pointer, or reached by the arrow keys
};

} // namespace widgets
