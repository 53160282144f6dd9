// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/sentence.h"

#include "widgets/paint.h"

#include <QPainter>

#include <utility>

namespace widgets {
namespace {

// Runs cut where a line may break: after a space.
std::vector<Run> wordsOf(const std::vector<Run>& runs)
{
    std::vector<Run> words;
    for (const Run& run : runs) {
        qsizetype first = 0;
        while (first < run.text.size()) {
            qsizetype end = run.text.indexOf(u' ', first);
            end = end < 0 ? run.text.size() : end + 1;
            words.push_back({run.text.mid(first, end - first), run.isNumber});
            first = end;
        }
    }
    return words;
}

} // namespace

Sentence::Sentence(QWidget* parent)
    : View(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void Sentence::setRuns(std::vector<Run> runs)
{
    if (runs == m_runs)
        return;
    m_runs = std::move(runs);
    setAccessibleName(text());
    setToolTip(text());
    update();
}

void Sentence::setSecond(const QString& second)
{
    m_second = second;
    setAccessibleDescription(second);
    updateGeometry();
    update();
}

void Sentence::setSmall(bool isSmall)
{
    m_small = isSmall;
    updateGeometry();
    update();
}

QString Sentence::text() const
{
    QString all;
    for (const Run& run : m_runs)
        all += run.text;
    return all;
}

QSize Sentence::sizeHint() const
{
    return {theme().px(600), theme().px(m_small ? 28 : 58)};
}

QSize Sentence::minimumSizeHint() const
{
    return {theme().px(160), sizeHint().height()};
}

void Sentence::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    QFont font = look.font(m_small ? Theme::resultSize : Theme::verdictSize);
    const bool second = !m_small && !m_second.isEmpty();
    const double below = second ? look.px(20) : 0;
    QRectF line(0, 0, width(), height() - below);
    if (!m_small && textWidth(font, text()) > width())
        font = look.font(Theme::resultSize);
    const bool two = !m_small && textWidth(font, text()) > width();
    if (two)
        line.setHeight(line.height() / 2);
    double x = 0;
    bool onFirst = true;
    for (const Run& word : wordsOf(m_runs)) {
        const double wide = textWidth(font, word.text);
        if (two && onFirst && x + textWidth(font, word.text.trimmed()) > width()) {
            line.translate(0, line.height());
            x = 0;
            onFirst = false;
        }
        if (x >= width())
            break;
        // A word that does not fit the last line ends in an ellipsis.
        const double room = x + wide > width() + look.px(8) ? width() - x : wide;
        drawText(painter, QRectF(x, line.top(), room, line.height()), Qt::AlignLeft, word.text, font,
                 word.isNumber ? look.text : look.secondary);
        x += wide;
    }
    if (second)
        drawText(painter, QRectF(0, height() - below, width(), look.px(14)), Qt::AlignLeft, m_second,
                 look.font(Theme::labelSize), look.secondary);
}

} // namespace widgets
