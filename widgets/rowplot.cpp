// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/rowplot.h"

#include "widgets/numbers.h"
#include "widgets/ownkeys.h"
#include "widgets/segment.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace widgets {
namespace {

constexpr double headerHeight = 28, labelHeight = 22, gutter = 66;

} // namespace

double niceStep(double range, int most)
{
    if (!(range > 0) || !std::isfinite(range))
        return 1;
    const double rough = range / most;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0})
        if (factor * power >= rough * (1 - 1e-9))
            return factor * power;
    return 10 * power;
}

RowPlot::RowPlot(QWidget* parent)
    : View(parent)
    , m_forms(new Segment(this))
{
    m_forms->hide();
    connect(m_forms, &Segment::chosen, this, &RowPlot::formChosen);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right});
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(tr("Row"));
}

void RowPlot::setRow(RowValue row)
{
    if (row == m_row)
        return;
    m_row = std::move(row);
    double low = 0;
    double high = 0;
    for (const auto& series : m_row.series)
        for (const float weight : series.weights)
            if (std::isfinite(weight)) {
                low = std::min(low, double(weight));
                high = std::max(high, double(weight));
            }
    if (high == low)
        high = 1;
    m_step = niceStep(high - low, 4);
    m_low = std::floor(low / m_step + 1e-9) * m_step;
    m_high = std::ceil(high / m_step - 1e-9) * m_step;
    setAccessibleDescription(m_row.subtitle);
    redraw();
}

void RowPlot::setForms(const QStringList& forms, const QString& toolTip)
{
    m_forms->setOptions(forms);
    m_forms->setToolTip(toolTip);
    m_forms->setAccessibleName(tr("Row"));
    m_forms->setVisible(!forms.isEmpty());
    placeForms();
}

void RowPlot::setForm(int form)
{
    m_forms->setCurrent(form);
}

void RowPlot::placeForms()
{
    const Theme& look = theme();
    m_forms->resize(m_forms->sizeHint());
    m_forms->move(int(std::ceil(textWidth(look.font(Theme::bodySize, true), tr("Row")))) + look.px(Theme::gap3),
                  (look.px(headerHeight) - m_forms->height()) / 2);
    redraw();
}

void RowPlot::setMarked(std::optional<int> pinned, std::optional<int> hovered)
{
    if (pinned == m_pinned && hovered == m_hovered)
        return;
    if (pinned != m_pinned)
        m_static = {};
    m_pinned = pinned;
    m_hovered = hovered;
    update();
}

QSize RowPlot::sizeHint() const
{
    return {theme().px(800), theme().px(200)};
}

QSize RowPlot::minimumSizeHint() const
{
    return {theme().px(240), theme().px(110)};
}

QRectF RowPlot::plot() const
{
    const Theme& look = theme();
    const double top = look.px(headerHeight) + look.px(4);
    return {double(look.px(gutter)), top, std::max(1.0, double(width() - look.px(gutter) - 1)),
            std::max(1.0, height() - top - look.px(labelHeight))};
}

int RowPlot::valid() const
{
    std::size_t count = 0;
    for (const auto& series : m_row.series)
        count = std::max(count, series.weights.size());
    return int(count);
}

QRectF RowPlot::columnOf(int key) const
{
    const QRectF area = plot();
    const int count = std::max<int>(int(m_row.keys.size()), valid());
    if (key < 0 || key >= count)
        return {};
    const double step = area.width() / count;
    return {area.left() + key * step, area.top(), step, area.height()};
}

double RowPlot::heightOf(double value) const
{
    const QRectF area = plot();
    return area.bottom() - (value - m_low) / (m_high - m_low) * area.height();
}

std::optional<int> RowPlot::at(QPointF point) const
{
    if (!plot().adjusted(0, 0, 0, theme().px(labelHeight)).contains(point) || valid() == 0)
        return std::nullopt;
    const int key = int((point.x() - plot().left()) / columnOf(0).width());
    return key >= 0 && key < valid() ? std::optional(key) : std::nullopt;
}

void RowPlot::redraw()
{
    m_static = {};
    update();
}

