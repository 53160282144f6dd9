// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studypane.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double titleHeight = 28, legendHeight = 18, noteLines = 3, widestTitle = 160;
constexpr double leastShown = 0.6; // of the words

} // namespace

StudyPane::StudyPane(QWidget* parent)
    : View(parent)
{
}

void StudyPane::setPanel(const engine::Panel& panel, const StudyNames& names)
{
    const bool otherKind = m_body == nullptr || m_panel.body.index() != panel.body.index();
    m_panel = panel;
    setAccessibleName(textOf(panel.title));
    setAccessibleDescription(
        (textOf(panel.words) + u' ' + textOf(panel.value) + u' ' + textOf(panel.note)).simplified());
    setToolTip((textOf(panel.words) + u'\n' + textOf(panel.note)).trimmed());
    if (otherKind) {
        if (m_body != nullptr) {
            m_body->hide();
            m_body->deleteLater();
        }
        m_body = StudyBody::make(panel, this);
        connect(m_body, &StudyBody::picked, this, &StudyPane::picked);
        connect(m_body, &StudyBody::hoverChanged, this, qOverload<>(&QWidget::update));
        m_body->show();
    }
    m_body->setPanel(panel, names);
    place();
    updateGeometry();
    update();
}

double StudyPane::titleWidth() const
{
    const Theme& look = theme();
    double width = textWidth(look.font(Theme::bodySize, true), textOf(m_panel.title)) + look.px(Theme::gap3);
    if (!m_panel.value.empty())
        width += textWidth(look.font(), textOf(m_panel.value)) + look.px(Theme::gap3);
    return width;
}

bool StudyPane::valueBelow(int width) const
{
    return !m_panel.value.empty() && titleWidth() > width + theme().px(Theme::gap3);
}

std::vector<std::vector<LegendKey>> StudyPane::legendBelow(int width) const
{
    const std::vector<LegendKey> legend = m_body != nullptr ? m_body->legend() : std::vector<LegendKey>();
    if (titleWidth() + legendWidth(legend) + theme().px(Theme::gap4) <= width)
        return {};
    return legendLines(legend, width);
}

double StudyPane::noteHeight(int width) const
{
    if (m_panel.note.empty())
        return 0;
    const QFontMetricsF metrics(theme().font(Theme::labelSize));
    const QRectF text =
        metrics.boundingRect(QRectF(0, 0, std::max(1, width), 1000), Qt::TextWordWrap, textOf(m_panel.note));
    return std::ceil(std::min(text.height(), noteLines * metrics.lineSpacing()));
}

double StudyPane::above(int width) const
{
    const double rows = double(legendBelow(width).size()) + (valueBelow(width) ? 1 : 0);
    return theme().px(titleHeight) + rows * theme().px(legendHeight);
}

double StudyPane::below(int width) const
{
    return m_panel.note.empty() ? 0 : noteHeight(width) + theme().px(Theme::gap1);
}

void StudyPane::place()
{
    if (m_body != nullptr)
        m_body->setGeometry(0, int(above(width())), width(),
                            std::max(1, int(height() - above(width()) - below(width()))));
}

QSize StudyPane::sizeHint() const
{
    const QSize body = m_body != nullptr ? m_body->sizeHint() : QSize();
    return {body.width(), int(above(width()) + below(width())) + body.height()};
}

QSize StudyPane::minimumSizeHint() const
{
    const QSize body = m_body != nullptr ? m_body->minimumSizeHint() : QSize();
    const int title = int(std::min(titleWidth(), double(theme().px(widestTitle))));
    return {std::max(body.width(), title), int(above(width()) + below(width())) + body.height()};
}

int StudyPane::leastHeight(int width) const
{
    const int body = m_body != nullptr ? m_body->minimumSizeHint().height() : 0;
    return int(std::ceil(above(width) + below(width))) + body;
}

int StudyPane::usedWidth(QSize room) const
{
    if (m_body == nullptr)
        return room.width();
    const QSizeF left(room.width(), std::max(1.0, room.height() - above(room.width()) - below(room.width())));
    const double legend = legendWidth(m_body->legend());
    const double title = titleWidth() + textWidth(theme().font(Theme::labelSize), textOf(m_panel.words)) +
                         (legend > 0 ? legend + theme().px(Theme::gap4) : 0);
    return std::min(room.width(), int(std::ceil(std::max(m_body->usedWidth(left), title))));
}

int StudyPane::heightAt(int width) const
{
    return int(above(width) + below(width)) + (m_body != nullptr ? m_body->heightAt(width) : 0);
}

void StudyPane::resizeEvent(QResizeEvent*)
{
    place();
}

void StudyPane::themeChanged()
{
    place();
}

void StudyPane::paintEvent(QPaintEvent*)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    const QFont bold = look.font(Theme::bodySize, true), small = look.font(Theme::labelSize);
    QRectF row(0, 0, width(), look.px(titleHeight));
    const QString title = textOf(m_panel.title);
    drawText(painter, row, Qt::AlignLeft, title, bold, look.text);
    row.setLeft(textWidth(bold, title) + look.px(Theme::gap3));

    const QString hovered = m_body != nullptr ? m_body->hoverText() : QString();
    const QString value = hovered.isEmpty() ? textOf(m_panel.value) : hovered;
    QRectF second(0, look.px(titleHeight - 2), width(), look.px(legendHeight));
    QRectF& place = valueBelow(width()) ? second : row;
    const double valueWidth = std::min(textWidth(look.font(), value) + 1, std::max(0.0, place.width()));
    if (valueWidth > look.px(16))
        drawText(painter, QRectF(place.right() - valueWidth, place.top(), valueWidth, place.height()), Qt::AlignRight,
                 value, look.font(), hovered.isEmpty() ? look.text : look.secondary);
    if (valueBelow(width()))
        second.translate(0, look.px(legendHeight));
    else if (!value.isEmpty())
        row.setRight(row.right() - valueWidth - look.px(Theme::gap3));

    const std::vector<LegendKey> legend = m_body != nullptr ? m_body->legend() : std::vector<LegendKey>();
    const auto below = legendBelow(width());
    const double wide = legendWidth(legend);
    for (const std::vector<LegendKey>& keys : below) {
        drawLegend(painter, second, keys);
        second.translate(0, look.px(legendHeight));
    }
    if (wide > 0 && below.empty() && wide <= row.width()) {
        drawLegend(painter, QRectF(row.right() - wide - 1, row.top(), wide + 2, row.height()), legend);
        row.setRight(row.right() - wide - look.px(Theme::gap4));
    }
    // Words of which little is left say nothing: pointing at the panel tells them.
    const QString words = textOf(m_panel.words);
    if (row.width() > look.px(32) && row.width() >= leastShown * textWidth(small, words))
        drawText(painter, row, Qt::AlignLeft, words, small, look.secondary);
    if (m_panel.note.empty())
        return;
    painter.setFont(small);
    painter.setPen(look.secondary);
    const double note = noteHeight(width());
    painter.drawText(QRectF(0, height() - note, width(), note + 1), Qt::TextWordWrap, textOf(m_panel.note));
}

} // namespace widgets
