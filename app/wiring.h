// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionwiring.h"
#include "app/convert/convertdesk.h"
#include "app/document.h"
#include "app/figuredesk.h"
#include "app/frame.h"
#include "app/keeper.h"
#include "app/lanes.h"
#include "app/logits/logitswiring.h"
#include "app/longmaps/longmapwiring.h"
#include "app/mainwindow.h"
#include "app/passkey/passkeydesk.h"
#include "app/presenter.h"
#include "app/probeswiring.h"
#include "app/shelf.h"
#include "app/studypresenter.h"
#include "app/tensors/tensorswiring.h"
#include "app/timingdesk.h"

#include <QObject>

namespace app {

// Every connection between document, lanes and views: the map of the program, to be read from top to bottom. One
// circle, one direction: view → Document → Lanes → engine → Document → view.
class Wiring : public QObject
{
    Q_OBJECT

public:
    Wiring(Document& document, Lanes& lanes, MainWindow& window, KeeperPlace place = {});

    Keeper& keeper() { return m_keeper; }

    Frame& frame() { return m_frame; }

    LogitsWiring& logits() { return m_logits; }

    TensorsWiring& tensors() { return m_tensors; }

    LongMapWiring& longMaps() { return m_longMaps; }

    // Shows the whole state once and starts the first work.
    void start();

    const AttentionWiring& attention() const { return m_attention; }

private:
    void wireWork();     // Document → Lanes
    void wireResults();  // Document → views
    void wireTools();    // views → Document
    void wirePointing(); // token strip; the maps are the Attention tab's own
    void wireMethods();
    void wireMessages();
    void wireFileMenu();
    void wireViewMenu();
    void wireModelMenu();
    void wireMethodMenus();

    void listSamples();
    void chooseFile(bool folder);
    void openDropped(const QStringList& paths);
    void popUpDevices(QPoint where);
    void showAbout(std::string_view method);
    void changeLayout(const std::function<void(ViewLayout&)>& change);
    void changeSelection(const std::function<void(Selection&)>& change);
    void playOn();

    Document& m_document;
    Lanes& m_lanes;
    MainWindow& m_window;
    Presenter m_presenter;
    TimingDesk m_timing;
    FigureDesk m_figures;
    StudyPresenter m_studies; // the methods' own tabs and Explain: connects itself
    PasskeyDesk m_passkey;
    ConvertDesk m_convert;
    AttentionWiring m_attention; // the Attention tab and the Heads panel
    Shelf m_shelf;
    Keeper m_keeper;
    Frame m_frame;
    QMenu* m_samples = nullptr; // owned by the window
    int m_playedFrom = -1;      // the row where playing began: its own breakpoint does not stop it
    LogitsWiring m_logits;
    TensorsWiring m_tensors;
    LongMapWiring m_longMaps;
    ProbesWiring m_probes;
};

} // namespace app
