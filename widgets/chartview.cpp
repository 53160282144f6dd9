// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/chartview.h"

#include "widgets/numbers.h"
#include "widgets/ownkeys.h"
#include "widgets/rowplot.h"

#include <QAreaSeries>
#include <QBarCategoryAxis>
#include <QBarSeries>
#include <QBarSet>
#include <QChart>
#include <QChartView>
#include <QGraphicsLayout>
#include <QLineSeries>
#include <QLogValueAxis>
#include <QMouseEvent>
#include <QPainter>
#include <QValueAxis>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

namespace widgets {
namespace {

constexpr double legendHeight = 24;
constexpr int mostMarkers = 40; // denser points show their line only

struct Range
{
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void add(double value)
    {
        if (!std::isfinite(value))
            return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
};

bool shown(const QPointF& point, const ChartValue& value)
{
    return std::isfinite(point.x()) && std::isfinite(point.y()) && (!value.x.logarithmic || point.x() > 0) &&
           (!value.y.logarithmic || point.y() > 0);
}

QColor areaOf(const ChartSeries& series)
{
    return series.identity ? series.identity->area() : theme().plain;
}

QColor lineOf(const ChartSeries& series, std::size_t index)
{
    if (series.identity)
        return series.identity->outline();
    return index % 2 == 0 ? theme().text : theme().plain;
}

QPen penOf(const ChartSeries& series, std::size_t index)
{
    return seriesPen(series.identity ? series.identity->dash : engine::Dash(index / 2 % 5), lineOf(series, index), 1.6);
}

QImage markerOf(const Identity& identity)
{
    const int side = theme().px(14);
    QImage image(side, side, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    drawPoint(painter, identity, QPointF(side / 2.0, side / 2.0), theme().px(6));
    return image;
}

} // namespace

class ChartView::Marks : public QWidget
{
public:
    explicit Marks(ChartView& chart)
        : QWidget(&chart)
        , m_chart(chart)
    {
        setAttribute(Qt::WA_TransparentForMouseEvents);
    }

protected:
    void paintEvent(QPaintEvent* /*event*/) override
    {
        const Theme& look = theme();
        QPainter painter(this);
        const QRectF plot = m_chart.m_chart->plotArea().translated(m_chart.m_view->pos());
        const auto line = [&](std::optional<int> place, const QColor& ink) {
            if (const auto x = place ? m_chart.lineOf(*place) : std::nullopt)
                painter.fillRect(QRectF(std::round(*x), plot.top(), 1, plot.height()), ink);
        };
        line(m_chart.m_hovered, look.outline);
        line(m_chart.m_pinned, look.ring);
        if (m_chart.hasFocus())
            drawFrame(painter, plot.adjusted(-1, -1, 1, 1), look.focus, look.px(2));
    }

private:
    ChartView& m_chart;
};

ChartView::ChartView(QWidget* parent)
    : View(parent)
    , m_view(new QChartView(this))
    , m_chart(m_view->chart()) // the empty one it is born with: the first rebuild() takes it away
    , m_marks(new Marks(*this))
{
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setRenderHint(QPainter::Antialiasing);
    m_view->setFocusPolicy(Qt::NoFocus);
    m_view->setAttribute(Qt::WA_TransparentForMouseEvents);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right, Qt::Key_Return, Qt::Key_Enter});
    rebuild();
}

void ChartView::setChart(ChartValue value)
{
    m_value = std::move(value);
    QStringList names;
    for (const ChartSeries& series : m_value.series)
        names << series.name;
    setAccessibleName(names.join(QStringLiteral(", ")));
    rebuild();
}

QSize ChartView::sizeHint() const
{
    return {theme().px(480), theme().px(280)};
}

QSize ChartView::minimumSizeHint() const
{
    return {theme().px(200), theme().px(140)};
}

void ChartView::resizeEvent(QResizeEvent* /*event*/)
{
    const int top = theme().px(legendHeight);
    m_view->setGeometry(0, top, width(), std::max(0, height() - top));
    m_marks->setGeometry(rect());
}

int ChartView::places() const
{
    std::size_t most = 0;
    for (const ChartSeries& series : m_value.series)
        most = std::max(most, series.points.size());
    return int(most);
}

std::optional<double> ChartView::lineOf(int place) const
{
    for (const ChartSeries& series : m_value.series)
        if (place >= 0 && place < int(series.points.size()) && !m_chart->series().isEmpty()) {
            const QPointF& point = series.points[std::size_t(place)];
            const double x = m_chart->mapToPosition(QPointF(m_value.categories.isEmpty() ? point.x() : place, 0)).x();
            return m_view->x() + x;
        }
    return std::nullopt;
}

std::optional<int> ChartView::placeAt(QPointF point) const
{
    const QRectF plot = m_chart->plotArea().translated(m_view->pos());
    if (!plot.adjusted(-1, -1, 1, 1).contains(point))
        return std::nullopt;
    std::optional<int> nearest;
    double least = std::numeric_limits<double>::infinity();
    for (int place = 0; place < places(); ++place)
        if (const auto x = lineOf(place); x && std::abs(*x - point.x()) < least) {
            least = std::abs(*x - point.x());
            nearest = place;
        }
    return nearest;
}

QString ChartView::valuesAt(int place) const
{
    QStringList words;
    for (const ChartSeries& series : m_value.series)
        if (place >= 0 && place < int(series.points.size())) {
            const QString value = compact(series.points[std::size_t(place)].y());
            words << (m_value.series.size() > 1 ? series.name + u' ' + value : value);
        }
    return words.join(QStringLiteral(", "));
}

void ChartView::setMarked(std::optional<int> pinned, std::optional<int> hovered)
{
    m_pinned = pinned;
    m_hovered = hovered;
    m_marks->update();
}

void ChartView::mouseMoveEvent(QMouseEvent* event)
{
    if (const auto place = placeAt(event->position()))
        emit this->hovered(*place);
    else
        emit this->left();
}

void ChartView::mousePressEvent(QMouseEvent* event)
{
    const auto place = placeAt(event->position());
    if (event->button() != Qt::LeftButton || !place)
        return;
    if (place == m_pinned)
        emit released();
    else
        emit picked(*place);
}

void ChartView::leaveEvent(QEvent* /*event*/)
{
    emit this->left();
}

// Arrows walk along the places, Return pins the one they have come to.
void ChartView::keyPressEvent(QKeyEvent* event)
{
    const int step = event->modifiers() & Qt::ShiftModifier ? 10 : 1, last = places() - 1;
    const auto walk = [&](int by) {
        const auto from = m_hovered ? m_hovered : m_pinned;
        if (last >= 0)
            emit this->hovered(from ? std::clamp(*from + by, 0, last) : by > 0 ? 0 : last);
    };
    if (event->key() == Qt::Key_Left)
        walk(-step);
    else if (event->key() == Qt::Key_Right)
        walk(step);
    else if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && m_hovered)
        emit picked(*m_hovered);
    else if (event->key() == Qt::Key_Escape && m_pinned)
        emit released();
    else
        View::keyPressEvent(event);
}

