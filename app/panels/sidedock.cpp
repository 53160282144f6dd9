// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/sidedock.h"

#include "widgets/columnscroll.h"
#include "widgets/icons.h"
#include "widgets/paint.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

namespace {

class Hairline : public widgets::View
{
public:
    explicit Hairline(QWidget* parent)
        : View(parent)
    {
        setFixedHeight(1);
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().hairline);
    }
};

} // namespace

Rail::Rail(QWidget* parent)
    : View(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
}

void Rail::setNames(const QStringList& names, bool opensLeft)
{
    m_names = names;
    m_opensLeft = opensLeft;
    setAccessibleName(tr("Show %1").arg(m_names.join(", ")));
    setToolTip(accessibleName());
    update();
}

QSize Rail::sizeHint() const
{
    return {theme().px(28), theme().px(300)};
}

double Rail::lengthOf(const QString& name) const
{
    return widgets::textWidth(theme().font(), name) + theme().px(Theme::gap5);
}

void Rail::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_over || hasFocus() ? theme().hover : theme().window);
    double top = theme().px(Theme::gap3);
    for (const QString& name : m_names) {
        const double length = lengthOf(name);
        if (top + length > height() - theme().px(36)) // the tool tip has them all
            break;
        widgets::drawUpright(painter, {0, top, double(width()), length}, Qt::AlignHCenter, name, theme().font(),
                             theme().secondary);
        top += length;
    }
    const double side = theme().px(16);
    widgets::drawSymbol(painter, m_opensLeft ? widgets::Symbol::Left : widgets::Symbol::Right,
                        {(width() - side) / 2, height() - side - theme().px(Theme::gap3), side, side},
                        theme().secondary);
    if (hasFocus())
        widgets::drawFrame(painter, rect(), theme().focus, theme().px(2));
}

void Rail::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        emit asked();
}

void Rail::mouseMoveEvent(QMouseEvent*)
{
    m_over = true;
    update();
}

void Rail::leaveEvent(QEvent*)
{
    m_over = false;
    update();
}

void Rail::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        emit asked();
    else
        View::keyPressEvent(event);
}

SideDock::SideDock(Side side, QWidget* parent)
    : View(parent)
    , m_side(side)
    , m_scroll(new widgets::ColumnScroll(this))
    , m_sections(new QWidget)
    , m_column(new QVBoxLayout(m_sections))
    , m_rail(new Rail(this))
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(0);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(side == Side::Right ? 1 : 0, 0, side == Side::Left ? 1 : 0, 0); // its hairline
    // Where the sections need more height than there is they scroll, and the window still fits a small screen.
    m_scroll->setColumn(m_sections);
    row->addWidget(m_scroll);
    row->addWidget(m_rail);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
    connect(m_rail, &Rail::asked, this, &SideDock::unfoldAsked);
    arrange();
}

void SideDock::setBreadth(double breadth)
{
    m_breadth = breadth;
    arrange();
}

void SideDock::addSection(const QString& name, QWidget* section, int stretch)
{
    if (!m_names.isEmpty())
        m_column->addWidget(new Hairline(m_sections));
    m_names << name;
    m_column->addWidget(section, stretch);
    m_rail->setNames(m_names, m_side == Side::Right);
}

void SideDock::addWithoutName(QWidget* section, int stretch)
{
    m_column->addWidget(section, stretch);
}

void SideDock::setFolded(bool folded)
{
    m_folded = folded;
    arrange();
}

void SideDock::arrange()
{
    m_scroll->setVisible(!m_folded);
    m_rail->setVisible(m_folded);
    setFixedWidth(theme().px(m_folded ? 28 : m_breadth) + 1);
}

void SideDock::themeChanged()
{
    arrange();
}

void SideDock::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_folded ? theme().window : theme().panel);
    painter.fillRect(QRect(m_side == Side::Left ? width() - 1 : 0, 0, 1, height()), theme().hairline);
}

} // namespace app
