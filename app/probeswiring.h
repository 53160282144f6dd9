// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/mainwindow.h"
#include "app/sightkeeper.h"
#include "widgets/gridimage.h"

namespace app {

// The Probes tab's part of the circle: document → panel → document. A pinned cell is among the sights of the layout;
// where rows are tokens its row is the token that every view has pinned.
class ProbesWiring : public QObject
{
    Q_OBJECT

signals:
    void exportAsked(); // of a figure

public:
    ProbesWiring(Document& document, MainWindow& window);

    void release(); // whatever is pinned, here or elsewhere

private:
    void show(); // the chosen probe of the first lane that has it
    void showMarked();
    void say(const LayerAttention& layer);
    void choose(const QString& id);
    void hover(widgets::Cell cell);
    void pin(widgets::Cell cell);
    bool rowsAreTokens() const;
    std::optional<widgets::Cell> kept() const; // as it was pinned in here

    Document& m_document;
    ProbesPanel& m_panel;
    std::optional<widgets::Cell> m_hovered; // by the pointer in here
    SightKeeper m_sight;
};

} // namespace app
