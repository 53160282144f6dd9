// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/attentionpanel.h"

#include "app/attention/attentiontools.h"
#include "app/panels/heading.h"
#include "app/panels/mapsrow.h"
#include "widgets/arcsview.h"
#include "widgets/rowplot.h"
#include "widgets/sentence.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace app {

using widgets::theme;

namespace {

constexpr QLatin1String rowId("row"), arcsId("arcs");

QString mapId(int place)
{
    return QStringLiteral("map %1").arg(place);
}

} // namespace

AttentionPanel::AttentionPanel(QWidget* parent)
    : View(parent)
    , m_heading(new Heading(tr("Attention"), 40, this))
    , m_tools(new AttentionTools(false, m_heading))
    , m_sentence(new widgets::Sentence(this))
    , m_pictures(new QStackedWidget(this))
    , m_maps(new MapsRow(m_pictures))
    , m_arcs(new widgets::ArcsView(m_pictures))
    , m_row(new widgets::RowPlot(this))
{
    m_heading->addTool(m_tools);
    m_row->setForms({tr("query"), tr("mean")}, tr("The picked query’s weights, or each key’s mean over queries"));
    m_pictures->addWidget(m_maps);
    m_pictures->addWidget(m_arcs);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_heading);
    m_inset = new QHBoxLayout;
    m_inset->addWidget(m_sentence);
    column->addLayout(m_inset);
    column->addWidget(m_pictures, 5);
    m_rowInset = new QHBoxLayout;
    m_rowInset->addWidget(m_row);
    column->addLayout(m_rowInset, 2);
    connect(m_maps, &MapsRow::arranged, this, &AttentionPanel::alignRow);
    AttentionPanel::themeChanged();
}

int AttentionPanel::rightMargin() const
{
    return theme().px(m_compact ? 16 : 40);
}

// The row plot ends where the last of several maps does.
void AttentionPanel::alignRow()
{
    const bool maps = m_pictures->currentWidget() == m_maps && m_maps->right() > 0;
    const int right = std::max(rightMargin(), maps ? m_maps->width() - m_maps->right() : 0);
    m_rowInset->setContentsMargins(theme().px(widgets::Theme::gap4), 0, right, theme().px(widgets::Theme::gap2));
}

void AttentionPanel::themeChanged()
{
    m_inset->setContentsMargins(theme().px(widgets::Theme::gap4), 0, rightMargin(), 0);
    alignRow();
}

void AttentionPanel::setCompact(bool compact)
{
    m_compact = compact;
    showParts();
    m_heading->setVisible(!compact);
    themeChanged();
    m_sentence->setSmall(compact);
    m_maps->setCompact(compact);
}

void AttentionPanel::setPicture(bool arcs)
{
    m_pictures->setCurrentIndex(arcs ? 1 : 0);
    showParts();
    alignRow();
}

bool AttentionPanel::arcsShown() const
{
    return m_pictures->currentWidget() == m_arcs;
}

void AttentionPanel::setMapCount(int count)
{
    m_mapCount = count;
    showParts();
}

std::optional<int> AttentionPanel::onlyMap() const
{
    for (int place = 0; place < m_mapCount; ++place)
        if (m_only == mapId(place) && !arcsShown())
            return place;
    return std::nullopt;
}

void AttentionPanel::showParts()
{
    const bool row = !onlyMap() && !(m_only == arcsId && arcsShown());
    m_pictures->setVisible(m_only != rowId);
    m_row->setVisible(row);
    // Where there is little height the maps get more of it: their cells grow in steps of a whole pixel.
    auto* column = static_cast<QBoxLayout*>(layout());
    column->setStretchFactor(m_pictures, m_compact ? 10 : 5);
    column->setStretchFactor(m_rowInset, !row ? 0 : m_compact ? 3 : 2); // a layout takes its share even if empty
}

std::vector<std::pair<QString, QString>> AttentionPanel::parts() const
{
    std::vector<std::pair<QString, QString>> all;
    if (arcsShown())
        all.emplace_back(arcsId, tr("arcs"));
    else
        for (int place = 0; place < m_mapCount; ++place)
            all.emplace_back(mapId(place), tr("map %1").arg(place + 1));
    all.emplace_back(rowId, tr("row of weights"));
    return all;
}

QString AttentionPanel::partAt(const QWidget& inside) const
{
    if (m_row == &inside || m_row->isAncestorOf(&inside))
        return rowId;
    if (m_arcs == &inside || m_arcs->isAncestorOf(&inside))
        return arcsId;
    for (int place = 0; place < m_mapCount; ++place)
        if (const QWidget* map = &m_maps->map(place); map == &inside || map->isAncestorOf(&inside))
            return mapId(place);
    return {};
}

void AttentionPanel::setOnly(const QString& part)
{
    if (part == m_only)
        return;
    m_only = part;
    showParts();
    emit onlyChanged();
}

void AttentionPanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace app
