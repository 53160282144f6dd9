// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/longmaps/longmapwork.h"
#include "app/mainwindow.h"
#include "app/sightkeeper.h"
#include "widgets/longmapview.h"

namespace app {

class LongMapPage;

// The Map tab's part of the circle: document → work → page → work. The tab is there while there is a long map.
class LongMapWiring : public QObject
{
    Q_OBJECT

signals:
    void exportAsked(); // of a figure

public:
    LongMapWiring(Document& document, Lanes& lanes, MainWindow& window);

    LongMapWork& work() { return m_work; }

    LongMapPage& page() { return *m_page; }

private:
    void addMap(widgets::LongMapView* map);
    void showFile();
    void showRuns();
    void showPictures();
    void showDifference();
    void showPinned();
    void showHovered();
    void show(const widgets::MapWindow& window);
    void moveTo(const widgets::MapWindow& window); // by hand
    void look();
    widgets::ColorScale scale() const;

    Document& m_document;
    MainWindow& m_window;
    LongMapWork m_work;
    LongMapPage* m_page;
    SightKeeper m_sight;
};

} // namespace app
