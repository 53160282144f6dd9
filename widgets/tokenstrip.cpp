// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/tokenstrip.h"

#include "widgets/colormap.h"
#include "widgets/icons.h"
#include "widgets/paint.h"

#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <utility>

namespace widgets {
namespace {

constexpr double lineHeight = 31, chipHeight = 23, barHeight = 3;
constexpr double tintShare = 0.55; // the lower part of the map, so that text stays readable
constexpr double worsePlace = 0.8, betterPlace = 0.15;

double paddingOf()
{
    return theme().px(5);
}

} // namespace

TokenStrip::TokenStrip(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Tokens"));
}

void TokenStrip::setTokens(std::vector<TokenChip> tokens)
{
    m_tokens = std::move(tokens);
    relayout();
    scrollTo(m_picked);
}

void TokenStrip::setLegend(const TokenLegend& legend)
{
    m_legend = legend;
    update();
}

void TokenStrip::setCursor(int count)
{
    if (count == m_cursor)
        return;
    m_cursor = count;
    scrollTo(count - 1);
    update();
}

void TokenStrip::setMarked(std::optional<int> picked, std::optional<int> key, std::optional<int> hovered)
{
    if (picked != m_picked)
        scrollTo(picked);
    m_picked = picked;
    m_key = key;
    m_hovered = hovered;
    if (picked && *picked >= 0 && std::size_t(*picked) < m_tokens.size())
        setAccessibleDescription(tr("token %1: %2").arg(*picked + 1).arg(m_tokens[std::size_t(*picked)].text));
    update();
}

void TokenStrip::setOneLine(bool oneLine)
{
    m_oneLine = oneLine;
    updateGeometry();
    relayout();
    scrollTo(m_picked);
}

QSize TokenStrip::sizeHint() const
{
    return {theme().px(800), theme().px(m_oneLine ? 34 : 92)};
}

QSize TokenStrip::minimumSizeHint() const
{
    return {theme().px(160), sizeHint().height()};
}

QRectF TokenStrip::room() const
{
    const Theme& look = theme();
    const double side = look.px(m_oneLine ? 28 : Theme::gap4);
    const double top = m_oneLine ? look.px(3) : look.px(25);
    return {side, top, std::max(1.0, width() - 2 * side), std::max(1.0, height() - top)};
}

void TokenStrip::relayout()
{
    const Theme& look = theme();
    const QFont font = look.font();
    const double wide = room().width();
    m_places.clear();
    double x = 0;
    double y = 0;
    for (const TokenChip& token : m_tokens) {
        const double width =
            std::min(std::ceil(textWidth(font, token.text)) + 2 * paddingOf(), std::max(wide, double(look.px(24))));
        if (!m_oneLine && x > 0 && x + width > wide) {
            x = 0;
            y += look.px(lineHeight);
        }
        m_places.emplace_back(x, y, width, look.px(chipHeight));
        x += width + look.px(2);
    }
    setScroll(m_scroll);
}

void TokenStrip::setScroll(double scroll)
{
    double most = 0;
    if (!m_places.empty())
        most = m_oneLine ? m_places.back().right() - room().width()
                         : m_places.back().top() + theme().px(lineHeight) - room().height();
    m_scroll = std::clamp(scroll, 0.0, std::max(0.0, std::ceil(most)));
    if (!m_oneLine) { // whole lines only
        const double line = theme().px(lineHeight);
        m_scroll = std::ceil(m_scroll / line - 0.01) * line;
    }
    update();
}

void TokenStrip::scrollTo(std::optional<int> index)
{
    if (!index || *index < 0 || std::size_t(*index) >= m_places.size())
        return;
    const QRectF place = m_places[std::size_t(*index)];
    if (m_oneLine) {
        if (place.left() < m_scroll || place.right() > m_scroll + room().width())
            setScroll(place.center().x() - room().width() / 2);
    } else if (place.top() < m_scroll) {
        setScroll(place.top());
    } else if (place.bottom() > m_scroll + room().height()) {
        setScroll(place.bottom() - room().height());
    }
}

QRectF TokenStrip::rectOf(int index) const
{
    if (index < 0 || std::size_t(index) >= m_places.size())
        return {};
    const QRectF area = room();
    QRectF place = m_places[std::size_t(index)].translated(area.topLeft());
    place.translate(m_oneLine ? -m_scroll : 0, m_oneLine ? 0 : -m_scroll);
    const bool shown = m_oneLine ? place.right() > area.left() && place.left() < area.right()
                                 : place.top() >= area.top() - 1 && place.bottom() <= area.bottom() + 1;
    return shown ? place : QRectF();
}

std::optional<int> TokenStrip::at(QPointF point) const
{
    const Theme& look = theme();
    for (std::size_t i = 0; i < m_places.size(); ++i) {
        const QRectF place = rectOf(int(i));
        if (!place.isEmpty() && place.adjusted(0, 0, look.px(2), look.px(4)).contains(point) &&
            (!m_oneLine || room().contains(point)))
            return int(i);
    }
    return std::nullopt;
}

void TokenStrip::drawLegend(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const QFont bold = look.font(Theme::bodySize, true);
    QRectF row(look.px(Theme::gap4), look.px(3), width() - look.px(32), look.px(20));
    const auto words = [&](const QString& text, const QFont& font, const QColor& ink) {
        drawText(painter, row, Qt::AlignLeft, text, font, ink);
        row.setLeft(row.left() + textWidth(font, text) + look.px(Theme::gap2));
    };
    words(tr("Tokens"), bold, look.text);
    row.setLeft(row.left() + look.px(Theme::gap2));
    const auto swatch = [&](double wide, double high, const auto& colorAt) {
        const int steps = look.px(wide);
        const double top = std::round(row.center().y() - look.px(high) / 2.0);
        for (int i = 0; i < steps; ++i)
            painter.fillRect(QRectF(std::round(row.left()) + i, top, 1, look.px(high)), colorAt(double(i) / steps));
        row.setLeft(std::round(row.left()) + steps + look.px(6));
    };
    if (!m_legend.tint.isEmpty()) {
        words(m_legend.tint, small, look.secondary);
        swatch(48, 10, [&](double place) { return QColor(ColorMap::sequential(look.dark).at(place * tintShare)); });
        words(m_legend.range, small, look.secondary);
        row.setLeft(row.left() + look.px(Theme::gap2));
    }
    const ColorMap& both = ColorMap::diverging(look.dark);
    if (!m_legend.worse.isEmpty()) {
        swatch(12, barHeight, [&](double) { return QColor(both.at(worsePlace)); });
        words(m_legend.worse, small, look.secondary);
        row.setLeft(row.left() + look.px(Theme::gap2));
        swatch(12, barHeight, [&](double) { return QColor(both.at(betterPlace)); });
        words(m_legend.better, small, look.secondary);
    }
}

void TokenStrip::drawToken(QPainter& painter, int index) const
{
    const Theme& look = theme();
    const TokenChip& token = m_tokens[std::size_t(index)];
    const QRectF place = rectOf(index);
    if (place.isEmpty())
        return;
    const bool ahead = index >= m_cursor;
    QColor ink = ahead ? look.disabled : token.special ? look.secondary : look.text;
    if (!ahead && !std::isnan(token.tint) && m_legend.high > 0) {
        const double share = std::clamp(double(token.tint) / m_legend.high, 0.0, 1.0);
        const QColor ground = ColorMap::sequential(look.dark).at(share * tintShare);
        drawGround(painter, place, ground, {}, 2);
        ink = inkOn(ground);
    } else if (index == m_hovered) {
        drawGround(painter, place, look.hover, {}, 2);
    }
    const double inset = paddingOf();
    drawText(painter, place.adjusted(inset, 0, -inset + 1, 0), Qt::AlignLeft, token.text, look.font(), ink);
    if (token.stop)
        drawMarker(painter, engine::Marker::Circle, place.topLeft() + QPointF(look.px(3), look.px(3)), look.px(6),
                   look.text, look.panel);
    if (!ahead && !std::isnan(token.change) && m_legend.change > 0) {
        const double share = std::clamp(std::abs(double(token.change)) / m_legend.change, 0.0, 1.0);
        const double wide = std::round(share * place.width());
        if (wide >= 1)
            painter.fillRect(QRectF(std::round(place.left()), place.bottom() + 1, wide, look.px(barHeight)),
                             ColorMap::diverging(look.dark).at(token.change > 0 ? worsePlace : betterPlace));
    }
}

void TokenStrip::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    painter.fillRect(0, 0, width(), 1, look.hairline);
    if (!m_oneLine)
        drawLegend(painter);
    painter.save();
    painter.setClipRect(room());
    for (std::size_t i = 0; i < m_tokens.size(); ++i)
        drawToken(painter, int(i));
    const QRectF caret = rectOf(m_cursor - 1);
    if (!caret.isEmpty() && std::size_t(m_cursor) < m_tokens.size())
        painter.fillRect(QRectF(std::round(caret.right()), caret.top(), look.px(2), caret.height()), look.text);
    const auto ring = [&](std::optional<int> index, bool pinned) {
        const QRectF place = index ? rectOf(*index) : QRectF();
        if (!place.isEmpty())
            drawRing(painter, place.toAlignedRect().adjusted(1, 1, -1, -1), pinned);
    };
    ring(m_hovered, false);
    ring(m_key, false);
    ring(m_picked, true);
    painter.restore();
    if (m_oneLine && !m_places.empty()) {
        const double side = look.px(16);
        const double top = (height() - side) / 2.0;
        const bool more = m_places.back().right() - m_scroll > room().width() + 1;
        drawSymbol(painter, Symbol::Left, QRectF(look.px(6), top, side, side),
                   m_scroll > 0 ? look.text : look.disabled);
        drawSymbol(painter, Symbol::Right, QRectF(width() - look.px(6) - side, top, side, side),
                   more ? look.text : look.disabled);
    }
    if (m_focusRing)
        drawFocus(painter, rect());
}

