// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/probe.h"
#include "widgets/gridimage.h"
#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QStringList>

#include <optional>

class QLabel;
class QStackedLayout;

namespace widgets {

class ChartView;
class ColorBar;
class HeatmapView;
class NumberView;

// What a probe recorded at one place, ready to be shown.
struct ProbeValue
{
    engine::ProbeSpec spec;
    engine::Grid grid;      // empty: nothing was recorded here
    QStringList rows, cols; // labels; where there are none, numbers from 1 are used
    std::optional<Identity> method;
};

// Any probe of any method by its description: title, help and provenance above a heat map, bars, curves or a number.
// The only switch over Look is here.
class ProbePanel : public View
{
    Q_OBJECT

public:
    explicit ProbePanel(QWidget* parent = nullptr);

    void setProbe(const ProbeValue& probe);
    // The row that bars and numbers show where a probe has several; beyond the last: the last.
    void setRow(int row);
    // Cells of the grid, whatever it is drawn as; what is not in it is not marked.
    void setMarked(std::optional<Cell> pinned, std::optional<Cell> hovered);
    void setWindow(const QRect& window); // of the map; empty: all

    const ProbeValue& probe() const { return m_probe; }

    std::optional<Cell> pinned() const { return m_pinned; }

    QString placeOf(Cell cell) const; // "token ‘cat’, feature 7"
    QString tellsOf(Cell cell) const; // that, and its number

signals:
    void hovered(widgets::Cell cell);
    void left();
    void picked(widgets::Cell cell);
    void released(); // Esc, or a second click on what is pinned
    void windowChanged(QRect window);

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    void refresh();
    void showMap();
    void showBars();
    void showCurves();
    void showNumber();
    void showMarked();
    void describe();
    bool isIn(std::optional<Cell> cell) const;
    bool isDown() const;          // bars: one column of many rows
    Cell cellOf(int place) const; // along the chart
    std::optional<int> placeOf(std::optional<Cell> cell) const;
    int row() const;
    QString rowLabel(int row) const;
    QString colLabel(int col) const;

    ProbeValue m_probe;
    int m_row = 0;
    std::optional<Cell> m_pinned, m_hovered;
    QLabel* m_help;
    QLabel* m_nothing;
    QStackedLayout* m_stack;
    QWidget* m_mapPage;
    HeatmapView* m_map;
    ColorBar* m_bar;
    ChartView* m_chart;
    NumberView* m_number;
};

} // namespace widgets
