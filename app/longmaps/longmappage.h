// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/longmapview.h"
#include "widgets/parted.h"

#include <optional>
#include <vector>

class QHBoxLayout;

namespace widgets {
class ColorBar;
class Segment;
class Sentence;
} // namespace widgets

namespace app {

class Heading;

// The Map tab: maps of several methods side by side, linked, over one colour bar.
class LongMapPage : public widgets::View, public widgets::Parted
{
    Q_OBJECT

public:
    explicit LongMapPage(QWidget* parent = nullptr);

    Heading& heading() { return *m_heading; }

    widgets::Segment& scale() { return *m_scale; }

    widgets::Sentence& sentence() { return *m_sentence; }

    widgets::ColorBar& bar() { return *m_bar; }

    // The compared method's weights minus the exact ones, where every one of them can be drawn.
    widgets::LongMapView& difference() { return *m_difference; }

    widgets::ColorBar& differenceBar() { return *m_differenceBar; }

    // As many maps as there are methods; new ones are told by mapAdded.
    void setMaps(std::size_t count);

    const std::vector<widgets::LongMapView*>& maps() const { return m_maps; }

    std::vector<std::pair<QString, QString>> parts() const override; // each map, the difference
    QString partAt(const QWidget& inside) const override;
    void setOnly(const QString& part) override;

signals:
    void mapAdded(widgets::LongMapView* map);
    void differenceShown(); // it has got room

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    class Area; // the room of the maps and their bar

    struct Room
    {
        int side = 0;       // pixels for the cells of a map
        int difference = 0; // for those of the difference; 0: it is not shown
        bool barBeside = false;
    };

    void arrange();
    std::optional<std::size_t> onlyPlace() const; // among the maps; behind them: the difference
    void showAxes();
    int sideFor(int count, bool barBelow) const; // of the whole map, with so many of them side by side
    int barHeight() const;
    QSize labelled() const;
    int chrome(int count) const;
    Room room() const;

    Heading* m_heading;
    widgets::Segment* m_scale;
    widgets::Sentence* m_sentence;
    Area* m_area;
    widgets::ColorBar* m_bar;
    widgets::LongMapView* m_difference;
    widgets::ColorBar* m_differenceBar;
    QHBoxLayout* m_inset;
    std::vector<widgets::LongMapView*> m_maps;
    QString m_only;
};

} // namespace app
