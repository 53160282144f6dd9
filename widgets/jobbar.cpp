// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobbar.h"

#include "widgets/iconbutton.h"
#include "widgets/numbers.h"
#include "widgets/paint.h"

#include <QPainter>

#include <algorithm>

namespace widgets {
namespace {

constexpr qint64 wordsAfterMs = 1000;
constexpr qint64 cancelAfterMs = 2000;

} // namespace

JobBar::JobBar(QWidget* parent)
    : View(parent)
    , m_cancel(new IconButton(Symbol::Close, tr("Cancel"), this))
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_cancel->hide();
    connect(m_cancel, &QAbstractButton::clicked, this, &JobBar::cancelled);
}

void JobBar::setProgress(std::optional<engine::Progress> progress)
{
    if (progress && !m_progress) {
        m_clock.start();
        m_timer = startTimer(200);
    } else if (!progress && m_progress) {
        killTimer(m_timer);
        m_cancel->hide();
    }
    m_progress = std::move(progress);
    setAccessibleName(m_progress ? QString::fromStdString(m_progress->what) : QString());
    setAccessibleDescription(m_progress ? percent(m_progress->fraction) : QString());
    update();
}

QSize JobBar::sizeHint() const
{
    return minimumSizeHint(); // it takes what others leave
}

QSize JobBar::minimumSizeHint() const
{
    return {theme().px(28), theme().px(24)}; // the line and the button
}

void JobBar::place()
{
    const int side = theme().px(22);
    m_cancel->setGeometry(width() - side, height() - side, side, side);
}

void JobBar::resizeEvent(QResizeEvent* /*event*/)
{
    place();
}

void JobBar::themeChanged()
{
    place();
}

void JobBar::timerEvent(QTimerEvent* /*event*/)
{
    m_cancel->setVisible(m_clock.hasExpired(cancelAfterMs));
    update();
}

void JobBar::paintEvent(QPaintEvent* /*event*/)
{
    if (!m_progress)
        return;
    const Theme& look = theme();
    QPainter painter(this);
    const double fraction = std::clamp(m_progress->fraction, 0.0, 1.0);
    painter.fillRect(QRectF(0, 0, width(), look.px(2)), look.grid);
    painter.fillRect(QRectF(0, 0, width() * fraction, look.px(2)), look.focus);
    if (!m_clock.hasExpired(wordsAfterMs))
        return;
    const double seconds = double(m_clock.elapsed()) / 1000;
    const QString time = fraction > 0.05 ? tr("%1 of %2 s").arg(fixed(seconds, 1), fixed(seconds / fraction, 0))
                                         : tr("%1 s").arg(fixed(seconds, 1));
    const QFont small = look.font(Theme::labelSize);
    QRectF box(0, look.px(2), m_cancel->x() - look.px(Theme::gap1), height() - look.px(2));
    drawNumber(painter, box, Qt::AlignRight, time, small, look.secondary);
    box.setRight(box.right() - numberWidth(small, time) - look.px(Theme::gap2));
    drawText(painter, box, Qt::AlignLeft, QString::fromStdString(m_progress->what), small, look.secondary);
}

} // namespace widgets
