// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studybody.h"

#include "widgets/studybodies.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <iterator>

namespace widgets {

StudyBody::StudyBody(std::unique_ptr<StudyDrawing> drawing, QWidget* parent)
    : View(parent)
    , m_drawing(std::move(drawing))
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

StudyBody* StudyBody::make(const engine::Panel& panel, QWidget* parent)
{
    if (std::holds_alternative<engine::HeatBody>(panel.body))
        return new StudyHeatBody(parent);
    if (std::holds_alternative<engine::CurvesBody>(panel.body))
        return new StudyCurvesBody(parent);
    return new StudyBody(StudyDrawing::make(panel), parent);
}

void StudyBody::setPanel(const engine::Panel& panel, const StudyNames& names)
{
    setAccessibleName(textOf(panel.title));
    m_drawing->setPanel(panel, names);
    redraw();
    // What was under the pointer may be another number now.
    const auto still = m_over ? m_drawing->moved(m_over, 0, 0) : std::nullopt;
    m_over.reset();
    setHovered(still);
    describe();
    updateGeometry();
}

QString StudyBody::hoverText() const
{
    return m_over ? m_drawing->placeText(*m_over) : QString();
}

QSize StudyBody::sizeHint() const
{
    return minimumSizeHint().expandedTo({theme().px(240), theme().px(160)});
}

void StudyBody::redraw()
{
    m_drawing->setRoom(size(), devicePixelRatioF());
    arranged();
    m_static = {};
    update();
}

void StudyBody::setHovered(std::optional<StudyPlace> place)
{
    if (place == m_over)
        return;
    m_over = place;
    describe();
    update();
    emit hoverChanged();
}

void StudyBody::describe()
{
    const QString text = hoverText();
    setAccessibleDescription(text.isEmpty() ? m_drawing->summary()
                                            : text + QStringLiteral(". ") + m_drawing->summary());
}

void StudyBody::pick(const StudyPlace& place)
{
    const std::vector<StudyPick> picks = m_drawing->picksOf(place);
    if (!picks.empty())
        emit picked(picks);
}

void StudyBody::paintEvent(QPaintEvent*)
{
    const double ratio = devicePixelRatioF();
    if (m_static.isNull() || m_static.size() != (QSizeF(size()) * ratio).toSize() ||
        m_static.devicePixelRatio() != ratio) {
        m_static = QPixmap((QSizeF(size()) * ratio).toSize());
        m_static.setDevicePixelRatio(ratio);
        m_static.fill(theme().panel);
        QPainter kept(&m_static);
        m_drawing->draw(kept);
    }
    QPainter painter(this);
    painter.drawPixmap(0, 0, m_static);
    if (m_over)
        m_drawing->drawHover(painter, *m_over);
    if (m_focusRing)
        drawFocus(painter, rect());
}

void StudyBody::resizeEvent(QResizeEvent*)
{
    redraw();
}

void StudyBody::themeChanged()
{
    redraw();
}

void StudyBody::mouseMoveEvent(QMouseEvent* event)
{
    const auto place = m_drawing->placeAt(event->position());
    setCursor(place && !m_drawing->picksOf(*place).empty() ? Qt::PointingHandCursor : Qt::ArrowCursor);
    setHovered(place);
}

void StudyBody::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    if (const auto place = m_drawing->placeAt(event->position()))
        pick(*place);
}

void StudyBody::leaveEvent(QEvent*)
{
    setHovered(std::nullopt);
}

// While it has the focus, the keys that walk and pick are its own, not shortcuts of the window.
bool StudyBody::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        static constexpr Qt::Key own[] = {Qt::Key_Left,   Qt::Key_Right, Qt::Key_Up,   Qt::Key_Down,
                                          Qt::Key_Return, Qt::Key_Enter, Qt::Key_Space};
        const auto* key = static_cast<QKeyEvent*>(event);
        if (!(key->modifiers() & (Qt::ControlModifier | Qt::AltModifier)) &&
            std::find(std::begin(own), std::end(own), key->key()) != std::end(own)) {
            event->accept();
            return true;
        }
    }
    return View::event(event);
}

void StudyBody::keyPressEvent(QKeyEvent* event)
{
    const int step = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    switch (event->key()) {
    case Qt::Key_Left:
        setHovered(m_drawing->moved(m_over, -step, 0));
        break;
    case Qt::Key_Right:
        setHovered(m_drawing->moved(m_over, step, 0));
        break;
    case Qt::Key_Up:
        setHovered(m_drawing->moved(m_over, 0, -step));
        break;
    case Qt::Key_Down:
        setHovered(m_drawing->moved(m_over, 0, step));
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        if (m_over)
            pick(*m_over);
        break;
    default:
        View::keyPressEvent(event);
        break;
    }
}

void StudyBody::focusInEvent(QFocusEvent* event)
{
    m_focusRing = event->reason() != Qt::MouseFocusReason;
    update();
}

void StudyBody::focusOutEvent(QFocusEvent*)
{
    m_focusRing = false;
    setHovered(std::nullopt);
    update();
}

} // namespace widgets
