// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QPointF>
#include <QStringList>

#include <optional>
#include <utility>
#include <vector>

class QAbstractAxis;
class QChart;
class QChartView;

namespace widgets {

// One line or one set of bars.
struct ChartSeries
{
    QString name;
    std::optional<Identity> identity;            // none: ink, grey
    std::vector<QPointF> points;                 // for bars: y of each category, in order
    std::vector<std::pair<double, double>> band; // low and high of each point; empty: none
};

struct ChartAxis
{
    QString title;
    bool logarithmic = false;
    bool tight = false; // ends at the first and last value instead of at round numbers
};

struct ChartValue
{
    std::vector<ChartSeries> series;
    ChartAxis x, y;
    QStringList categories;                        // not empty: bars
    std::vector<std::pair<double, QString>> marks; // vertical lines at x; their words stand above
};

// Lines and bars from series of numbers, by Qt Charts behind this one interface. A new value replaces all series. The
// legend is our own, for Qt's cannot show dashes. Places are pointed at and picked along the x axis: the n-th point of
// every series. What is pointed at is reported; the marked places come back.
class ChartView : public View
{
    Q_OBJECT

public:
    explicit ChartView(QWidget* parent = nullptr);

    void setChart(ChartValue value);
    void setMarked(std::optional<int> pinned, std::optional<int> hovered);

    std::optional<int> placeAt(QPointF point) const; // the nearest
    std::optional<double> lineOf(int place) const;   // its x in the widget
    QString valuesAt(int place) const;               // of every series

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void hovered(int place);
    void left();
    void picked(int place);
    void released(); // Esc, or a second click on the pinned place

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
    class Marks; // over the chart, which is a widget of its own

    int places() const;
    void rebuild();
    void addLines();
    void addBars();
    QAbstractAxis* makeAxis(const ChartAxis& axis, double low, double high) const;
    void dress(QAbstractAxis* axis, const QString& title) const;

    ChartValue m_value;
    QChartView* m_view;
    QChart* m_chart;
    Marks* m_marks;
    std::optional<int> m_pinned, m_hovered;
};

} // namespace widgets