void ChartView::focusInEvent(QFocusEvent* /*event*/)
{
    m_marks->update();
}

void ChartView::focusOutEvent(QFocusEvent* /*event*/)
{
    m_marks->update();
}

void ChartView::themeChanged()
{
    resizeEvent(nullptr);
    rebuild();
}

void ChartView::dress(QAbstractAxis* axis, const QString& title) const
{
    const Theme& look = theme();
    axis->setLabelsFont(look.font(Theme::labelSize));
    axis->setLabelsBrush(look.secondary);
    axis->setTitleFont(look.font(Theme::labelSize));
    axis->setTitleBrush(look.secondary);
    axis->setTitleText(title);
    axis->setLinePen(QPen(look.outline, 1));
    axis->setGridLinePen(QPen(look.grid, 1));
    axis->setMinorGridLineVisible(false);
}

QAbstractAxis* ChartView::makeAxis(const ChartAxis& axis, double low, double high) const
{
    if (!(high >= low)) { // nothing to show
        low = axis.logarithmic ? 1 : 0;
        high = 1;
    }
    if (axis.logarithmic) {
        auto* made = new QLogValueAxis;
        const bool twos = high / low < 1000 && low >= 1 && std::log2(low) == std::floor(std::log2(low));
        made->setBase(twos ? 2 : 10);
        made->setLabelFormat(low >= 1 ? QStringLiteral("%.0f") : QStringLiteral("%g"));
        made->setMinorTickCount(0);
        made->setRange(low / 1.15, high * 1.15);
        return made;
    }
    auto* made = new QValueAxis;
    if (high == low)
        high = low + (low == 0 ? 1 : std::abs(low));
    const double step = niceStep(high - low, 5);
    if (axis.tight)
        made->setRange(low, high);
    else
        made->setRange(std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step);
    made->setTickType(QValueAxis::TicksDynamic);
    made->setTickAnchor(0);
    made->setTickInterval(step);
    const int digits = std::clamp(int(std::ceil(-std::log10(step) - 1e-9)), 0, 6);
    made->setLabelFormat(step < 1e-4 || std::abs(high) >= 1e6 ? QStringLiteral("%g")
                                                              : QStringLiteral("%.%1f").arg(digits));
    return made;
}

