// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/sentence.h"

#include "widgets/ownkeys.h"
#include "widgets/paint.h"

#include <QMetaMethod>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <utility>

namespace widgets {
namespace {

constexpr double oneSmallLine = 28, twoLines = 58, lineStep = 21;
constexpr int mostLines = 5, longestUnbroken = 16;

// Runs cut where a line may break: after a space, but not inside a number with its unit.
std::vector<Run> wordsOf(const std::vector<Run>& runs)
{
    std::vector<Run> words;
    for (const Run& run : runs) {
        if (run.isNumber && run.text.size() <= longestUnbroken) {
            words.push_back(run);
            continue;
        }
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
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum); // Fixed would hold it to its hint
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setMouseTracking(true);
}

void Sentence::setRuns(std::vector<Run> runs)
{
    if (runs == m_runs)
        return;
    m_runs = std::move(runs);
    setAccessibleName(text());
    setToolTip(m_second.isEmpty() ? text() : text() + u'\n' + m_second);
    updateGeometry();
    update();
}

void Sentence::setSecond(const QString& second)
{
    m_second = second;
    setToolTip(second.isEmpty() ? text() : text() + u'\n' + second);
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
    const int wide = theme().px(600);
    return {wide, heightForWidth(wide)};
}

QSize Sentence::minimumSizeHint() const
{
    return {theme().px(160), theme().px(m_small ? oneSmallLine : twoLines)};
}

// Room for one line in the small layout, for two and the conditions in the large one; more where it has more.
int Sentence::heightForWidth(int width) const
{
    const int count = lines(width), held = m_small ? 1 : 2;
    return theme().px((m_small ? oneSmallLine : twoLines) + std::max(0, count - held) * lineStep);
}

QFont Sentence::face(double width) const
{
    const QFont large = theme().font(m_small ? Theme::resultSize : Theme::verdictSize);
    return !m_small && textWidth(large, text()) > width ? theme().font(Theme::resultSize) : large;
}

int Sentence::lines(double width) const
{
    const QFont font = face(width);
    int count = 1;
    double x = 0;
    for (const Run& word : wordsOf(m_runs)) {
        if (x > 0 && x + textWidth(font, word.text.trimmed()) > width) {
            ++count;
            x = 0;
        }
        x += textWidth(font, word.text);
    }
    return std::min(count, mostLines);
}

std::vector<Sentence::Placed> Sentence::placed() const
{
    const Theme& look = theme();
    const QFont font = face(width());
    const double below = !m_small && !m_second.isEmpty() ? look.px(20) : 0;
    const int count = lines(width());
    QRectF line(0, 0, width(), (height() - below) / count);
    double x = 0;
    int on = 1, numbers = 0;
    std::vector<Placed> words;
    for (const Run& word : wordsOf(m_runs)) {
        const double wide = textWidth(font, word.text);
        if (on < count && x > 0 && x + textWidth(font, word.text.trimmed()) > width()) {
            line.translate(0, line.height());
            x = 0;
            ++on;
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
    const QFont font = face(width());
    for (const Placed& each : placed()) {
        drawText(painter, each.box, Qt::AlignLeft, each.word.text, font,
                 each.word.isNumber ? look.text : look.secondary);
        if (hasFocus() && each.number == m_over) {
            const double tall = look.px(26);
            drawFrame(painter,
                      QRectF(each.box.left() - look.px(2), each.box.center().y() - tall / 2,
                             textWidth(font, each.word.text.trimmed()) + look.px(4), tall)
                          .toAlignedRect(),
                      look.focus, look.px(2));
        }
    }
    if (!m_small && !m_second.isEmpty())
        drawText(painter, QRectF(0, height() - look.px(20), width(), look.px(14)), Qt::AlignLeft, m_second,
                 look.font(Theme::labelSize), look.secondary);
}

void Sentence::connectNotify(const QMetaMethod& signal)
{
    if (signal != QMetaMethod::fromSignal(&Sentence::clicked))
        return;
    m_leads = true;
    setFocusPolicy(Qt::TabFocus);
    ownKeys(*this, {Qt::Key_Left, Qt::Key_Right, Qt::Key_Return, Qt::Key_Enter, Qt::Key_Space});
}

void Sentence::mouseMoveEvent(QMouseEvent* event)
{
    setCursor(m_leads && at(event->position()) >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

void Sentence::keyPressEvent(QKeyEvent* event)
{
    int last = -1;
    for (const Placed& each : placed())
        last = std::max(last, each.number);
    switch (event->key()) {
    case Qt::Key_Left:
        m_over = std::clamp(m_over - 1, 0, std::max(0, last));
        break;
    case Qt::Key_Right:
        m_over = std::clamp(m_over + 1, 0, std::max(0, last));
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        if (m_over <= last)
            emit clicked(m_over);
        break;
    default:
        View::keyPressEvent(event);
        return;
    }
    update();
}

void Sentence::focusInEvent(QFocusEvent* /*event*/)
{
    update();
}

void Sentence::focusOutEvent(QFocusEvent* /*event*/)
{
    update();
}

void Sentence::mousePressEvent(QMouseEvent* event)
{
    if (const int number = at(event->position()); number >= 0 && event->button() == Qt::LeftButton)
        emit clicked(number);
}

} // namespace widgets
