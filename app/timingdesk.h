// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/lanes.h"
#include "app/mainwindow.h"
#include "app/sightkeeper.h"
#include "app/timing.h"

#include <QObject>

namespace app {

class TimingPanel;

// Everything behind the Timing tab: what it shows of the Document, what its controls start. Measures passes by itself
// where that takes less than a second; a sweep only when it is asked for, with its price beside the button.
class TimingDesk : public QObject
{
    Q_OBJECT

public:
    TimingDesk(Document& document, Lanes& lanes, MainWindow& window);

    TimingPanel& panel() { return *m_panel; }

    // What the form asks for, nothing timed yet. Throws engine::Error{Request} in a sentence.
    SweepResult asked() const;

public slots:
    void runSweep();
    void measurePasses(); // asked for: whatever it takes

signals:
    void figureAsked();
    void reportAsked();

private:
    void showSweep();
    void showPasses();
    void showPrice();
    void showView(); // segments and form
    void keepSights();
    void measureIfQuick();
    bool onDevice() const;
    bool shown() const;
    SweepForm startForm() const;
    void copyCommand();

    Document& m_document;
    Lanes& m_lanes;
    TimingPanel* m_panel; // the window owns it
    SightKeeper m_timeline, m_plot, m_roofline;
    TimingView m_view; // as shown
};

// What the slowest lane reached in the layer in view, for a forecast; 1 GFLOP/s until there is a time.
double operationsPerSecond(const Document& document);

} // namespace app
