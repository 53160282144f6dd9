// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/sentence.h"

#include "widgets/paint.h"

#include <QMouseEvent>
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
    setMouseTracking(true);
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

QFont Sentence::face() const
{
    const QFont large = theme().font(m_small ? Theme::resultSize : Theme::verdictSize);
    return !m_small && textWidth(large, text()) > width() ? theme().font(Theme::resultSize) : large;
}

std::vector<Sentence::Placed> Sentence::placed() const
{
    const Theme& look = theme();
    const QFont font = face();
    const double below = !m_small && !m_second.isEmpty() ? look.px(20) : 0;
    QRectF line(0, 0, width(), height() - below);
    const bool two = !m_small && textWidth(font, text()) > width();
    if (two)
        line.setHeight(line.height() / 2);
    double x = 0;
    bool onFirst = true;
    int numbers = 0;
    std::vector<Placed> words;
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
        const bool isNumber = word.isNumber && !word.text.isEmpty() && word.text[0].isDigit();
        words.push_back({QRectF(x, line.top(), room, line.height()), word, isNumber ? numbers++ : -1});
        x += wide;
    }
    return words;
}

int Sentence::at(QPointF point) const
{
    for (const Placed& each : placed())
        if (each.number >= 0 && each.box.contains(point))
            return each.number;
    return -1;
}

void Sentence::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    const QFont font = face();
    for (const Placed& each : placed())
        drawText(painter, each.box, Qt::AlignLeft, each.word.text, font,
                 each.word.isNumber ? look.text : look.secondary);
    if (!m_small && !m_second.isEmpty())
        drawText(painter, QRectF(0, height() - look.px(20), width(), look.px(14)), Qt::AlignLeft, m_second,
                 look.font(Theme::labelSize), look.secondary);
}

void Sentence::mouseMoveEvent(QMouseEvent* event)
{
    setCursor(at(event->position()) >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

void Sentence::mousePressEvent(QMouseEvent* event)
{
    if (const int number = at(event->position()); number >= 0 && event->button() == Qt::LeftButton)
        emit clicked(number);
}

} // namespace widgets
