// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <utility>
#include <vector>

namespace widgets {

// The keys of one menu: what is done, and by which keys.
struct ShortcutGroup
{
    QString title;
    std::vector<std::pair<QString, QString>> lines;

    bool operator==(const ShortcutGroup&) const = default;
};

// Every shortcut on one sheet, in as many columns as there is width for.
class ShortcutSheet : public View
{
    Q_OBJECT

public:
    explicit ShortcutSheet(std::vector<ShortcutGroup> groups, QWidget* parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    bool hasHeightForWidth() const override { return true; }

    int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int columns(int width) const;
    std::vector<int> columnOf(int columns) const; // of each group: filled evenly, in order
    double heightOf(const ShortcutGroup& group) const;

    std::vector<ShortcutGroup> m_groups;
};

} // namespace widgets
