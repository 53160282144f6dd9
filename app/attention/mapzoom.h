// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/mainwindow.h"
#include "app/sightkeeper.h"

class QMenu;

namespace app {

// What part of the Attention tab's maps is looked at: the same of all of them, by hand or by key.
class MapZoom : public QObject
{
    Q_OBJECT

public:
    MapZoom(Document& document, MainWindow& window);

    void addTo(QMenu& menu);

    void again() { sight().again(); } // after new maps

    // On the picked cell and what is around it; again: on everything.
    void focus();
    // One cell a pixel, about the picked one, where the maps have more cells than that.
    void oneToOne();

private:
    void show(const SightKeeper& whose, const QRect& cells); // empty: all
    void moveTo(const QRect& cells);
    QRect around(int count) const; // so many cells a side, the picked one in the middle
    SightKeeper& sight();          // of the picture that is shown

    Document& m_document;
    MainWindow& m_window;
    SightKeeper m_maps, m_neurons; // the neurons' cells are others
};

} // namespace app
