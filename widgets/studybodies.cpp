// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studybodies.h"

#include "widgets/colorbar.h"
#include "widgets/mapaccess.h"
#include "widgets/studycurves.h"
#include "widgets/studyheat.h"

#include <QMouseEvent>
#include <QPainter>

namespace widgets {

StudyHeatBody::StudyHeatBody(QWidget* parent)
    : StudyBody(std::make_unique<StudyHeat>(), parent)
    , m_heat(static_cast<StudyHeat&>(drawing()))
    , m_bar(new ColorBar(this))
{
    installMapAccess();
    m_bar->setSmall(true);
    connect(m_bar, &ColorBar::rangeChanged, this, [this](double low, double high) {
        m_heat.setRange(low, high);
        redraw();
    });
    connect(m_bar, &ColorBar::fitRequested, this, [this] {
        m_heat.fitRange();
        redraw();
    });
}

void StudyHeatBody::setPanel(const engine::Panel& panel, const StudyNames& names)
{
    StudyBody::setPanel(panel, names);
    m_bar->setTitle(m_heat.quantity());
}

void StudyHeatBody::arranged()
{
    const QRectF place = m_heat.bar();
    m_bar->setScale(m_heat.scale());
    m_bar->setVisible(!place.isEmpty());
    if (!place.isEmpty())
        m_bar->setGeometry(int(place.left()), int(place.top()), int(place.width()), int(place.height()));
}

StudyCurvesBody::StudyCurvesBody(QWidget* parent)
    : StudyBody(std::make_unique<StudyCurves>(), parent)
    , m_curves(static_cast<StudyCurves&>(drawing()))
{
}

void StudyCurvesBody::setPanel(const engine::Panel& panel, const StudyNames& names)
{
    if (!m_pressed)
        m_dragged.reset(); // the control stands where the new study says
    StudyBody::setPanel(panel, names);
}

void StudyCurvesBody::paintEvent(QPaintEvent* event)
{
    StudyBody::paintEvent(event);
    QPainter painter(this);
    m_curves.drawHandle(painter, m_dragged);
}

void StudyCurvesBody::mousePressEvent(QMouseEvent* event)
{
    const auto place = m_curves.placeAt(event->position());
    if (event->button() != Qt::LeftButton || !place || m_curves.picksOf(*place).empty())
        return;
    m_pressed = true;
    m_dragged = place->col;
    update();
    pick(*place);
}

void StudyCurvesBody::mouseMoveEvent(QMouseEvent* event)
{
    StudyBody::mouseMoveEvent(event);
    if (!m_pressed)
        return;
    const auto place = m_curves.placeAcross(event->position().x());
    setHovered(place);
    if (place && place->col != m_dragged) {
        m_dragged = place->col;
        update();
        pick(*place);
    }
}

void StudyCurvesBody::mouseReleaseEvent(QMouseEvent*)
{
    m_pressed = false;
}

} // namespace widgets
