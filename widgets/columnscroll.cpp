// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/columnscroll.h"

#include <QEvent>
#include <QLayout>
#include <QScopedValueRollback>
#include <QScrollBar>

#include <algorithm>

namespace widgets {

ColumnScroll::ColumnScroll(QWidget* parent)
    : QScrollArea(parent)
{
    setWidgetResizable(false);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    viewport()->setBackgroundRole(QPalette::Button); // the panel's colour
}

void ColumnScroll::setColumn(QWidget* column)
{
    column->setBackgroundRole(QPalette::Button);
    column->setAutoFillBackground(true);
    setWidget(column);
    settle();
}

int ColumnScroll::heightAt(int width) const
{
    const QWidget& column = *widget();
    if (QLayout* layout = column.layout())
        return layout->hasHeightForWidth() ? layout->totalMinimumHeightForWidth(width)
                                           : layout->totalMinimumSize().height();
    return column.hasHeightForWidth() ? column.heightForWidth(width) : column.minimumSizeHint().height();
}

void ColumnScroll::settle()
{
    if (widget() == nullptr || m_settling)
        return;
    const QScopedValueRollback<bool> settling(m_settling, true);
    const QSize room = contentsRect().size();
    int wide = room.width(), high = heightAt(wide);
    const bool scrolls = high > room.height();
    // Said here: Qt finds out later, and not at all while the column is hidden.
    setVerticalScrollBarPolicy(scrolls ? Qt::ScrollBarAlwaysOn : Qt::ScrollBarAlwaysOff);
    if (scrolls) {
        wide -= verticalScrollBar()->sizeHint().width();
        high = std::max(heightAt(wide), room.height() + 1); // the bar stays even where its own width made room for all
    }
    widget()->resize(std::max(wide, 0), std::max(high, room.height()));
}

bool ColumnScroll::event(QEvent* event)
{
    const bool done = QScrollArea::event(event);
    if (event->type() == QEvent::LayoutRequest || event->type() == QEvent::StyleChange)
        settle();
    return done;
}

bool ColumnScroll::eventFilter(QObject* watched, QEvent* event)
{
    const bool done = QScrollArea::eventFilter(watched, event);
    if (watched == widget() && event->type() == QEvent::LayoutRequest)
        settle();
    return done;
}

void ColumnScroll::resizeEvent(QResizeEvent* event)
{
    QScrollArea::resizeEvent(event);
    settle();
}

void ColumnScroll::showEvent(QShowEvent* event)
{
    QScrollArea::showEvent(event);
    settle();
}

} // namespace widgets
