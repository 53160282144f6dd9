// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/ids.h"
#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QPixmap>

#include <optional>
#include <vector>

namespace widgets {

// One head to draw small.
struct HeadCell
{
    engine::LayerIndex layer;
    engine::HeadIndex head;
    engine::Grid thumbnail; // a map of few cells, causal where `causal`
    double value = 0;       // not a number: does not apply
    QString text;           // in words, for the tool tip and the screen reader

    bool operator==(const HeadCell& other) const
    {
        return layer == other.layer && head == other.head && text == other.text && value == other.value;
    }
};

// Every head of every layer as a thumbnail with a bar for one number: where is the error? By number they stand as
// layers × heads; sorted, one after the other, the largest number first, each with its name. Where thumbnails would be
// too small to see they are squares coloured by the number. A click picks, arrows walk.
class HeadsGrid : public View
{
    Q_OBJECT

public:
    explicit HeadsGrid(QWidget* parent = nullptr);

    // In the order they are shown; `columns` of them side by side. `sorted`: each has its name below.
    void setHeads(std::vector<HeadCell> heads, int columns, bool sorted, bool causal, const Identity& identity);
    void setPicked(engine::LayerIndex layer, engine::HeadIndex head);

    const std::vector<HeadCell>& heads() const { return m_heads; }

    QRectF rectOf(int place) const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    int heightForWidth(int width) const override; // which it takes by itself

signals:
    void picked(engine::LayerIndex layer, engine::HeadIndex head);
    void hovered(int place); // −1: none

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;
    bool event(QEvent* event) override;

private:
    struct Sizes
    {
        double left, top, cell, step, line; // of cells; from one row to the next
    };

    Sizes sizesFor(int width) const;
    int rows() const;
    int at(QPointF point) const; // −1: none
    int place(engine::LayerIndex layer, engine::HeadIndex head) const;
    void over(int place);
    void drawCell(QPainter& painter, int place) const;
    void describe();

    std::vector<HeadCell> m_heads;
    int m_columns = 1;
    bool m_sorted = false, m_causal = true;
    Identity m_identity;
    double m_worst = 1;
    engine::LayerIndex m_layer;
    engine::HeadIndex m_head;
    int m_over = -1;
    QPixmap m_static;
};

} // namespace widgets
