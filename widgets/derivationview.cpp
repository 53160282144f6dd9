// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/derivationview.h"

#include "widgets/numbers.h"
#include "widgets/studytext.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double headHeight = 22, plainHeight = 24, formulaHeight = 40, resultHeight = 30, side = 16;
constexpr double share = 0.31, mostShare = 0.38; // of the width, to a column of numbers

QString labelOf(const engine::DerivationLine& line)
{
    return textOf(line.label);
}

// Numbers that a reader sees as different.
bool differs(const engine::DerivationLine& a, const engine::DerivationLine& b)
{
    if (a.value.number && b.value.number)
        return std::abs(*a.value.number - *b.value.number) >
               1e-4 * std::max(std::abs(*a.value.number), std::abs(*b.value.number));
    return figureText(a.value) != figureText(b.value);
}

// With as many decimals as the numbers beside it: an exp of 0 is 1.00.
QString lineText(const engine::Figure& figure)
{
    const bool isCount = !figure.number || !figure.reason.empty() || !figure.unit.empty() || !figure.text.empty();
    if (isCount || *figure.number == 0 || std::abs(*figure.number) >= 1000)
        return figureText(figure);
    return significant(*figure.number, figure.digits);
}

// Of two weights of a long row the difference is small too: it keeps its digits.
QString signedFigure(double value)
{
    if (value == 0 || std::abs(value) >= 0.01)
        return signedFixed(value, 3);
    engine::Figure size;
    size.number = std::abs(value);
    return (value < 0 ? QStringLiteral("−") : QStringLiteral("+")) + figureText(size);
}

} // namespace

DerivationView::DerivationView(QWidget* parent)
    : View(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("How the weight comes about"));
}

void DerivationView::setDerivations(const engine::Derivation& exact, const engine::Derivation& own,
                                    const Identity& exactIdentity, const Identity& ownIdentity)
{
    m_exact = exactIdentity;
    m_own = ownIdentity;
    m_lines.clear();
    for (const engine::DerivationLine& line : exact.lines)
        m_lines.push_back({line, std::nullopt, false});
    std::size_t after = 0; // a line that only the method has goes behind the one before it
    for (const engine::DerivationLine& line : own.lines) {
        const auto same =
            std::find_if(m_lines.begin(), m_lines.end(), [&](const Line& each) { return each.any().id == line.id; });
        if (same != m_lines.end()) {
            same->own = line;
            after = std::size_t(same - m_lines.begin()) + 1;
        } else {
            m_lines.insert(m_lines.begin() + std::ptrdiff_t(after), {std::nullopt, line, false});
            ++after;
        }
    }
    int digits = 9; // as few as any of them: a column of numbers has the same
    for (const Line& line : m_lines)
        for (const auto& each : {line.exact, line.own})
            if (each && each->value.number)
                digits = std::min(digits, each->value.digits);
    for (Line& line : m_lines)
        for (auto* each : {&line.exact, &line.own})
            if (*each)
                (*each)->value.digits = digits;
    for (Line& line : m_lines)
        if (line.exact && line.own && differs(*line.exact, *line.own)) {
            line.first = true;
            break;
        }
    describe();
    updateGeometry();
    update();
}

QString DerivationView::firstDifference() const
{
    const auto marked = std::find_if(m_lines.begin(), m_lines.end(), [](const Line& line) { return line.first; });
    return marked == m_lines.end() ? QString() : labelOf(marked->any());
}

std::optional<double> DerivationView::difference() const
{
    for (const Line& line : m_lines)
        if (line.result() && line.exact && line.own && line.exact->value.number && line.own->value.number)
            return *line.own->value.number - *line.exact->value.number;
    return std::nullopt;
}

void DerivationView::describe()
{
    QStringList texts;
    for (const Line& line : m_lines) {
        QString text = labelOf(line.any());
        if (line.exact)
            text += tr(", exact %1").arg(lineText(line.exact->value));
        if (line.own)
            text += QStringLiteral(", %1 %2").arg(m_own.title, lineText(line.own->value));
        texts << (line.first ? text + tr(", the first line that differs") : text);
    }
    if (const auto by = difference())
        texts << tr("difference %1").arg(signedFigure(*by));
    setAccessibleDescription(texts.join(QStringLiteral("; ")));
}

double DerivationView::heightOf(const Line& line) const
{
    if (line.result() && !line.first)
        return theme().px(resultHeight);
    return theme().px(line.formulas() || line.first ? formulaHeight : plainHeight);
}

QSize DerivationView::sizeHint() const
{
    if (m_lines.empty())
        return {theme().px(200), 0};
    double high = theme().px(headHeight) + (difference() ? theme().px(resultHeight) : 0);
    for (const Line& line : m_lines)
        high += heightOf(line);
    return {theme().px(200), int(high)};
}

