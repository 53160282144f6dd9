// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/studypanel.h"

#include "app/panels/heading.h"
#include "widgets/studycontrols.h"
#include "widgets/studyview.h"

#include <QPainter>
#include <QVBoxLayout>

namespace app {

using widgets::theme;

namespace {

constexpr double compactBelow = 1500; // of the window

} // namespace

StudyPanel::StudyPanel(const QString& title, QWidget* parent)
    : View(parent)
    , m_heading(new Heading(title, 40, this))
    , m_controls(new widgets::StudyControls(this))
    , m_study(new widgets::StudyView(this))
{
    m_heading->addTool(m_controls);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_heading);
    column->addWidget(m_study, 1);
}

void StudyPanel::resizeEvent(QResizeEvent*)
{
    m_study->setCompact(window()->width() < theme().px(compactBelow));
}

void StudyPanel::themeChanged()
{
    resizeEvent(nullptr);
}

void StudyPanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace app
