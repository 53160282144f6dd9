// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/histogramstrip.h"

#include "widgets/numbers.h"
#include "widgets/paint.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {

HistogramStrip::HistogramStrip(QWidget* parent)
    : View(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void HistogramStrip::setTensor(const QString& name, const std::optional<engine::TensorStats>& stats)
{
    m_name = name;
    m_stats = stats;
    setAccessibleName(tr("Histogram of %1").arg(name));
    if (stats) {
        QString text = tr("mean %1, σ %2, from %3 to %4, %5 zeros")
                           .arg(compact(stats->mean), compact(stats->deviation), compact(stats->low),
                                compact(stats->high), percent(stats->zeroShare(), 1));
        if (stats->nonFinite > 0)
            text += tr(", %1 not finite").arg(whole(std::int64_t(stats->nonFinite)));
        setAccessibleDescription(text);
        setToolTip(text);
    }
    update();
}

QSize HistogramStrip::sizeHint() const
{
    return {theme().px(200), theme().px(104)};
}

QSize HistogramStrip::minimumSizeHint() const
{
    return {theme().px(80), theme().px(104)};
}

void HistogramStrip::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    painter.fillRect(QRect(0, 0, width(), 1), look.hairline);
    if (m_name.isEmpty())
        return;
    const QFont small = look.font(Theme::labelSize);
    const double left = look.px(Theme::gap4), right = width() - look.px(Theme::gap4);
    const QRectF title(left, look.px(6), right - left, look.px(20));
    double room = title.width();
    if (m_stats) {
        QString value = QStringLiteral("σ ") + compact(m_stats->deviation);
        if (m_stats->nonFinite > 0)
            value = tr("%1 not finite").arg(whole(std::int64_t(m_stats->nonFinite)));
        const QColor ink = m_stats->nonFinite > 0 ? look.errorText : look.secondary;
        drawText(painter, title, Qt::AlignRight, value, small, ink);
        room -= textWidth(small, value) + look.px(Theme::gap2);
    }
    drawText(painter, QRectF(title.left(), title.top(), room, title.height()), Qt::AlignLeft, m_name, look.font(),
             look.text);
    const QRectF plot(left, title.bottom() + look.px(2), right - left, look.px(44));
    painter.fillRect(QRectF(plot.left(), plot.bottom(), plot.width(), 1), look.outline);
    if (!m_stats || m_stats->histogram.empty() || m_stats->nonFinite == m_stats->count)
        return;
    const auto most = double(*std::max_element(m_stats->histogram.begin(), m_stats->histogram.end()));
    const double bins = double(m_stats->histogram.size());
    for (std::size_t bin = 0; bin < m_stats->histogram.size() && most > 0; ++bin) {
        const double x = std::round(plot.left() + double(bin) * plot.width() / bins);
        const double next = std::round(plot.left() + double(bin + 1) * plot.width() / bins);
        const double height = std::round(plot.height() * double(m_stats->histogram[bin]) / most);
        painter.fillRect(QRectF(x, plot.bottom() - height, std::max(1.0, next - x - 1), height), look.plain);
    }
    const QRectF ends(left, plot.bottom() + look.px(3), right - left, look.px(16));
    drawNumber(painter, ends, Qt::AlignLeft, compact(m_stats->low), small, look.secondary);
    drawNumber(painter, ends, Qt::AlignRight, compact(m_stats->high), small, look.secondary);
    // 0 where it stands, if the ends leave it room.
    const double span = m_stats->high - m_stats->low;
    const double zero = span > 0 ? -m_stats->low / span : -1;
    if (zero > 0.25 && zero < 0.75)
        drawNumber(painter,
                   QRectF(plot.left() + zero * plot.width() - look.px(20), ends.top(), look.px(40), ends.height()),
                   Qt::AlignHCenter, QStringLiteral("0"), small, look.secondary);
}

} // namespace widgets
