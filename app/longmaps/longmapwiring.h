// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/longmaps/longmapwork.h"
#include "app/mainwindow.h"
#include "widgets/longmapview.h"

namespace app {

class LongMapPage;

// The Map tab's part of the circle: document → work → page → work. The tab is there while there is a long map.
class LongMapWiring : public QObject
{
    Q_OBJECT

public:
    LongMapWiring(Document& document, Lanes& lanes, MainWindow& window);

    LongMapWork& work() { return m_work; }

    LongMapPage& page() { return *m_page; }

private:
    void addMap(widgets::LongMapView* map);
    void showFile();
    void showRuns();
    void showPictures();
    void moveTo(const widgets::MapWindow& window);
    void look();
    widgets::ColorScale scale() const;

    Document& m_document;
    MainWindow& m_window;
    LongMapWork m_work;
    LongMapPage* m_page;
    std::optional<double> m_high; // as dragged; none: fitted
};

} // namespace app
