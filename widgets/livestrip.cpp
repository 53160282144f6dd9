// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/livestrip.h"

#include "widgets/numbers.h"

#include <QPainter>

#include <algorithm>
#include <cmath>
#include <utility>

namespace widgets {
namespace {

constexpr int bars = 8;
constexpr double barWidth = 3, barGap = 1, barHeight = 12;

} // namespace

LiveStrip::LiveStrip(QWidget* parent)
    : View(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void LiveStrip::setValue(LiveValue value)
{
    m_value = std::move(value);
    QStringList words;
    for (const auto& time : m_value.times)
        words << time.identity.title + u' ' +
                     (time.timing.samplesNs.empty() ? tr("not timed") : duration(double(time.timing.medianNs)));
    for (const auto& number : m_value.numbers)
        words << number.label + u' ' + number.value;
    setAccessibleName(words.join(QStringLiteral(", ")));
    setAccessibleDescription(m_value.note);
    setToolTip(m_value.note);
    update();
}

QSize LiveStrip::sizeHint() const
{
    return {theme().px(800), theme().px(32)};
}

QSize LiveStrip::minimumSizeHint() const
{
    return {theme().px(160), theme().px(32)};
}

void LiveStrip::drawBars(QPainter& painter, const LiveValue::MethodTime& time, double left) const
{
    const Theme& look = theme();
    const auto& samples = time.timing.samplesNs;
    const std::size_t first = samples.size() > bars ? samples.size() - bars : 0;
    const auto most = *std::max_element(samples.begin() + std::ptrdiff_t(first), samples.end());
    if (most <= 0)
        return;
    const double bottom = std::round((height() + look.px(barHeight)) / 2.0);
    for (std::size_t i = first; i < samples.size(); ++i) {
        const double high = std::max(1.0, std::round(look.px(barHeight) * double(samples[i]) / double(most)));
        painter.fillRect(QRectF(left, bottom - high, look.px(barWidth), high), time.identity.area());
        left += look.px(barWidth) + look.px(barGap);
    }
}

double LiveStrip::drawTime(QPainter& painter, const LiveValue::MethodTime& time, double left) const
{
    const Theme& look = theme();
    const QFont font = look.font();
    const auto box = [&](double width) { return QRectF(left, 0, width + 1, height()); };
    const double size = look.px(8);
    drawMarker(painter, time.identity, QPointF(left + size / 2, height() / 2.0), size);
    left += size + look.px(Theme::gap2);
    double width = textWidth(font, time.identity.title);
    drawText(painter, box(width), Qt::AlignLeft, time.identity.title, font, look.secondary);
    left += width + look.px(Theme::gap2);
    const bool timed = !time.timing.samplesNs.empty();
    const QString text = timed ? duration(double(time.timing.medianNs)) : tr("not timed");
    width = numberWidth(font, text);
    drawNumber(painter, box(width), Qt::AlignLeft, text, font, timed ? look.text : look.disabled);
    left += width + look.px(Theme::gap2);
    if (timed && time.timing.disturbed) {
        const QFont small = look.font(Theme::labelSize);
        width = textWidth(small, tr("disturbed"));
        drawText(painter, box(width), Qt::AlignLeft, tr("disturbed"), small, look.warningText);
        left += width + look.px(Theme::gap2);
    }
    if (timed) {
        drawBars(painter, time, left);
        left += bars * (look.px(barWidth) + look.px(barGap));
    }
    return left + look.px(Theme::gap4);
}

double LiveStrip::drawPair(QPainter& painter, const LiveValue::Number& number, double left, double right) const
{
    const Theme& look = theme();
    const QFont font = look.font();
    if (number.startsGroup) {
        painter.fillRect(QRectF(std::round(left), look.px(8), 1, height() - look.px(16)), look.hairline);
        left += look.px(Theme::gap4);
    }
    const double label = textWidth(font, number.label);
    const double value = numberWidth(font, number.value);
    if (left + label + value + look.px(Theme::gap2) > right)
        return right + 1;
    drawText(painter, QRectF(left, 0, label + 1, height()), Qt::AlignLeft, number.label, font, look.secondary);
    left += label + look.px(Theme::gap2);
    drawNumber(painter, QRectF(left, 0, value, height()), Qt::AlignLeft, number.value, font, look.text);
    return left + value + look.px(Theme::gap4);
}

void LiveStrip::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.window);
    painter.fillRect(0, 0, width(), 1, look.hairline);
    const double right = width() - look.px(Theme::gap4);
    double left = look.px(Theme::gap4);
    for (const auto& time : m_value.times)
        if (left < right)
            left = drawTime(painter, time, left);
    for (const auto& number : m_value.numbers)
        if (left < right)
            left = drawPair(painter, number, left, right);
    const bool whole = m_value.brief.isEmpty() || textWidth(look.font(), m_value.note) <= right - left;
    if (right - left > look.px(60))
        drawText(painter, QRectF(left, 0, right - left, height()), Qt::AlignRight, whole ? m_value.note : m_value.brief,
                 look.font(), look.secondary);
}

} // namespace widgets
