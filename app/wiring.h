// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/figuredesk.h"
#include "app/lanes.h"
#include "app/mainwindow.h"
#include "app/presenter.h"
#include "app/studypresenter.h"
#include "app/timingdesk.h"

#include <QObject>

namespace app {

// Every connection between document, lanes and views: the map of the program, to be read from top to bottom. One
// circle, one direction: view → Document → Lanes → engine → Document → view.
class Wiring : public QObject
{
    Q_OBJECT

public:
    Wiring(Document& document, Lanes& lanes, MainWindow& window);

    // Shows the whole state once and starts the first work.
    void start();

private:
    void wireWork();     // Document → Lanes
    void wireResults();  // Document → views
    void wireTools();    // views → Document
    void wirePointing(); // maps, row plot, token strip
    void wireMethods();
    void wireMessages();
    void wireFileMenu();
    void wireViewMenu();
    void wireModelMenu();
    void wireMethodMenus();

    void chooseFile(bool folder);
    void popUpDevices(QPoint where);
    void popUpMethods(int lane, QPoint where);
    void setMethod(int row, const engine::Part& part); // 0: all layers
    void setRange(std::optional<double> map, std::optional<double> difference);
    void lockRange();
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
};

} // namespace app
