// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>
#include <QPainterPath>

class QPainter;

namespace widgets {

enum class Symbol
{
    Open,
    First,
    Back,
    Play,
    Pause,
    Forward,
    Last,
    Plus,
    Lock,
    Unlock,
    Export,
    Maximise,
    Moon,
    Sun,
    Close,
    Search,
    Pin,
    Left,
    Right,
    Up,
    Down,
    Chip,
    Warning,
    Check,
    More
};

// Drawn on a grid of 16, stroked 1.35 with round caps; no icon files to tint.
QPainterPath symbolPath(Symbol symbol);
// Where the shape is filled as well as stroked (play, pin…).
bool isFilled(Symbol symbol);

void drawSymbol(QPainter& painter, Symbol symbol, const QRectF& box, const QColor& color);

// The symbol in the theme's colours, for menus and line edits.
QIcon iconOf(Symbol symbol);

} // namespace widgets
