// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/icons.h"

#include "widgets/theme.h"

#include <QPainter>

#include <cmath>
#include <initializer_list>
#include <numbers>

namespace widgets {
namespace {

void addLines(QPainterPath& path, std::initializer_list<QPointF> points, bool closed = false)
{
    const auto* point = points.begin();
    path.moveTo(*point);
    for (++point; point != points.end(); ++point)
        path.lineTo(*point);
    if (closed)
        path.closeSubpath();
}

void addPlayer(QPainterPath& path, Symbol symbol)
{
    switch (symbol) {
    case Symbol::First:
        addLines(path, {{3.5, 4}, {3.5, 12}});
        addLines(path, {{12.5, 4}, {12.5, 12}, {6.5, 8}}, true);
        break;
    case Symbol::Back:
        addLines(path, {{11, 4}, {11, 12}, {5, 8}}, true);
        break;
    case Symbol::Play:
        addLines(path, {{5, 3}, {12.5, 8}, {5, 13}}, true);
        break;
    case Symbol::Pause:
        path.addRect(4.5, 3.5, 2, 9);
        path.addRect(9.5, 3.5, 2, 9);
        break;
    case Symbol::Forward:
        addLines(path, {{5, 4}, {5, 12}, {11, 8}}, true);
        break;
    default:
        addLines(path, {{12.5, 4}, {12.5, 12}});
        addLines(path, {{3.5, 4}, {3.5, 12}, {9.5, 8}}, true);
        break;
    }
}

void addLock(QPainterPath& path, bool open)
{
    path.addRoundedRect(3.5, 7.5, 9, 6, 1, 1);
    path.moveTo(5.5, 7.5);
    path.lineTo(5.5, 5);
    path.arcTo(QRectF(5.5, 2.5, 5, 5), 180, open ? -150 : -180);
    if (!open)
        path.lineTo(10.5, 7.5);
}

void addSun(QPainterPath& path)
{
    path.addEllipse(QPointF(8, 8), 2.8, 2.8);
    for (int i = 0; i < 8; ++i) {
        const QPointF way(std::cos(i * std::numbers::pi / 4), std::sin(i * std::numbers::pi / 4));
        addLines(path, {QPointF(8, 8) + way * 4.9, QPointF(8, 8) + way * 6.2});
    }
}

void addChip(QPainterPath& path)
{
    path.addRoundedRect(3.5, 3.5, 9, 9, 1, 1);
    path.addRect(6.3, 6.3, 3.4, 3.4);
    for (const double at : {6.0, 10.0}) {
        addLines(path, {{at, 1.2}, {at, 3.5}});
        addLines(path, {{at, 12.5}, {at, 14.8}});
        addLines(path, {{1.2, at}, {3.5, at}});
        addLines(path, {{12.5, at}, {14.8, at}});
    }
}

void addChevron(QPainterPath& path, Symbol symbol)
{
    switch (symbol) {
    case Symbol::Left:
        addLines(path, {{10, 4}, {6, 8}, {10, 12}});
        break;
    case Symbol::Right:
        addLines(path, {{6, 4}, {10, 8}, {6, 12}});
        break;
    case Symbol::Up:
        addLines(path, {{4.5, 9.8}, {8, 6.3}, {11.5, 9.8}});
        break;
    default:
        addLines(path, {{4.5, 6.3}, {8, 9.8}, {11.5, 6.3}});
        break;
    }
}

void addTool(QPainterPath& path, Symbol symbol)
{
    switch (symbol) {
    case Symbol::Open:
        addLines(path, {{2, 12.5}, {2, 3.5}, {6, 3.5}, {7.5, 5.2}, {14, 5.2}, {14, 12.5}}, true);
        break;
    case Symbol::Plus:
        addLines(path, {{8, 3}, {8, 13}});
        addLines(path, {{3, 8}, {13, 8}});
        break;
    case Symbol::Export:
        addLines(path, {{8, 10}, {8, 2.2}});
        addLines(path, {{5, 5.2}, {8, 2.2}, {11, 5.2}});
        addLines(path, {{2.5, 9.5}, {2.5, 13.3}, {13.5, 13.3}, {13.5, 9.5}});
        break;
    case Symbol::Maximise:
        addLines(path, {{9.5, 2.8}, {13.2, 2.8}, {13.2, 6.5}});
        addLines(path, {{13.2, 2.8}, {9.2, 6.8}});
        addLines(path, {{6.5, 13.2}, {2.8, 13.2}, {2.8, 9.5}});
        addLines(path, {{2.8, 13.2}, {6.8, 9.2}});
        break;
    case Symbol::Close:
        addLines(path, {{4.2, 4.2}, {11.8, 11.8}});
        addLines(path, {{11.8, 4.2}, {4.2, 11.8}});
        break;
    case Symbol::Search:
        path.addEllipse(QPointF(7, 7), 4.2, 4.2);
        addLines(path, {{10.2, 10.2}, {13.8, 13.8}});
        break;
    case Symbol::Pin:
        addLines(path, {{5.2, 2}, {10.8, 2}, {10, 3.2}, {10, 7}, {12, 9.4}, {4, 9.4}, {6, 7}, {6, 3.2}}, true);
        addLines(path, {{8, 9.4}, {8, 14}});
        break;
    case Symbol::Warning:
        addLines(path, {{8, 2.4}, {14.4, 13.4}, {1.6, 13.4}}, true);
        addLines(path, {{8, 6.4}, {8, 9.6}});
        addLines(path, {{8, 11.5}, {8, 11.6}});
        break;
    case Symbol::Check:
        addLines(path, {{3, 8.6}, {6.3, 11.8}, {13, 4.6}});
        break;
    default: // More
        for (const double x : {3.5, 8.0, 12.5})
            path.addEllipse(QPointF(x, 8), 0.5, 0.5);
        break;
    }
}

} // namespace

QPainterPath symbolPath(Symbol symbol)
{
    QPainterPath path;
    switch (symbol) {
    case Symbol::First:
    case Symbol::Back:
    case Symbol::Play:
    case Symbol::Pause:
    case Symbol::Forward:
    case Symbol::Last:
        addPlayer(path, symbol);
        break;
    case Symbol::Lock:
    case Symbol::Unlock:
        addLock(path, symbol == Symbol::Unlock);
        break;
    case Symbol::Moon:
        path.moveTo(13.2, 9.7);
        path.arcTo(QRectF(2.6, 2.4, 11.2, 11.2), -17, -256);
        path.cubicTo(4.9, 5.2, 7.8, 11.2, 13.2, 9.7);
        break;
    case Symbol::Sun:
        addSun(path);
        break;
    case Symbol::Left:
    case Symbol::Right:
    case Symbol::Up:
    case Symbol::Down:
        addChevron(path, symbol);
        break;
    case Symbol::Chip:
        addChip(path);
        break;
    default:
        addTool(path, symbol);
        break;
    }
    return path;
}

bool isFilled(Symbol symbol)
{
    switch (symbol) {
    case Symbol::First:
    case Symbol::Back:
    case Symbol::Play:
    case Symbol::Pause:
    case Symbol::Forward:
    case Symbol::Last:
    case Symbol::Pin:
        return true;
    default:
        return false;
    }
}

void drawSymbol(QPainter& painter, Symbol symbol, const QRectF& box, const QColor& color)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(box.topLeft());
    painter.scale(box.width() / 16, box.height() / 16);
    const double width = symbol == Symbol::More ? 1.2 : isFilled(symbol) ? 1.0 : 1.35;
    painter.setPen(QPen(color, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(isFilled(symbol) ? QBrush(color) : QBrush(Qt::NoBrush));
    painter.drawPath(symbolPath(symbol));
    painter.restore();
}

QIcon iconOf(Symbol symbol)
{
    QIcon icon;
    const int side = theme().px(16);
    for (const int ratio : {1, 2}) {
        for (const auto& [mode, color] :
             {std::pair(QIcon::Normal, theme().text), std::pair(QIcon::Disabled, theme().disabled)}) {
            QPixmap pixmap(side * ratio, side * ratio);
            pixmap.fill(Qt::transparent);
            QPainter painter(&pixmap);
            drawSymbol(painter, symbol, QRectF(0, 0, side * ratio, side * ratio), color);
            painter.end();
            pixmap.setDevicePixelRatio(ratio);
            icon.addPixmap(pixmap, mode);
        }
    }
    return icon;
}

} // namespace widgets