void RowPlot::drawHeader(QPainter& painter) const
{
    const Theme& look = theme();
    QRectF row(0, 0, width(), look.px(headerHeight));
    // The legend from the right end inward.
    for (auto series = m_row.series.rbegin(); series != m_row.series.rend(); ++series) {
        const Identity& identity = series->identity;
        const double name = textWidth(look.font(), identity.title);
        drawText(painter, row, Qt::AlignRight, identity.title, look.font(), look.text);
        row.setRight(row.right() - name - look.px(Theme::gap2));
        const bool asBars = std::next(series) == m_row.series.rend();
        const double wide = look.px(asBars ? 9 : 22);
        const QRectF key(row.right() - wide, row.top(), wide, row.height());
        if (asBars) {
            painter.fillRect(QRectF(std::round(key.left()), std::round(key.center().y() - wide / 2), wide, wide),
                             identity.area());
        } else {
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setPen(seriesPen(identity.dash, identity.outline(), 1.3));
            painter.drawLine(QPointF(key.left(), key.center().y()), QPointF(key.right(), key.center().y()));
            painter.setRenderHint(QPainter::Antialiasing, false);
            drawPoint(painter, identity, key.center(), look.px(6));
        }
        row.setRight(key.left() - look.px(Theme::gap4));
    }
    const QFont bold = look.font(Theme::bodySize, true);
    drawText(painter, row, Qt::AlignLeft, tr("Row"), bold, look.text);
    row.setLeft(m_forms->isHidden() ? textWidth(bold, tr("Row")) + look.px(Theme::gap2)
                                    : m_forms->geometry().right() + look.px(Theme::gap3));
    if (row.width() > look.px(24))
        drawText(painter, row, Qt::AlignLeft, m_row.subtitle, look.font(), look.secondary);
}

void RowPlot::drawGrid(QPainter& painter) const
{
    const Theme& look = theme();
    const QRectF area = plot();
    const QFont small = look.font(Theme::labelSize);
    const int digits = std::clamp(int(std::ceil(-std::log10(m_step) - 1e-9)), 0, 6);
    const int lines = int(std::lround((m_high - m_low) / m_step));
    for (int line = 0; line <= lines; ++line) {
        const double value = m_low + line * m_step;
        const double y = std::round(heightOf(value));
        const bool base = std::abs(value) < m_step / 2;
        painter.fillRect(QRectF(area.left(), y, area.width(), 1), base ? look.outline : look.grid);
        drawNumber(painter, QRectF(0, y - look.px(8), area.left() - look.px(Theme::gap2), look.px(16)), Qt::AlignRight,
                   fixed(value, digits), small, look.secondary);
    }
    const QRectF after = columnOf(valid());
    if (!after.isEmpty() && valid() > 0) {
        const QRectF box(std::round(after.left()), area.top(), area.right() - std::round(after.left()), area.height());
        painter.fillRect(box, look.panel);
        drawHatch(painter, box);
        const QString& words = m_row.after;
        const double wide = textWidth(small, words) + look.px(12);
        if (!words.isEmpty() && wide < box.width() - look.px(16)) {
            const QRectF ground(box.center().x() - wide / 2, box.center().y() - look.px(9), wide, look.px(18));
            painter.fillRect(ground, look.panel);
            drawText(painter, ground, Qt::AlignHCenter, words, small, look.secondary);
        }
    }
}

void RowPlot::drawBars(QPainter& painter) const
{
    if (m_row.series.empty())
        return;
    const auto& series = m_row.series.front();
    const double base = std::round(heightOf(0));
    QColor fill = series.identity.area();
    fill.setAlphaF(0.85F);
    for (std::size_t i = 0; i < series.weights.size(); ++i) {
        if (!std::isfinite(series.weights[i]))
            continue;
        const QRectF column = columnOf(int(i));
        const double wide = std::clamp(std::floor(column.width() * 0.6), 1.0, double(theme().px(14)));
        const double y = std::round(heightOf(series.weights[i]));
        painter.fillRect(
            QRectF(std::round(column.center().x() - wide / 2), std::min(y, base), wide, std::abs(base - y)), fill);
    }
}

