// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionpresenter.h"
#include "app/attention/attentionwork.h"
#include "app/attention/mapzoom.h"
#include "app/attention/viewwords.h"
#include "app/mainwindow.h"

#include <QObject>

#include <functional>
#include <vector>

class QAction;
class QMenu;

namespace app {

// The Attention tab and the Heads panel: every connection between them, the Document and their work.
class AttentionWiring : public QObject
{
    Q_OBJECT

public:
    AttentionWiring(Document& document, Lanes& lanes, MainWindow& window);

    // Shows the whole state once.
    void start();

    const AttentionWork& work() const { return m_work; }

private:
    void wireWork();     // Document → work
    void wireResults();  // Document and work → views
    void wireMaps();     // maps, row plot and arcs → Document
    void wireControls(); // tools, bars and sentence → Document
    void wireHeads();
    void addMenu();

    // A group of entries of which one is chosen, by a value of the view.
    template <typename Value>
    void addChoice(QMenu& menu, const ViewChoice<Value>& choice);
    void addScales();
    void addFlag(const ViewFlag& flag);
    void checkEntries(); // as the view is now

    void changeView(const std::function<void(AttentionView&)>& change);
    void changeLayout(const std::function<void(ViewLayout&)>& change);
    void select(engine::LayerIndex layer, engine::HeadIndex head);
    void hoverCell(widgets::Cell cell);
    void pickCell(widgets::Cell cell);
    void lockRange();
    void fitRange();
    void goToCell();
    void goToWorstHead(const std::string& metric);
    void goToWorstCell();
    void followNumber(int number); // of the sentence

    Document& m_document;
    MainWindow& m_window;
    AttentionWork m_work;
    AttentionPresenter m_presenter;
    MapZoom m_zoom;
    QMenu *m_menu = nullptr, *m_headsMenu = nullptr;
    std::vector<std::function<void(const AttentionView&)>> m_checks;
};

} // namespace app
