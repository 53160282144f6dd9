// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pictureview.h"

#include "widgets/paint.h"

#include <QPainter>

namespace widgets {
namespace {

constexpr double titleHeight = 28;

} // namespace

PictureView::PictureView(const QString& title, QWidget* parent)
    : View(parent)
    , m_title(title)
{
    setAccessibleName(title);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void PictureView::setPicture(const QImage& picture, const QString& instead)
{
    m_picture = picture;
    m_fitted = {};
    m_instead = instead;
    setAccessibleDescription(picture.isNull() ? instead : QString());
    update();
}

QSize PictureView::sizeHint() const
{
    return {theme().px(480), theme().px(360)};
}

QSize PictureView::minimumSizeHint() const
{
    return {theme().px(160), theme().px(120)};
}

void PictureView::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    drawText(painter, QRectF(0, 0, width(), look.px(titleHeight)), Qt::AlignLeft, m_title,
             look.font(Theme::bodySize, true), look.text);
    const QRectF room(0, look.px(titleHeight), width(), height() - look.px(titleHeight));
    if (m_picture.isNull()) {
        painter.setFont(look.font());
        painter.setPen(look.secondary);
        painter.drawText(room, Qt::AlignCenter | Qt::TextWordWrap, m_instead);
        return;
    }
    const double ratio = devicePixelRatioF();
    const QSize size = m_picture.size().scaled((room.size() * ratio).toSize(), Qt::KeepAspectRatio);
    if (size.isEmpty())
        return;
    const QSize wanted = size.width() > m_picture.width() ? m_picture.size() : size;
    if (m_fitted.size() != wanted)
        m_fitted = m_picture.scaled(wanted, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    const QRectF place(room.topLeft(), QSizeF(wanted) / ratio);
    painter.drawImage(place, m_fitted);
    drawFrame(painter, place, look.hairline, 1);
}

} // namespace widgets
