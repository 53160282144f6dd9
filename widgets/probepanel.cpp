// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/probepanel.h"

#include "widgets/chartview.h"
#include "widgets/colorbar.h"
#include "widgets/heatmapview.h"
#include "widgets/icons.h"
#include "widgets/numbers.h"
#include "widgets/numberview.h"
#include "widgets/studytext.h"

#include <QLabel>
#include <QPainter>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>

namespace widgets {
namespace {

constexpr int histogramBins = 80;
constexpr double titleHeight = 28;

QString text(std::string_view view)
{
    return textOf(view);
}

QString nameOf(engine::Axis axis)
{
    switch (axis) {
    case engine::Axis::Token:
        return ProbePanel::tr("token");
    case engine::Axis::Layer:
        return ProbePanel::tr("layer");
    case engine::Axis::Head:
        return ProbePanel::tr("head");
    case engine::Axis::Feature:
        return ProbePanel::tr("feature");
    case engine::Axis::Bucket:
        return ProbePanel::tr("bucket");
    case engine::Axis::Segment:
        return ProbePanel::tr("segment");
    case engine::Axis::Unit:
        break;
    }
    return ProbePanel::tr("unit");
}

// The range of all finite cells; one with both signs is shown balanced around 0.
ColorScale scaleOf(const engine::Grid& grid)
{
    double low = 0;
    double high = 0;
    bool any = false;
    for (int row = 0; row < grid.rows(); ++row)
        for (const float cell : grid.row(row))
            if (std::isfinite(cell)) {
                low = any ? std::min(low, double(cell)) : cell;
                high = any ? std::max(high, double(cell)) : cell;
                any = true;
            }
    if (low < 0 && high > 0)
        return {Scale::Linear, low, high, true};
    return {Scale::Linear, high <= 0 ? low : std::min(0.0, low), high <= 0 ? std::max(0.0, high) : high, false};
}

} // namespace

ProbePanel::ProbePanel(QWidget* parent)
    : View(parent)
    , m_help(new QLabel(this))
    , m_nothing(new QLabel(this))
    , m_stack(new QStackedLayout)
    , m_mapPage(new QWidget(this))
    , m_map(new HeatmapView(m_mapPage))
    , m_bar(new ColorBar(m_mapPage))
    , m_chart(new ChartView(this))
    , m_number(new NumberView(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_help);
    column->addLayout(m_stack, 1);
    auto* page = new QVBoxLayout(m_mapPage);
    page->setContentsMargins(0, 0, 0, 0);
    page->addWidget(m_map, 1);
    page->addWidget(m_bar);
    m_map->setHeadingShown(false);
    m_stack->addWidget(m_nothing);
    m_stack->addWidget(m_mapPage);
    m_stack->addWidget(m_chart);
    m_stack->addWidget(m_number);
    m_help->setWordWrap(true);
    for (QLabel* label : {m_help, m_nothing})
        label->setForegroundRole(QPalette::PlaceholderText); // the theme's secondary
    m_nothing->setAlignment(Qt::AlignCenter);
    connect(m_map, &HeatmapView::hovered, this, &ProbePanel::hovered);
    connect(m_map, &HeatmapView::left, this, &ProbePanel::left);
    connect(m_map, &HeatmapView::picked, this, &ProbePanel::picked);
    connect(m_map, &HeatmapView::released, this, &ProbePanel::released);
    connect(m_map, &HeatmapView::windowChanged, this, &ProbePanel::windowChanged);
    connect(m_chart, &ChartView::hovered, this, [this](int place) { emit hovered(cellOf(place)); });
    connect(m_chart, &ChartView::left, this, &ProbePanel::left);
    connect(m_chart, &ChartView::picked, this, [this](int place) { emit picked(cellOf(place)); });
    connect(m_chart, &ChartView::released, this, &ProbePanel::released);
    ProbePanel::themeChanged();
}

void ProbePanel::setProbe(const ProbeValue& probe)
{
    m_probe = probe;
    setAccessibleName(text(probe.spec.title));
    m_help->setText(text(probe.spec.help));
    refresh();
}

void ProbePanel::setRow(int row)
{
    if (row == m_row)
        return;
    m_row = row;
    refresh();
}

void ProbePanel::setMarked(std::optional<Cell> pinned, std::optional<Cell> hovered)
{
    m_pinned = isIn(pinned) ? pinned : std::nullopt;
    m_hovered = isIn(hovered) ? hovered : std::nullopt;
    showMarked();
}

void ProbePanel::setWindow(const QRect& window)
{
    m_map->setWindow(window);
}

void ProbePanel::showMarked()
{
    if (!isIn(m_pinned)) // another probe
        m_pinned.reset();
    if (!isIn(m_hovered))
        m_hovered.reset();
    m_map->setMarked(m_pinned, m_hovered);
    m_chart->setMarked(placeOf(m_pinned), placeOf(m_hovered));
    describe();
    update();
}

void ProbePanel::describe()
{
    QStringList words{text(m_probe.spec.help)};
    if (m_pinned)
        words << tr("pinned: %1").arg(tellsOf(*m_pinned));
    if (m_hovered)
        words << tellsOf(*m_hovered);
    setAccessibleDescription(words.join(QStringLiteral("; ")));
    m_chart->setAccessibleDescription(words.mid(1).join(QStringLiteral("; ")));
}

bool ProbePanel::isIn(std::optional<Cell> cell) const
{
    return cell && cell->row >= 0 && cell->col >= 0 && cell->row < m_probe.grid.rows() &&
           cell->col < m_probe.grid.cols();
}

bool ProbePanel::isDown() const
{
    return m_probe.grid.cols() == 1 && m_probe.grid.rows() > 1;
}

// A place of the chart is a row of the grid, or a column of the row in view.
Cell ProbePanel::cellOf(int place) const
{
    if (m_probe.spec.look == engine::Look::Bars)
        return isDown() ? Cell{place, 0} : Cell{row(), place};
    return m_probe.grid.rows() == 1 ? Cell{0, place} : Cell{place, 0};
}

std::optional<int> ProbePanel::placeOf(std::optional<Cell> cell) const
{
    if (!cell)
        return std::nullopt;
    const Cell first = cellOf(0), second = cellOf(1);
    if (first.row == second.row) // along the columns of one row
        return cell->row == first.row ? std::optional(cell->col) : std::nullopt;
    return cell->row;
}

QString ProbePanel::placeOf(Cell cell) const
{
    const auto named = [](engine::Axis axis, const QStringList& labels, int place) {
        return place < labels.size() ? nameOf(axis) + QStringLiteral(" ‘%1’").arg(labels[place])
                                     : nameOf(axis) + u' ' + whole(place + 1);
    };
    QStringList words;
    if (m_probe.grid.rows() > 1)
        words << named(m_probe.spec.rows, m_probe.rows, cell.row);
    if (m_probe.grid.cols() > 1)
        words << named(m_probe.spec.cols, m_probe.cols, cell.col);
    return words.join(QStringLiteral(", "));
}

QString ProbePanel::tellsOf(Cell cell) const
{
    if (!isIn(cell))
        return {};
    const double value = double(m_probe.grid.at(cell.row, cell.col));
    QString number = std::isfinite(value) ? compact(value) : QStringLiteral("n/a");
    const bool isSeveral = m_probe.spec.look == engine::Look::Curve && m_probe.grid.rows() > 1 &&
                           m_probe.grid.cols() > 1; // a curve a column: all of them there
    if (isSeveral)
        number = m_chart->valuesAt(cell.row);
    const QString place =
        isSeveral ? nameOf(m_probe.spec.rows) + QStringLiteral(" ‘%1’").arg(rowLabel(cell.row)) : placeOf(cell);
    return place.isEmpty() ? number : place + QStringLiteral(": ") + number;
}

int ProbePanel::row() const
{
    return std::clamp(m_row, 0, std::max(0, m_probe.grid.rows() - 1));
}

QString ProbePanel::rowLabel(int row) const
{
    return row < m_probe.rows.size() ? m_probe.rows[row] : QString::number(row + 1);
}

QString ProbePanel::colLabel(int col) const
{
    return col < m_probe.cols.size() ? m_probe.cols[col] : QString::number(col + 1);
}

void ProbePanel::refresh()
{
    if (m_probe.grid.empty()) {
        m_nothing->setText(tr("Nothing was recorded here."));
        m_stack->setCurrentWidget(m_nothing);
        showMarked();
        return;
    }
    switch (m_probe.spec.look) {
    case engine::Look::Heatmap:
        showMap();
        break;
    case engine::Look::Bars:
        showBars();
        break;
    case engine::Look::Curve:
        showCurves();
        break;
    case engine::Look::Number:
        showNumber();
        break;
    }
    showMarked();
}

void ProbePanel::showMap()
{
    MapAxes axes{nameOf(m_probe.spec.rows), nameOf(m_probe.spec.cols), {}, {}, true};
    for (int i = 0; i < m_probe.grid.rows(); ++i)
        axes.rows << rowLabel(i);
    for (int i = 0; i < m_probe.grid.cols(); ++i)
        axes.cols << colLabel(i);
    const ColorScale scale = scaleOf(m_probe.grid);
    m_map->setAxes(axes);
    m_map->setScale(scale);
    m_map->setGrid(m_probe.grid);
    m_bar->setScale(scale);
    m_bar->setHistogram(histogramOf(std::array{m_probe.grid}, GridShape::Full, scale, histogramBins));
    m_stack->setCurrentWidget(m_mapPage);
}

void ProbePanel::showBars()
{
    // One column of many rows is one bar per row; otherwise the bars are the columns of the row in view.
    const engine::Grid& grid = m_probe.grid;
    const bool down = isDown();
    ChartValue chart;
    chart.x.title = nameOf(down ? m_probe.spec.rows : m_probe.spec.cols);
    ChartSeries series{text(m_probe.spec.title), m_probe.method, {}, {}};
    for (int i = 0; i < (down ? grid.rows() : grid.cols()); ++i) {
        series.points.emplace_back(i, down ? grid.at(i, 0) : grid.at(row(), i));
        chart.categories << (down ? rowLabel(i) : colLabel(i));
    }
    chart.categories.removeDuplicates();
    if (chart.categories.size() != qsizetype(series.points.size())) { // categories must be told apart
        chart.categories.clear();
        for (std::size_t i = 0; i < series.points.size(); ++i)
            chart.categories << QString::number(i + 1);
    }
    chart.series.push_back(std::move(series));
    m_chart->setChart(std::move(chart));
    m_stack->setCurrentWidget(m_chart);
}

void ProbePanel::showCurves()
{
    // A curve runs along the rows, one per column (head); a single row is a curve along its columns.
    const engine::Grid& grid = m_probe.grid;
    const bool along = grid.rows() == 1;
    ChartValue chart;
    chart.x.tight = true;
    chart.x.title = nameOf(along ? m_probe.spec.cols : m_probe.spec.rows);
    for (int line = 0; line < (along ? 1 : grid.cols()); ++line) {
        ChartSeries series;
        series.name = along ? text(m_probe.spec.title) : nameOf(m_probe.spec.cols) + u' ' + colLabel(line);
        if (along || grid.cols() == 1)
            series.identity = m_probe.method;
        for (int i = 0; i < (along ? grid.cols() : grid.rows()); ++i)
            series.points.emplace_back(i + 1, along ? grid.at(0, i) : grid.at(i, line));
        chart.series.push_back(std::move(series));
    }
    m_chart->setChart(std::move(chart));
    m_stack->setCurrentWidget(m_chart);
}

void ProbePanel::showNumber()
{
    NumberValue number;
    number.title = m_probe.grid.rows() > 1 ? nameOf(m_probe.spec.rows) + u' ' + rowLabel(row()) : QString();
    number.value = m_probe.grid.at(row(), 0);
    if (!std::isfinite(*number.value)) {
        number.value.reset();
        number.reason = tr("not a finite number");
    }
    number.provenance = m_probe.spec.provenance;
    m_number->setNumber(number);
    m_stack->setCurrentWidget(m_number);
}

void ProbePanel::themeChanged()
{
    const Theme& look = theme();
    layout()->setContentsMargins(0, look.px(titleHeight), 0, 0);
    m_help->setFont(look.font(Theme::labelSize));
}

void ProbePanel::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    QRectF line(0, 0, width(), look.px(titleHeight));
    const QFont small = look.font(Theme::labelSize);
    // What is pointed at or pinned takes the place of where the numbers come from.
    const auto told = m_hovered ? m_hovered : m_pinned;
    const QString right = told ? tellsOf(*told) : text(engine::nameOf(m_probe.spec.provenance));
    const QFont font = told ? look.font() : small;
    const QColor ink = told && !m_hovered ? look.text : look.secondary;
    const double wide = std::min(textWidth(font, right), line.width() * 0.7);
    drawText(painter, QRectF(line.right() - wide - 1, line.top(), wide + 1, line.height()), Qt::AlignRight, right, font,
             ink);
    line.setRight(line.right() - wide - look.px(Theme::gap2));
    if (told && !m_hovered) {
        drawSymbol(painter, Symbol::Pin,
                   QRectF(line.right() - look.px(12), line.center().y() - look.px(6), look.px(12), look.px(12)), ink);
        line.setRight(line.right() - look.px(12 + Theme::gap2));
    }
    const double size = look.px(8);
    if (m_probe.method) {
        drawMarker(painter, *m_probe.method, QPointF(size / 2 + 1, line.center().y()), size);
        line.setLeft(size + look.px(8));
    }
    drawText(painter, line, Qt::AlignLeft, text(m_probe.spec.title), look.font(Theme::bodySize, true), look.text);
}

} // namespace widgets
