// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studytext.h"

#include "widgets/numbers.h"
#include "widgets/theme.h"

#include <QCoreApplication>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace widgets {
namespace {

constexpr double square = 9, stroke = 16; // the sample before a legend's word

double sampleWidth(const LegendKey& key)
{
    return theme().px(key.line.style() == Qt::NoPen ? square : stroke);
}

} // namespace

std::optional<StudyPick> resolved(const engine::Pick& pick, int place)
{
    if (pick.sets == engine::Pick::Sets::Nothing || place < 0)
        return std::nullopt;
    if (pick.values.empty())
        return StudyPick{pick.sets, pick.control, place};
    if (place >= int(pick.values.size()))
        return std::nullopt;
    return StudyPick{pick.sets, pick.control, pick.values[std::size_t(place)]};
}

// The engine knows no Qt: its words come in English and are translated here, where a catalogue has them; numbers stand
// in pieces of their own, or in a text that no catalogue has.
QString textOf(std::string_view utf8)
{
    return utf8.empty() ? QString() : QCoreApplication::translate("engine", std::string(utf8).c_str());
}

QString pieceOf(const StudyNames& names, int token)
{
    return token >= 0 && token < names.pieces.size() ? names.pieces[token] : whole(token + 1);
}

QString labelOf(const engine::AxisLabels& labels, int place, const StudyNames& names)
{
    if (place >= 0 && place < int(labels.texts.size()))
        return textOf(labels.texts[std::size_t(place)]);
    if (labels.axis == engine::Axis::Token) {
        const bool listed = place >= 0 && place < int(labels.tokens.size());
        return pieceOf(names, listed ? labels.tokens[std::size_t(place)] : labels.first + place);
    }
    return whole(labels.first + place);
}

QString significant(double value, int digits)
{
    const double size = std::abs(value);
    if (std::isfinite(value) && size > 0 && (size < 1e-3 || size >= 1e7))
        return power(value);
    const int before = size > 0 && std::isfinite(size) ? int(std::floor(std::log10(size))) : 0;
    return fixed(value, size > 0 ? std::clamp(digits - 1 - before, 0, 9) : 0);
}

QString figureText(const engine::Figure& figure)
{
    if (!figure.reason.empty())
        return QStringLiteral("n/a");
    if (!figure.number)
        return textOf(figure.text);
    const bool isWhole = *figure.number == std::round(*figure.number) && std::abs(*figure.number) < 1e12;
    QString text = isWhole ? whole(std::int64_t(*figure.number)) : significant(*figure.number, figure.digits);
    if (!figure.text.empty())
        text = textOf(figure.text) + u' ' + text;
    return figure.unit.empty() ? text : text + QChar(0x00A0) + textOf(figure.unit);
}

QColor areaOf(engine::Tint tint, const StudyNames& names)
{
    switch (tint) {
    case engine::Tint::Own:
        return names.own.area();
    case engine::Tint::Exact:
        return names.exact.area();
    case engine::Tint::Ink:
        return theme().text;
    case engine::Tint::Grey:
        break;
    }
    return theme().plain;
}

QColor lineOf(engine::Tint tint, const StudyNames& names)
{
    switch (tint) {
    case engine::Tint::Own:
        return names.own.outline();
    case engine::Tint::Exact:
        return names.exact.outline();
    case engine::Tint::Ink:
    case engine::Tint::Grey:
        break;
    }
    return areaOf(tint, names);
}

double legendWidth(const std::vector<LegendKey>& keys)
{
    const Theme& look = theme();
    double width = 0;
    for (const LegendKey& key : keys)
        width +=
            sampleWidth(key) + look.px(6) + textWidth(look.font(Theme::labelSize), key.title) + look.px(Theme::gap3);
    return std::max(0.0, width - look.px(Theme::gap3));
}

std::vector<std::vector<LegendKey>> legendLines(const std::vector<LegendKey>& keys, double width)
{
    std::vector<std::vector<LegendKey>> lines;
    for (const LegendKey& key : keys) {
        std::vector<LegendKey> longer = lines.empty() ? std::vector<LegendKey>() : lines.back();
        longer.push_back(key);
        if (lines.empty() || legendWidth(longer) > width)
            lines.push_back({key});
        else
            lines.back() = std::move(longer);
    }
    return lines;
}

void drawLegend(QPainter& painter, const QRectF& box, const std::vector<LegendKey>& keys)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    double x = box.left();
    for (const LegendKey& key : keys) {
        const double wide = sampleWidth(key);
        if (key.line.style() == Qt::NoPen) {
            painter.fillRect(QRectF(std::round(x), std::round(box.center().y() - wide / 2), wide, wide), key.color);
        } else {
            painter.save();
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setPen(key.line);
            painter.drawLine(QPointF(x, box.center().y()), QPointF(x + wide, box.center().y()));
            painter.restore();
        }
        if (key.marker)
            drawPoint(painter, *key.marker, {x + wide / 2, box.center().y()}, look.px(6));
        x += wide + look.px(6);
        const double words = textWidth(small, key.title);
        if (box.right() - x < look.px(12))
            return;
        drawText(painter, QRectF(x, box.top(), std::min(words + 1, box.right() - x), box.height()), Qt::AlignLeft,
                 key.title, small, look.text);
        x += words + look.px(Theme::gap3);
    }
}

} // namespace widgets