void ChartView::addLines()
{
    Range across;
    Range down;
    for (const ChartSeries& series : m_value.series)
        for (std::size_t i = 0; i < series.points.size(); ++i)
            if (shown(series.points[i], m_value)) {
                across.add(series.points[i].x());
                down.add(series.points[i].y());
                if (i < series.band.size()) {
                    down.add(series.band[i].first);
                    down.add(series.band[i].second);
                }
            }
    auto* x = makeAxis(m_value.x, across.low, across.high);
    auto* y = makeAxis(m_value.y, down.low, down.high);
    m_chart->addAxis(x, Qt::AlignBottom);
    m_chart->addAxis(y, Qt::AlignLeft);
    dress(x, m_value.x.title);
    dress(y, m_value.y.title);
    const auto attach = [&](QAbstractSeries* series) {
        m_chart->addSeries(series);
        series->attachAxis(x);
        series->attachAxis(y);
    };
    for (std::size_t index = 0; index < m_value.series.size(); ++index) {
        const ChartSeries& series = m_value.series[index];
        if (series.band.size() == series.points.size() && !series.band.empty()) {
            auto* low = new QLineSeries;
            auto* high = new QLineSeries;
            for (std::size_t i = 0; i < series.points.size(); ++i)
                if (shown(series.points[i], m_value) && (!m_value.y.logarithmic || series.band[i].first > 0)) {
                    low->append(series.points[i].x(), series.band[i].first);
                    high->append(series.points[i].x(), series.band[i].second);
                }
            auto* area = new QAreaSeries(high, low);
            low->setParent(area);
            high->setParent(area);
            QColor fill = areaOf(series);
            fill.setAlphaF(0.22F);
            area->setBrush(fill);
            area->setPen(Qt::NoPen);
            attach(area);
        }
        auto* line = new QLineSeries;
        line->setName(series.name);
        for (const QPointF& point : series.points)
            if (shown(point, m_value))
                line->append(point);
        line->setPen(penOf(series, index));
        if (series.identity && line->count() <= mostMarkers) {
            line->setMarkerSize(theme().px(14));
            line->setLightMarker(markerOf(*series.identity));
        }
        attach(line);
    }
    for (const auto& [place, words] : m_value.marks) {
        auto* line = new QLineSeries;
        line->setName(words);
        const auto* values = qobject_cast<QValueAxis*>(y);
        const auto* logs = qobject_cast<QLogValueAxis*>(y);
        line->append(place, values ? values->min() : logs->min());
        line->append(place, values ? values->max() : logs->max());
        line->setPen(QPen(theme().text, 1));
        attach(line);
    }
}

void ChartView::addBars()
{
    auto* bars = new QBarSeries;
    Range down;
    down.add(0);
    for (const ChartSeries& series : m_value.series) {
        auto* set = new QBarSet(series.name);
        for (const QPointF& point : series.points) {
            set->append(std::isfinite(point.y()) ? point.y() : 0);
            down.add(point.y());
        }
        set->setColor(series.identity ? series.identity->area() : theme().plain);
        set->setBorderColor(Qt::transparent);
        bars->append(set);
    }
    bars->setBarWidth(0.7);
    m_chart->addSeries(bars);
    auto* x = new QBarCategoryAxis;
    x->append(m_value.categories);
    auto* y = makeAxis(m_value.y, down.low, down.high);
    m_chart->addAxis(x, Qt::AlignBottom);
    m_chart->addAxis(y, Qt::AlignLeft);
    dress(x, m_value.x.title);
    dress(y, m_value.y.title);
    x->setGridLineVisible(false);
    bars->attachAxis(x);
    bars->attachAxis(y);
}

void ChartView::rebuild()
{
    // A new chart: axes of an old one stay on screen until the event loop comes round.
    const std::unique_ptr<QChart> old(m_chart);
    m_chart = new QChart; // the view's scene owns it
    m_chart->legend()->hide();
    m_chart->setBackgroundRoundness(0);
    m_chart->setMargins({});
    m_chart->layout()->setContentsMargins(0, 0, 0, 0);
    m_chart->setBackgroundBrush(theme().panel);
    m_view->setBackgroundBrush(theme().panel);
    if (m_value.categories.isEmpty())
        addLines();
    else
        addBars();
    m_view->setChart(m_chart); // hands the old one back
    m_marks->raise();
    update();
}

void ChartView::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    QRectF row(0, 0, width(), look.px(legendHeight));
    for (std::size_t index = m_value.series.size(); index-- > 0 && m_value.series.size() > 1;) {
        const ChartSeries& series = m_value.series[index];
        const QFont small = look.font(Theme::labelSize);
        const double wide = textWidth(small, series.name);
        if (row.width() < wide + look.px(48))
            break;
        drawText(painter, row, Qt::AlignRight, series.name, small, look.text);
        row.setRight(row.right() - wide - look.px(6));
        const QRectF key(row.right() - look.px(22), row.top(), look.px(22), row.height());
        if (m_value.categories.isEmpty()) {
            painter.setPen(penOf(series, index));
            painter.drawLine(QPointF(key.left(), std::round(key.center().y())),
                             QPointF(key.right(), std::round(key.center().y())));
            if (series.identity)
                drawPoint(painter, *series.identity, key.center(), look.px(6));
        } else {
            const double side = look.px(9);
            painter.fillRect(QRectF(key.right() - side, std::round(key.center().y() - side / 2), side, side),
                             areaOf(series));
        }
        row.setRight(key.left() - look.px(Theme::gap4));
    }
    QStringList marks;
    for (const auto& [place, words] : m_value.marks)
        marks << QStringLiteral("│ ") + words;
    drawText(painter, row, Qt::AlignLeft, marks.join(QStringLiteral("   ")), look.font(Theme::labelSize),
             look.secondary);
}

} // namespace widgets
