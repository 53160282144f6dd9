// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/longmaps/longmappage.h"

#include "app/panels/heading.h"
#include "widgets/colorbar.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

LongMapPage::LongMapPage(QWidget* parent)
    : View(parent)
    , m_heading(new Heading(tr("Map"), 40, this))
    , m_scale(new widgets::Segment(this))
    , m_sentence(new widgets::Sentence(this))
    , m_bar(new widgets::ColorBar(this))
{
    m_scale->setOptions({QStringLiteral("√"), tr("log"), tr("linear")});
    m_scale->setToolTip(tr("How weights become colours"));
    m_heading->addTool(m_scale);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_heading);
    m_inset = new QHBoxLayout;
    m_inset->addWidget(m_sentence);
    column->addLayout(m_inset);
    m_row = new QHBoxLayout;
    column->addLayout(m_row, 1);
    m_barInset = new QHBoxLayout;
    m_barInset->addWidget(m_bar);
    column->addLayout(m_barInset);
    LongMapPage::themeChanged();
}

void LongMapPage::setMaps(std::size_t count)
{
    while (m_maps.size() > count) {
        m_maps.back()->deleteLater();
        m_row->removeWidget(m_maps.back());
        m_maps.back()->hide();
        m_maps.pop_back();
    }
    while (m_maps.size() < count) {
        auto* map = new widgets::LongMapView(this);
        map->setAxesShown(m_maps.empty());
        m_maps.push_back(map);
        m_row->addWidget(map, 1);
        emit mapAdded(map);
    }
}

void LongMapPage::themeChanged()
{
    const int left = theme().px(Theme::gap4), right = theme().px(Theme::gap4);
    m_inset->setContentsMargins(left, 0, right, theme().px(Theme::gap2));
    m_row->setContentsMargins(left, 0, right, 0);
    m_row->setSpacing(theme().px(Theme::gap5));
    m_barInset->setContentsMargins(left + theme().px(widgets::mapGutter), 0, right, theme().px(Theme::gap2));
}

void LongMapPage::paintEvent(QPaintEvent* /*event*/)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace app
