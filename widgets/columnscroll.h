// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QScrollArea>

namespace widgets {

// A column that scrolls up and down: as wide as there is room, as high as it must be at that width or as the room is.
// Qt's own resizable scroll area asks a child whose height follows its width again and again while its scroll bar
// comes and goes; here the size is settled once, in one pass.
class ColumnScroll : public QScrollArea
{
    Q_OBJECT

public:
    explicit ColumnScroll(QWidget* parent = nullptr);

    void setColumn(QWidget* column); // owned from here on

protected:
    bool event(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void settle();
    int heightAt(int width) const;

    bool m_settling = false;
};

} // namespace widgets
