// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/figurestudy.h"

#include "widgets/figure.h"
#include "widgets/studydrawing.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double titleHeight = 24, legendHeight = 20;

using Keys = std::vector<LegendKey>;

// The title's row with words, value and legend; what it has no room for stands in rows below.
struct Head
{
    double height = 0;
    bool valueBelow = false;
    std::vector<Keys> below; // the legend, where it is not in the title's row
};

Head headOf(const engine::Panel& panel, const Keys& legend, double width)
{
    const Theme& look = theme();
    double taken = textWidth(look.font(Theme::bodySize, true), textOf(panel.title)) + look.px(Theme::gap3);
    const double value = panel.value.empty() ? 0 : textWidth(look.font(), textOf(panel.value));
    Head head{double(look.px(titleHeight)), value > 0 && taken + value > width, {}};
    taken += head.valueBelow || value == 0 ? 0 : value + look.px(Theme::gap3);
    if (!legend.empty() && taken + legendWidth(legend) > width)
        head.below = legendLines(legend, width);
    head.height += look.px(legendHeight) * double(head.below.size() + (head.valueBelow ? 1 : 0));
    return head;
}

void drawHead(QPainter& painter, const engine::Panel& panel, const Keys& legend, QRectF row, const Head& head)
{
    const Theme& look = theme();
    const QFont bold = look.font(Theme::bodySize, true), small = look.font(Theme::labelSize);
    row.setHeight(look.px(titleHeight));
    QRectF line(row.left(), row.bottom() - look.px(2), row.width(), look.px(legendHeight));
    const QString title = textOf(panel.title), value = textOf(panel.value), words = textOf(panel.words);
    drawText(painter, row, Qt::AlignLeft, title, bold, look.text);
    row.setLeft(row.left() + textWidth(bold, title) + look.px(Theme::gap3));
    if (head.valueBelow) {
        drawText(painter, line, Qt::AlignLeft, value, look.font(), look.text);
        line.translate(0, look.px(legendHeight));
    } else if (!value.isEmpty()) {
        drawText(painter, row, Qt::AlignRight, value, look.font(), look.text);
        row.setRight(row.right() - textWidth(look.font(), value) - look.px(Theme::gap3));
    }
    for (const Keys& keys : head.below) {
        drawLegend(painter, line, keys);
        line.translate(0, look.px(legendHeight));
    }
    if (!legend.empty() && head.below.empty()) {
        const double wide = legendWidth(legend);
        drawLegend(painter, QRectF(row.right() - wide - 1, row.top(), wide + 2, row.height()), legend);
        row.setRight(row.right() - wide - look.px(Theme::gap4));
    }
    if (textWidth(small, words) <= row.width()) // whole or not at all
        drawText(painter, row, Qt::AlignLeft, words, small, look.secondary);
}

} // namespace

double paintFigureStudy(QPainter* painter, const FigureStudy& study, const QRectF& place, double indent)
{
    const std::unique_ptr<StudyDrawing> drawing = StudyDrawing::make(study.panel);
    drawing->setPanel(study.panel, study.names);
    const double width = std::floor(place.width());
    // A table or chips take what they have, a plot what the page gives.
    const bool isList = std::holds_alternative<engine::TableBody>(study.panel.body) ||
                        std::holds_alternative<engine::ChipsBody>(study.panel.body);
    const std::vector<LegendKey> legend = drawing->legend();
    const Head head = headOf(study.panel, legend, width - indent);
    const double least = isList ? drawing->heightAt(int(width)) : drawing->leastSize().height();
    const double height = std::ceil(isList ? least : std::max(least, place.height() - head.height));
    if (painter != nullptr) {
        drawHead(*painter, study.panel, legend, place.adjusted(indent, 0, 0, 0), head);
        drawing->setRoom(QSizeF(width, height));
        painter->save();
        painter->translate(std::round(place.left()), std::round(place.top() + head.height));
        drawing->draw(*painter);
        drawing->drawControls(*painter);
        painter->restore();
    }
    return head.height + height;
}

} // namespace widgets
