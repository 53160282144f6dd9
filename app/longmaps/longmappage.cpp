// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/longmaps/longmappage.h"

#include "app/panels/heading.h"
#include "widgets/colorbar.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace app {

using widgets::theme;
using widgets::Theme;

namespace {

constexpr QLatin1String differenceId("difference");

QString mapId(std::size_t place)
{
    return QStringLiteral("map %1").arg(place);
}

} // namespace

class LongMapPage::Area : public QWidget
{
public:
    explicit Area(LongMapPage& page)
        : QWidget(&page)
        , m_page(page)
    {
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    }

    QSize minimumSizeHint() const override { return {theme().px(200), theme().px(360)}; } // maps of 200

protected:
    void resizeEvent(QResizeEvent* /*event*/) override { m_page.arrange(); }

private:
    LongMapPage& m_page;
};

LongMapPage::LongMapPage(QWidget* parent)
    : View(parent)
    , m_heading(new Heading(tr("Map"), 40, this))
    , m_scale(new widgets::Segment(this))
    , m_sentence(new widgets::Sentence(this))
    , m_area(new Area(*this))
    , m_bar(new widgets::ColorBar(m_area))
    , m_difference(new widgets::LongMapView(m_area))
    , m_differenceBar(new widgets::ColorBar(m_area))
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
    column->addWidget(m_area, 1);
    m_difference->setAxesShown(false);
    m_difference->hide();
    m_differenceBar->hide();
    connect(m_difference, &widgets::LongMapView::mapChanged, this, &LongMapPage::arrange);
    LongMapPage::themeChanged();
}

void LongMapPage::setMaps(std::size_t count)
{
    if (count == m_maps.size())
        return;
    while (m_maps.size() > count) {
        m_maps.back()->deleteLater();
        m_maps.back()->hide();
        m_maps.pop_back();
    }
    while (m_maps.size() < count) {
        auto* map = new widgets::LongMapView(m_area);
        map->setAxesShown(m_maps.empty());
        map->show();
        m_maps.push_back(map);
        connect(map, &widgets::LongMapView::mapChanged, this, &LongMapPage::arrange);
        emit mapAdded(map);
    }
    arrange();
    showAxes();
}

int LongMapPage::sideFor(int count) const
{
    const int margin = theme().px(Theme::gap4), gap = theme().px(Theme::gap5);
    const int bar = m_bar->sizeHint().height() + theme().px(Theme::gap3);
    // Beside the cells: the queries' labels, of one map.
    QSize labelled = m_difference->sizeFor(0);
    for (const widgets::LongMapView* map : m_maps)
        labelled = labelled.expandedTo(map->sizeFor(0));
    const widgets::LongMapView& other = m_maps.front()->sizeFor(0) == labelled ? *m_difference : *m_maps.front();
    const int chrome = 2 * margin + (count - 1) * (gap + other.sizeFor(0).width()) + labelled.width();
    const int wide = (m_area->width() - chrome) / std::max(1, count);
    const int high = m_area->height() - bar - labelled.height();
    const int side = std::max(theme().px(48), std::min(wide, high));
    // What whole pixels a cell leave over must not stand between the maps.
    return count > 1 ? m_maps.front()->wholeSide(side) : side;
}

std::vector<std::pair<QString, QString>> LongMapPage::parts() const
{
    std::vector<std::pair<QString, QString>> all;
    for (std::size_t place = 0; place < m_maps.size(); ++place)
        all.emplace_back(mapId(place), tr("map %1").arg(place + 1));
    if (m_maps.size() > 1 && m_maps.front()->drawsEvery(sideFor(1)))
        all.emplace_back(differenceId, tr("difference"));
    return all;
}

QString LongMapPage::partAt(const QWidget& inside) const
{
    for (std::size_t place = 0; place < m_maps.size(); ++place)
        if (m_maps[place] == &inside)
            return mapId(place);
    return m_difference == &inside ? QString(differenceId) : QString();
}

std::optional<std::size_t> LongMapPage::onlyPlace() const
{
    const auto there = parts();
    for (std::size_t place = 0; place < there.size(); ++place)
        if (there[place].first == m_only)
            return place;
    return std::nullopt;
}

void LongMapPage::setOnly(const QString& part)
{
    if (part == m_only)
        return;
    m_only = part;
    showAxes();
    arrange();
}

// The queries' labels stand at the first map, or at the only one.
void LongMapPage::showAxes()
{
    const auto only = onlyPlace();
    for (std::size_t place = 0; place < m_maps.size(); ++place)
        m_maps[place]->setAxesShown(only ? *only == place : place == 0);
    m_difference->setAxesShown(only && *only == m_maps.size());
}

// All maps have the same room for cells, the first also the labels of the queries; a bar stands right under its maps.
void LongMapPage::arrange()
{
    if (m_maps.empty())
        return;
    const int gap = theme().px(Theme::gap5), count = int(m_maps.size());
    const widgets::LongMapView& first = *m_maps.front();
    const auto only = onlyPlace();
    const int alone = sideFor(only ? 1 : count), beside = count > 1 && !only ? sideFor(count + 1) : 0;
    const bool besides = first.drawsEvery(beside) && first.drawnSide(beside) == first.drawnSide(alone);
    const bool differs = only ? *only == m_maps.size() : besides;
    const int side = besides ? beside : alone;
    const bool appears = differs && m_difference->isHidden();
    std::vector<widgets::LongMapView*> weights;
    for (std::size_t place = 0; place < m_maps.size(); ++place) {
        m_maps[place]->setVisible(!only || *only == place);
        if (!m_maps[place]->isHidden())
            weights.push_back(m_maps[place]);
    }
    m_difference->setVisible(differs);
    m_differenceBar->setVisible(differs);
    m_bar->setVisible(!weights.empty());
    std::vector<widgets::LongMapView*> shown = weights;
    if (differs)
        shown.push_back(m_difference);
    const int margin = theme().px(Theme::gap4), wide = shown.front()->sizeFor(side).width();
    int x = shown.size() > 1 ? margin : std::max(margin, (m_area->width() - wide) / 2); // alone in the middle
    int foot = 0;
    for (widgets::LongMapView* map : shown) {
        map->setGeometry(QRect(QPoint(x, 0), map->sizeFor(side)));
        x += map->width() + gap;
        foot = std::max(foot, int(std::ceil(map->foot())));
    }
    const auto place = [&](widgets::ColorBar& bar, const widgets::LongMapView& from, const widgets::LongMapView& to) {
        const int inset = theme().px(7); // the bar's handles stand out to both sides
        bar.raise();                     // a zoomed map's view reaches below its map
        const int left = from.x() + int(from.map().left()) - inset, right = to.x() + int(to.map().right()) + inset;
        bar.setGeometry(left, foot + theme().px(Theme::gap1), std::max(right - left, theme().px(96)),
                        bar.sizeHint().height());
    };
    if (!weights.empty())
        place(*m_bar, *weights.front(), *weights.back());
    place(*m_differenceBar, *m_difference, *m_difference);
    if (appears)
        emit differenceShown();
}

void LongMapPage::themeChanged()
{
    const int left = theme().px(Theme::gap4), right = theme().px(Theme::gap4);
    m_inset->setContentsMargins(left, 0, right, theme().px(Theme::gap2));
    arrange();
}

void LongMapPage::paintEvent(QPaintEvent* /*event*/)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace app
