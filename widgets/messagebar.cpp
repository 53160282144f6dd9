// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/messagebar.h"

#include "widgets/iconbutton.h"
#include "widgets/paint.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QPainter>

#include <cmath>

namespace widgets {
namespace {

constexpr double copyFrom = 640; // of the bar

QColor inkOf(Message::Kind kind)
{
    return kind == Message::Kind::Error ? theme().errorText : theme().warningText;
}

// Words to press, in the colour of the message.
class TextButton : public QAbstractButton
{
public:
    explicit TextButton(QWidget* parent)
        : QAbstractButton(parent)
    {
        setAttribute(Qt::WA_Hover);
        setFocusPolicy(Qt::TabFocus);
        setCursor(Qt::PointingHandCursor);
    }

    void setInk(Message::Kind kind)
    {
        m_kind = kind;
        update();
    }

    QSize sizeHint() const override
    {
        return {int(std::ceil(textWidth(theme().font(), text()))) + theme().px(12), theme().px(26)};
    }

protected:
    void paintEvent(QPaintEvent* /*event*/) override
    {
        QPainter painter(this);
        drawText(painter, rect(), Qt::AlignHCenter, text(), theme().font(), inkOf(m_kind));
        if (underMouse()) {
            const int width = int(textWidth(theme().font(), text()));
            painter.fillRect((this->width() - width) / 2, height() - theme().px(6), width, 1, inkOf(m_kind));
        }
        if (hasFocus())
            drawFocus(painter, rect());
    }

private:
    Message::Kind m_kind = Message::Kind::Error;
};

} // namespace

MessageBar::MessageBar(QWidget* parent)
    : View(parent)
    , m_action(new TextButton(this))
    , m_close(new IconButton(Symbol::Close, tr("Close"), this))
    , m_copy(new TextButton(this))
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_copy->setText(tr("Copy details"));
    connect(m_copy, &QAbstractButton::clicked, this,
            [this] { QGuiApplication::clipboard()->setText(m_message.what + u' ' + m_message.why); });
    connect(m_action, &QAbstractButton::clicked, this, &MessageBar::acted);
    connect(m_close, &QAbstractButton::clicked, this, [this] {
        clear();
        emit closed();
    });
    hide();
}

void MessageBar::show(const Message& message)
{
    m_message = message;
    m_action->setText(message.action);
    m_action->setVisible(!message.action.isEmpty());
    for (QAbstractButton* button : {m_action, m_copy})
        static_cast<TextButton*>(button)->setInk(message.kind);
    setAccessibleName(message.what);
    setAccessibleDescription(message.why);
    setToolTip(message.what + u' ' + message.why); // in full where the window is narrow
    place();
    setVisible(true);
    update();
}

void MessageBar::clear()
{
    hide();
}

QSize MessageBar::sizeHint() const
{
    return {theme().px(480), theme().px(34)};
}

QSize MessageBar::minimumSizeHint() const
{
    return {theme().px(200), theme().px(34)};
}

void MessageBar::place()
{
    const int side = theme().px(26);
    const int top = (height() - side) / 2;
    m_close->setGeometry(width() - side - theme().px(8), top, side, side);
    const QSize size = m_action->sizeHint();
    m_action->setGeometry(m_close->x() - size.width() - theme().px(4), (height() - size.height()) / 2, size.width(),
                          size.height());
    const QSize copy = m_copy->sizeHint();
    const int right = m_message.action.isEmpty() ? m_close->x() : m_action->x();
    m_copy->setGeometry(right - copy.width() - theme().px(8), (height() - copy.height()) / 2, copy.width(),
                        copy.height());
    m_copy->setVisible(m_message.kind == Message::Kind::Error && width() >= theme().px(copyFrom));
}

void MessageBar::resizeEvent(QResizeEvent* /*event*/)
{
    place();
}

void MessageBar::themeChanged()
{
    place();
}

void MessageBar::paintEvent(QPaintEvent* /*event*/)
{
    const Theme& look = theme();
    const bool error = m_message.kind == Message::Kind::Error;
    QPainter painter(this);
    painter.fillRect(rect(), error ? look.errorGround : look.warningGround);
    const QColor line = error ? look.errorLine : look.warningLine;
    painter.fillRect(0, 0, width(), 1, line);
    painter.fillRect(0, height() - 1, width(), 1, line);
    const double side = look.px(16);
    drawSymbol(painter, Symbol::Warning, QRectF(look.px(Theme::gap4), (height() - side) / 2.0, side, side),
               inkOf(m_message.kind));
    const double right = !m_copy->isHidden() ? m_copy->x() : m_message.action.isEmpty() ? m_close->x() : m_action->x();
    QRectF box(look.px(Theme::gap4 + 24), 0, 0, height());
    box.setRight(right - look.px(Theme::gap2));
    drawText(painter, box, Qt::AlignLeft, m_message.what, look.font(), inkOf(m_message.kind));
    box.setLeft(box.left() + textWidth(look.font(), m_message.what) + look.px(Theme::gap2));
    if (box.width() > look.px(24))
        drawText(painter, box, Qt::AlignLeft, m_message.why, look.font(), look.text);
}

} // namespace widgets
