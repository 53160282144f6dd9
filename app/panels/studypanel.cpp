// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/studypanel.h"

#include "app/panels/heading.h"
#include "widgets/emptypanel.h"
#include "widgets/iconbutton.h"
#include "widgets/studycontrols.h"
#include "widgets/studyview.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

namespace app {

using widgets::theme;

namespace {

constexpr double compactBelow = 1500; // of the window
constexpr double leastWords = 180;    // of the heading

} // namespace

StudyPanel::StudyPanel(const QString& title, QWidget* parent)
    : View(parent)
    , m_heading(new Heading(title, 40, this))
    , m_column(new QVBoxLayout(this))
    , m_below(new QHBoxLayout)
    , m_controls(new widgets::StudyControls(this))
    , m_study(new widgets::StudyView(this))
    , m_empty(new widgets::EmptyPanel(this))
{
    m_heading->addTool(m_controls);
    auto* save = new widgets::IconButton(widgets::Symbol::Export, tr("Export a figure"), m_heading);
    m_heading->addLastTool(save);
    m_tools = save->sizeHint().width() + theme().px(widgets::Theme::gap2);
    connect(save, &widgets::IconButton::clicked, this, &StudyPanel::exportAsked);
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(0);
    m_column->addWidget(m_heading);
    m_column->addLayout(m_below);
    m_column->addWidget(m_study, 1);
    m_column->addWidget(m_empty, 1);
    m_empty->setWords(tr("Nothing to show yet."), tr("This tab is filled when the prompt has run with its method."));
    m_study->hide();
}

void StudyPanel::addTool(QWidget* tool)
{
    m_heading->addTool(tool);
    m_tools += tool->sizeHint().width() + theme().px(widgets::Theme::gap2);
    m_apart = theme().px(widgets::Theme::gap3);
    m_controls->setContentsMargins(m_inHeading ? m_apart : 0, 0, 0, 0);
}

void StudyPanel::setReady()
{
    m_empty->hide();
    m_study->show();
}

// In the heading where they leave room for its words, else in lines of their own.
void StudyPanel::placeControls()
{
    const int room = m_heading->width() - theme().px(leastWords) - m_tools;
    const bool fits = m_controls->sizeHint().width() <= room;
    if (fits == m_inHeading)
        return;
    m_inHeading = fits;
    m_controls->setContentsMargins(fits ? m_apart : 0, 0, 0, 0);
    if (fits) {
        m_below->removeWidget(m_controls);
        m_heading->addTool(m_controls);
    } else {
        m_heading->removeTool(m_controls);
        m_below->addWidget(m_controls);
    }
    const int side = fits ? 0 : theme().px(widgets::Theme::gap4);
    m_below->setContentsMargins(side, 0, side, fits ? 0 : theme().px(widgets::Theme::gap2));
}

bool StudyPanel::event(QEvent* event)
{
    const bool done = View::event(event);
    if (event->type() == QEvent::LayoutRequest) // another study has other controls
        placeControls();
    return done;
}

void StudyPanel::resizeEvent(QResizeEvent*)
{
    m_study->setCompact(window()->width() < theme().px(compactBelow));
    placeControls();
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
