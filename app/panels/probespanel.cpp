// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/probespanel.h"

#include "app/panels/heading.h"
#include "app/panels/markericon.h"
#include "widgets/iconbutton.h"
#include "widgets/probepanel.h"
#include "widgets/sentence.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QPainter>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

ProbesPanel::ProbesPanel(QWidget* parent)
    : View(parent)
    , m_heading(new Heading(tr("Probes"), 40, this))
    , m_sentence(new widgets::Sentence(this))
    , m_inset(new QHBoxLayout)
    , m_row(new QHBoxLayout)
    , m_list(new QListWidget(this))
    , m_probe(new widgets::ProbePanel(this))
{
    m_list->setAccessibleName(tr("Probes"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setUniformItemSizes(true);
    m_list->viewport()->setBackgroundRole(QPalette::Button); // the panel's colour
    auto* save = new widgets::IconButton(widgets::Symbol::Export, tr("Export a figure"), m_heading);
    m_heading->addLastTool(save);
    connect(save, &widgets::IconButton::clicked, this, &ProbesPanel::exportAsked);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_heading);
    m_inset->addWidget(m_sentence);
    column->addLayout(m_inset);
    column->addLayout(m_row, 1);
    m_row->addWidget(m_list);
    m_row->addWidget(m_probe, 1);
    connect(m_list, &QListWidget::currentRowChanged, this, [this](int place) {
        if (place >= 0 && place < int(m_entries.size()) && m_entries[std::size_t(place)].id != m_current) {
            m_current = m_entries[std::size_t(place)].id;
            emit chosen(m_current);
        }
    });
    ProbesPanel::themeChanged();
}

void ProbesPanel::setCompact(bool compact)
{
    m_sentence->setSmall(compact);
}

void ProbesPanel::setEntries(const std::vector<ProbeEntry>& entries)
{
    if (m_entries == entries)
        return;
    m_entries = entries;
    fill();
}

void ProbesPanel::fill()
{
    const QSignalBlocker quiet(m_list);
    m_list->clear();
    for (const ProbeEntry& entry : m_entries) {
        auto* item = new QListWidgetItem(markerIcon(entry.method), entry.title, m_list);
        item->setToolTip(entry.method.title + ": " + entry.help);
        item->setSizeHint({theme().px(200), theme().px(24)});
        if (entry.id == m_current)
            m_list->setCurrentItem(item);
    }
}

void ProbesPanel::setCurrent(const QString& id)
{
    m_current = id;
    const QSignalBlocker quiet(m_list);
    for (std::size_t place = 0; place < m_entries.size(); ++place)
        if (m_entries[place].id == id)
            m_list->setCurrentRow(int(place));
}

void ProbesPanel::themeChanged()
{
    m_list->setFixedWidth(theme().px(240));
    // A hairline stands between the two, as far from the list as the list from the edge.
    m_row->setSpacing(theme().px(Theme::gap2 + Theme::gap4));
    m_row->setContentsMargins(theme().px(Theme::gap2), theme().px(Theme::gap2), theme().px(40),
                              theme().px(Theme::gap2));
    m_inset->setContentsMargins(theme().px(Theme::gap4), 0, theme().px(40), theme().px(Theme::gap2));
    m_list->setIconSize({theme().px(16), theme().px(16)});
    fill();
}

void ProbesPanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
    const int top = m_list->y() - theme().px(Theme::gap2);
    painter.fillRect(QRect(0, top, width(), 1), theme().hairline);
    painter.fillRect(QRect(m_list->geometry().right() + 1 + theme().px(Theme::gap2), top, 1, height() - top),
                     theme().hairline);
}

} // namespace app
