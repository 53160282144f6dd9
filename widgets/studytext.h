// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/study.h"
#include "widgets/paint.h"

#include <QStringList>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace widgets {

// Who a study speaks of: the identities behind its tints, and what the tokens of the sequence are called.
struct StudyNames
{
    Identity own, exact;
    QStringList pieces;

    bool operator==(const StudyNames&) const = default;
};

// What one click or drag sets: a part of the selection, or a control of the tab.
struct StudyPick
{
    engine::Pick::Sets sets = engine::Pick::Sets::Nothing;
    std::string control;
    int value = 0;

    bool operator==(const StudyPick&) const = default;
};

// What place `place` of a panel sets; none where it sets nothing.
std::optional<StudyPick> resolved(const engine::Pick& pick, int place);

QString textOf(std::string_view utf8);

// The piece of a token, or its place (from 1) where there is no piece.
QString pieceOf(const StudyNames& names, int token);

// The label of place i of an axis: a given text, a token's piece or a number.
QString labelOf(const engine::AxisLabels& labels, int place, const StudyNames& names);

// A number with so many significant digits, written as everywhere; a power of ten below 10⁻³ and from 10⁷ on.
QString significant(double value, int digits);

// What a figure says: its number with its unit, its text, or n/a.
QString figureText(const engine::Figure& figure);

QColor areaOf(engine::Tint tint, const StudyNames& names);
QColor lineOf(engine::Tint tint, const StudyNames& names);

// One entry of a panel's legend.
struct LegendKey
{
    QString title;
    QColor color;
    QPen line; // of a line; NoPen: a square
    std::optional<Identity> marker;
};

double legendWidth(const std::vector<LegendKey>& keys);
// In lines of a width.
std::vector<std::vector<LegendKey>> legendLines(const std::vector<LegendKey>& keys, double width);
// Keys side by side, from the left end of the box.
void drawLegend(QPainter& painter, const QRectF& box, const std::vector<LegendKey>& keys);

} // namespace widgets
