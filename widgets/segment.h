// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <QStringList>

namespace widgets {

// A choice of a few words in one row: √ | log | linear. Arrows move it.
class Segment : public View
{
    Q_OBJECT

public:
    explicit Segment(QWidget* parent = nullptr);

    void setOptions(const QStringList& options);
    void setCurrent(int index);

    int current() const { return m_current; }

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void chosen(int index); // by the user only

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;

private:
    QRectF place(int index) const;
    int at(QPointF point) const; // −1: none
    void choose(int index);

    QStringList m_options;
    int m_current = 0;
    int m_over = -1;
};

} // namespace widgets
