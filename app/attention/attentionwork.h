// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/lanes.h"
#ifndef Q_MOC_RUN // moc 6.4 cannot read <concepts>
#include "app/attention/attentionmaps.h"
#include "app/attention/navigation.h"
#include "engine/jobs/worker.h"
#endif

#include <QObject>

#include <memory>
#include <optional>

namespace app {

// The Attention tab's own work: what is drawn of the lanes' maps, and the numbers of every head. Two workers, so that
// drawing never waits for the navigator. Destroyed before the Lanes.
class AttentionWork : public QObject
{
    Q_OBJECT

public:
    AttentionWork(Document& document, Lanes& lanes);
    ~AttentionWork() override;

    // The newest; null until there is one. Old ones stay until new ones are there.
    const std::shared_ptr<const AttentionMaps>& maps() const { return m_maps; }

    const std::shared_ptr<const Navigation>& navigation() const { return m_navigation; }

    // Whether the navigation is of the runs as they are now.
    bool navigationIsCurrent() const;
    bool navigating() const;

    // How long the whole navigation would take, from the last one's speed; none before there was one.
    std::optional<double> expectedSeconds() const;

    // Document::comparedLane(); 0: the reference stands alone.
    int compared() const { return m_document.comparedLane().value; }

public slots:
    void updateMaps();       // anything they are made of may have changed
    void updateNavigation(); // the same; starts by itself only where it takes less than a second
    void navigate();         // starts, however long it takes
    void stopNavigating();

signals:
    void mapsChanged();
    void navigationChanged(); // it, or whether it is current or running

private:
    std::optional<MapsRequest> mapsRequest() const;
    std::optional<NavigationRequest> navigationRequest() const;
    double navigationSizeNow() const;

    Document& m_document;
    Lanes& m_lanes;
    std::shared_ptr<const AttentionMaps> m_maps;
    std::shared_ptr<const Navigation> m_navigation;
    std::optional<MapsRequest> m_asked;                // what the maps on screen or on their way are of
    std::optional<NavigationRequest> m_navigatingFrom; // what runs now
    std::optional<double> m_secondsPerCell;            // of the last navigation
    TaskWorker m_drawer, m_navigator;
};

} // namespace app
