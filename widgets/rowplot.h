// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QPixmap>
#include <QStringList>

#include <optional>
#include <vector>

namespace widgets {

class Segment;

// One row of attention by several methods.
struct RowValue
{
    struct Series
    {
        Identity identity;
        std::vector<float> weights; // one per key up to the query

        bool operator==(const Series&) const = default;
    };

    QString subtitle;           // "where ‘bird’ looks, query 40"
    QString after = {};         // what is said of the keys without a weight
    QStringList keys;           // of the whole text: those after the query are hatched
    std::vector<Series> series; // the first as bars, the others as markers joined by lines

    bool operator==(const RowValue&) const = default;
};

// Where one query looks. Keys are categories, so the marker carries the value and the line only leads the eye.
class RowPlot : public View
{
    Q_OBJECT

public:
    explicit RowPlot(QWidget* parent = nullptr);

    void setRow(RowValue row);
    // What it can show, as a choice beside its title; none: no choice.
    void setForms(const QStringList& forms, const QString& toolTip);
    void setForm(int form); // the present one

    void setMarked(std::optional<int> pinned, std::optional<int> hovered);

    // The column of a key in the widget.
    QRectF columnOf(int key) const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void hovered(int key);
    void left();
    void picked(int key);
    void released();
    void formChosen(int form);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void themeChanged() override;

private:
    QRectF plot() const;
    int valid() const; // keys up to the query
    double heightOf(double value) const;
    std::optional<int> at(QPointF point) const;
    void placeForms();
    void redraw();
    void drawHeader(QPainter& painter) const;
    void drawGrid(QPainter& painter) const;
    void drawBars(QPainter& painter) const;
    void drawLine(QPainter& painter, const RowValue::Series& series) const;
    void drawLabels(QPainter& painter) const;
    std::vector<int> byWorth() const;

    Segment* m_forms;
    RowValue m_row;
    std::optional<int> m_pinned, m_hovered;
    double m_low = 0, m_high = 1; // of the axis
    double m_step = 0.5;
    bool m_focusRing = false;
    QPixmap m_static;
};

// A step of 1, 2 or 5 times a power of ten that cuts a range in at most `most` parts.
double niceStep(double range, int most);

} // namespace widgets
