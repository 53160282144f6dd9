// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"

#include <QRectF>
#include <QStringList>

#include <optional>
#include <vector>

class QPainter;

namespace widgets {

// Weights between tokens of one line.
struct ArcsValue
{
    struct Arc
    {
        int query = 0, key = 0;
        float weight = 0;
    };

    struct Side
    {
        Identity identity;
        std::vector<Arc> arcs; // the largest first
        QString badge;         // what is not drawn: "1 204 smaller ones not drawn"
    };

    QStringList tokens;
    std::vector<Side> sides; // the first above the line, the second below it
    double high = 1;         // the weight that is drawn widest
};

// Tokens: the picked query and key, the query pointed at.
struct ArcsMarks
{
    std::optional<int> query, key, hovered;

    std::optional<int> focus() const { return hovered ? hovered : query; } // whose arcs stand out
};

// Where the tokens stand in a box: their labels between the two halves, upright where they would not fit across.
struct ArcsLayout
{
    QRectF box;
    int tokens = 0;

    double labelRoom() const;
    double lineY() const;             // the upper half's base
    QPointF pointOf(int token) const; // on it
    std::optional<int> at(QPointF point) const;
};

// One side's arcs, or those of the query `only`.
void drawArcs(QPainter& painter, const ArcsLayout& layout, const ArcsValue& value, std::size_t side,
              std::optional<int> only, double strength);
void drawArcsText(QPainter& painter, const ArcsLayout& layout, const ArcsValue& value, const ArcsMarks& marks);

// The whole, as on paper.
void paintArcs(QPainter& painter, const ArcsValue& value, const ArcsMarks& marks, const QRectF& box);

} // namespace widgets