QSize DerivationView::minimumSizeHint() const
{
    return sizeHint();
}

// Of each of the two columns of numbers: none runs into the other.
double DerivationView::columnWidth() const
{
    const Theme& look = theme();
    const double room = width() - 2 * look.px(side);
    double wide = room * share;
    for (const Line& line : m_lines)
        for (const auto& each : {line.exact, line.own})
            if (each)
                wide = std::max(wide, textWidth(look.font(Theme::labelSize), lineText(each->value)) + look.px(8));
    return std::round(std::min(wide, room * mostShare));
}

void DerivationView::drawLine(QPainter& painter, const Line& line, double top) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const double left = look.px(side), right = width() - look.px(side);
    const double wide = columnWidth(), high = heightOf(line);
    if (line.first) {
        painter.fillRect(QRectF(0, top, width(), high), look.warningGround);
        painter.fillRect(QRectF(0, top, look.px(3), high), m_own.outline());
    }
    if (line.result())
        painter.fillRect(QRectF(0, top, width(), 1), look.hairline);
    const bool two = line.formulas() || line.first;
    const double half = two && !line.result() ? high / 2 : 0; // formulas above numbers
    const double words = line.first ? high / 2 : half;
    const double labels = right - left - 2 * wide - look.px(4);
    drawText(painter, {left, top, labels, words > 0 ? words : high}, Qt::AlignLeft, labelOf(line.any()), look.font(),
             line.first || line.result() ? look.text : look.secondary);
    if (line.first)
        drawText(painter, {left, top + words, labels, high - words}, Qt::AlignLeft, tr("first to differ"), small,
                 look.warningText);
    // Two long numbers must not run into each other.
    QFont numbers = look.font(line.result() ? Theme::resultSize : Theme::bodySize);
    for (const auto& each : {line.exact, line.own})
        if (each)
            for (const double size : {Theme::bodySize, Theme::labelSize})
                if (textWidth(numbers, lineText(each->value)) > wide - look.px(8))
                    numbers = look.font(size);
    const auto write = [&](const std::optional<engine::DerivationLine>& own, double start, double end, double column,
                           const QColor& color) {
        if (!own)
            return;
        if (half > 0)
            drawText(painter, {start, top + look.px(2), end - start, half}, Qt::AlignRight, textOf(own->formula), small,
                     color);
        drawNumber(painter, {column - wide, top + half, wide, high - half}, Qt::AlignRight, lineText(own->value),
                   numbers, look.text);
    };
    // A formula may be wider than its column where the label leaves room.
    const double own = std::max(wide, line.own ? textWidth(small, textOf(line.own->formula)) + 1 : 0);
    const double after = left + textWidth(look.font(), labelOf(line.any())) + look.px(4);
    write(line.exact, after, right - own - look.px(6), right - wide, m_exact.label());
    write(line.own, right - own, right, right, m_own.label());
}

void DerivationView::drawDifference(QPainter& painter, double top) const
{
    const auto by = difference();
    if (!by)
        return;
    const Theme& look = theme();
    const double high = look.px(resultHeight);
    drawText(painter, {double(look.px(side)), top, width() / 2.0, high}, Qt::AlignLeft, tr("difference"), look.font(),
             look.secondary);
    // The colour says who gives more, as in the difference map.
    const QColor color = *by == 0 ? look.text : *by < 0 ? m_exact.label() : m_own.label();
    drawNumber(painter, {0, top, double(width() - look.px(side)), high}, Qt::AlignRight, signedFigure(*by),
               look.font(Theme::resultSize), color);
}

void DerivationView::paintEvent(QPaintEvent*)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    if (m_lines.empty())
        return;
    const QFont small = look.font(Theme::labelSize);
    const double right = width() - look.px(side);
    const double wide = columnWidth();
    const auto head = [&](const Identity& identity, const QString& name, double end, double room) {
        const double text = std::min(textWidth(small, name) + 1, room);
        drawText(painter, {end - text, 0, text, double(look.px(headHeight))}, Qt::AlignRight, name, small, look.text);
        drawMarker(painter, identity, {end - text - look.px(8), look.px(headHeight) / 2.0}, look.px(6));
        return end - text - look.px(20);
    };
    const double left = head(m_own, m_own.title, right, right / 2);
    head(m_exact, tr("exact"), std::min(right - wide, left), wide);
    double top = look.px(headHeight);
    for (const Line& line : m_lines) {
        drawLine(painter, line, top);
        top += heightOf(line);
    }
    drawDifference(painter, top);
}

} // namespace widgets