void TokenStrip::resizeEvent(QResizeEvent* /*event*/)
{
    relayout();
    scrollTo(m_picked);
}

void TokenStrip::themeChanged()
{
    relayout();
}

void TokenStrip::mouseMoveEvent(QMouseEvent* event)
{
    if (const auto index = at(event->position()))
        emit hovered(*index);
    else
        emit left();
}

void TokenStrip::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    if (m_oneLine && !room().contains(event->position())) { // the chevrons turn the page
        const double page = room().width() * 0.8;
        setScroll(m_scroll + (event->position().x() < room().left() ? -page : page));
        return;
    }
    const auto index = at(event->position());
    if (!index)
        return;
    if (index == m_picked)
        emit released();
    else
        emit picked(*index);
}

void TokenStrip::leaveEvent(QEvent* /*event*/)
{
    emit left();
}

void TokenStrip::wheelEvent(QWheelEvent* event)
{
    const double turns = -(event->angleDelta().y() + event->angleDelta().x()) / 120.0;
    setScroll(m_scroll + turns * theme().px(m_oneLine ? 80 : lineHeight));
    event->accept();
}

void TokenStrip::keyPressEvent(QKeyEvent* event)
{
    const int last = int(m_tokens.size()) - 1;
    const int step = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    std::optional<int> to;
    switch (event->key()) {
    case Qt::Key_Left:
        to = m_picked.value_or(last + 1) - step;
        break;
    case Qt::Key_Right:
        to = m_picked.value_or(-1) + step;
        break;
    case Qt::Key_Home:
        to = 0;
        break;
    case Qt::Key_End:
        to = last;
        break;
    case Qt::Key_Escape:
        if (m_picked)
            emit released();
        else
            event->ignore();
        return;
    default:
        View::keyPressEvent(event);
        return;
    }
    if (last < 0)
        return;
    to = std::clamp(*to, 0, last);
    if (to != m_picked)
        emit picked(*to);
}

void TokenStrip::focusInEvent(QFocusEvent* event)
{
    m_focusRing = event->reason() != Qt::MouseFocusReason;
    update();
}

void TokenStrip::focusOutEvent(QFocusEvent* /*event*/)
{
    m_focusRing = false;
    update();
}

} // namespace widgets
