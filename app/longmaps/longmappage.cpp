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
constexpr double besideWidth = 320; // of a bar that stands beside its map

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
    m_scale->setAccessibleName(tr("Colour scale"));
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

// Room for the cells of one of `count` maps side by side, with the bar below them or elsewhere.
int LongMapPage::sideFor(int count, bool barBelow) const
{
    const int high = m_area->height() - labelled().height() - (barBelow ? barHeight() : 0);
    const int beside = barBelow ? 0 : theme().px(besideWidth + Theme::gap5);
    const int side = std::max(theme().px(48), std::min((m_area->width() - chrome(count) - beside) / count, high));
    // What whole pixels a cell leave over must not stand between the maps.
    return count > 1 ? m_maps.front()->wholeSide(side) : side;
}

int LongMapPage::barHeight() const
{
    return m_bar->sizeHint().height() + theme().px(Theme::gap3);
}

// Beside the cells: the queries' labels, of one map.
QSize LongMapPage::labelled() const
{
    QSize size = m_difference->sizeFor(0);
    for (const widgets::LongMapView* map : m_maps)
        size = size.expandedTo(map->sizeFor(0));
    return size;
}

// The width that so many maps have no cells in.
int LongMapPage::chrome(int count) const
{
    const QSize most = labelled();
    const widgets::LongMapView& other = m_maps.front()->sizeFor(0) == most ? *m_difference : *m_maps.front();
    return 2 * theme().px(Theme::gap4) + (count - 1) * (theme().px(Theme::gap5) + other.sizeFor(0).width()) +
           most.width();
}

// Cells are whole pixels, so the maps leave room over. The difference takes what they leave, where one pixel a cell
// fits into it; else all are drawn with smaller cells, where they can be. The bar of one map alone stands beside it
// where that makes its cells larger.
LongMapPage::Room LongMapPage::room() const
{
    const widgets::LongMapView& first = *m_maps.front();
    const int count = int(m_maps.size());
    const auto only = onlyPlace();
    const bool isAlone = only || count == 1;
    const int below = sideFor(isAlone ? 1 : count, true);
    if (isAlone) {
        const int beside = sideFor(1, false);
        const bool isLarger = first.drawnSide(beside) > first.drawnSide(below);
        const int side = isLarger ? beside : below;
        return {side, only == m_maps.size() ? side : 0, isLarger};
    }
    const int all = sideFor(count + 1, true);
    if (first.drawnSide(all) == first.drawnSide(below))
        return {all, first.drawsEvery(all) ? all : 0, false};
    const int high = m_area->height() - labelled().height() - barHeight();
    const int left = std::min(m_area->width() - chrome(count + 1) - count * below, high);
    if (first.drawsEvery(left))
        return {below, first.wholeSide(left), false};
    return first.drawsEvery(all) ? Room{all, all, false} : Room{below, 0, false};
}

std::vector<std::pair<QString, QString>> LongMapPage::parts() const
{
    std::vector<std::pair<QString, QString>> all;
    for (std::size_t place = 0; place < m_maps.size(); ++place)
        all.emplace_back(mapId(place), tr("map %1").arg(place + 1));
    if (m_maps.size() > 1 && m_maps.front()->drawsEvery(std::max(sideFor(1, true), sideFor(1, false))))
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
    const int gap = theme().px(Theme::gap5), margin = theme().px(Theme::gap4);
    const auto only = onlyPlace();
    const Room room = this->room();
    const bool differs = room.difference > 0;
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
    const auto sizeOf = [&](const widgets::LongMapView* map) {
        return map->sizeFor(map == m_difference ? room.difference : room.side);
    };
    const int beside = room.barBeside ? gap + theme().px(besideWidth) : 0;
    int x = shown.size() > 1 ? margin // alone in the middle
                             : std::max(margin, (m_area->width() - sizeOf(shown.front()).width() - beside) / 2);
    for (widgets::LongMapView* map : shown) {
        map->setGeometry(QRect(QPoint(x, 0), sizeOf(map)));
        x += map->width() + gap;
    }
    const auto place = [&](widgets::ColorBar& bar, const widgets::LongMapView& from, const widgets::LongMapView& to) {
        const int inset = theme().px(7); // the bar's handles stand out to both sides
        const int high = bar.sizeHint().height();
        bar.raise(); // a zoomed map's view reaches below its map
        if (room.barBeside) {
            bar.setGeometry(to.x() + int(to.map().right()) + gap, int(to.map().bottom()) - high,
                            theme().px(besideWidth), high);
            return;
        }
        const int left = from.x() + int(from.map().left()) - inset, right = to.x() + int(to.map().right()) + inset;
        bar.setGeometry(left, int(std::ceil(from.foot())) + theme().px(Theme::gap1),
                        std::max(right - left, theme().px(96)), high);
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