void RowPlot::drawLine(QPainter& painter, const RowValue::Series& series) const
{
    const Theme& look = theme();
    QPolygonF line;
    for (std::size_t i = 0; i < series.weights.size(); ++i)
        if (std::isfinite(series.weights[i]))
            line << QPointF(columnOf(int(i)).center().x(), heightOf(series.weights[i]));
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(look.panel, 3.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    drawPolyline(painter, line);
    painter.setPen(seriesPen(series.identity.dash, series.identity.outline(), 1.2));
    drawPolyline(painter, line);
    painter.restore();
    if (!line.isEmpty() && columnOf(0).width() >= look.px(7)) // closer markers would only blot
        for (const QPointF& point : line)
            drawPoint(painter, series.identity, point, look.px(5));
}

// The order in which keys get their label: picked, the query itself, the six largest, then the rest.
std::vector<int> RowPlot::byWorth() const
{
    std::vector<int> order;
    if (m_pinned && *m_pinned >= 0 && *m_pinned < valid())
        order.push_back(*m_pinned);
    if (valid() > 0)
        order.push_back(valid() - 1);
    std::vector<int> largest(m_row.series.empty() ? 0 : m_row.series.front().weights.size());
    std::iota(largest.begin(), largest.end(), 0);
    const auto worth = [&](int key) { return std::abs(m_row.series.front().weights[std::size_t(key)]); };
    const auto six = largest.begin() + std::min<std::ptrdiff_t>(6, std::ptrdiff_t(largest.size()));
    std::partial_sort(largest.begin(), six, largest.end(), [&](int a, int b) { return worth(a) > worth(b); });
    order.insert(order.end(), largest.begin(), six);
    for (int key = 0; key < valid(); ++key)
        order.push_back(key);
    return order;
}

void RowPlot::drawLabels(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const QRectF area = plot();
    std::vector<std::pair<double, double>> taken;
    for (const int key : byWorth()) {
        const QString text = elided(small, m_row.keys.value(key), look.px(90));
        const double wide = textWidth(small, text);
        const double middle = columnOf(key).center().x();
        const double from = middle - wide / 2 - look.px(4);
        const double to = middle + wide / 2 + look.px(4);
        const bool free = std::none_of(taken.begin(), taken.end(),
                                       [&](const auto& other) { return from < other.second && to > other.first; });
        if (!free || from < 0 || to > width() + look.px(4) || text.isEmpty())
            continue;
        taken.emplace_back(from, to);
        const bool strong = key == m_pinned || key == valid() - 1;
        drawText(painter, QRectF(middle - wide / 2, area.bottom() + look.px(4), wide + 1, look.px(16)), Qt::AlignLeft,
                 text, small, strong ? look.text : look.secondary);
    }
}

void RowPlot::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    const double ratio = devicePixelRatioF();
    if (m_static.isNull() || m_static.devicePixelRatioF() != ratio) {
        m_static = QPixmap(size() * ratio);
        m_static.setDevicePixelRatio(ratio);
        m_static.fill(look.panel);
        QPainter painter(&m_static);
        drawHeader(painter);
        const QRectF pinned = m_pinned ? columnOf(*m_pinned) : QRectF();
        if (!pinned.isEmpty())
            painter.fillRect(pinned.toAlignedRect(), look.chosen);
        drawGrid(painter);
        drawBars(painter);
        for (std::size_t i = 1; i < m_row.series.size(); ++i)
            drawLine(painter, m_row.series[i]);
        drawLabels(painter);
    }
    QPainter painter(this);
    painter.drawPixmap(0, 0, m_static);
    const QRectF column = m_hovered && *m_hovered < valid() ? columnOf(*m_hovered) : QRectF();
    if (!column.isEmpty())
        drawRing(painter, column.toAlignedRect(), false);
    if (m_focusRing)
        drawFocus(painter, rect());
}

void RowPlot::resizeEvent(QResizeEvent* /*event*/)
{
    redraw();
}

void RowPlot::themeChanged()
{
    placeForms();
}

void RowPlot::mouseMoveEvent(QMouseEvent* event)
{
    if (const auto key = at(event->position()))
        emit hovered(*key);
    else
        emit left();
}

void RowPlot::mousePressEvent(QMouseEvent* event)
{
    const auto key = at(event->position());
    if (event->button() != Qt::LeftButton || !key)
        return;
    if (key == m_pinned)
        emit released();
    else
        emit picked(*key);
}

void RowPlot::leaveEvent(QEvent* /*event*/)
{
    emit left();
}

void RowPlot::keyPressEvent(QKeyEvent* event)
{
    const int step = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    if (event->key() == Qt::Key_Escape && m_pinned)
        emit released();
    else if ((event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) && valid() > 0) {
        const int way = event->key() == Qt::Key_Left ? -step : step;
        const int to = std::clamp(m_pinned ? *m_pinned + way : valid() - 1, 0, valid() - 1);
        if (to != m_pinned)
            emit picked(to);
    } else
        View::keyPressEvent(event);
}

void RowPlot::focusInEvent(QFocusEvent* event)
{
    m_focusRing = event->reason() != Qt::MouseFocusReason;
    update();
}

void RowPlot::focusOutEvent(QFocusEvent* /*event*/)
{
    m_focusRing = false;
    update();
}

} // namespace widgets
