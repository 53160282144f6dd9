// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/lanes.h"
#include "app/mainwindow.h"
#include "widgets/figure.h"

#include <QObject>

namespace app {

struct FigureComparison;
struct FigureRecord;
struct FigureSource;

// Export of what the chosen tab shows (Ctrl+E), of its numbers (Ctrl+Shift+E) and of the timing report, each as a job,
// and the way back: a figure's view opens again from the figure, and stands beside what the window shows now.
class FigureDesk : public QObject
{
    Q_OBJECT

public:
    FigureDesk(Document& document, Lanes& lanes, MainWindow& window);

    // What a tab that the Document does not keep puts into a figure of it.
    void addTab(const std::string& tab, std::function<void(FigureSource&)> fill);

    // Whether a dropped file may be a figure of ours; then offer() tells.
    static bool maybeFigure(const QString& path);

public slots:
    void exportFigure();
    void exportData();
    void exportReport();
    void write(const QString& path, double widthMm); // one figure or data file of the chosen tab
    void copyFigure();                               // to the clipboard, as a picture
    void copyNumbers();                              // as CSV
    void offer(const QString& path);                 // what can be done with a figure
    void reopen(const QString& path);                // the figure's view, as it was
    void compare(const QString& path);               // a figure with what the window shows
    void showProvenance(const QString& path);
    void compareWithNow(); // the one that was read last

private:
    FigureSource source() const;
    // Runs `work` on the measuring worker with everything that the chosen tab shows.
    void withShown(std::string tag, const QString& title,
                   std::function<void(const FigureSource&, const std::string& view, engine::Job&, Bench&)> work);
    std::string view() const;
    void ask(const QString& title, const QStringList& filters, const std::function<void(QString, int filter)>& then);
    void choose(const QString& title, void (FigureDesk::*then)(const QString&)); // a figure
    void read(const QString& path, void (FigureDesk::*then)());
    void showOffer();
    void askWidth(const QString& path); // in millimetres, then writes
    void openView();
    void openProvenance();
    void openComparison(const FigureComparison& comparison);
    std::function<void()> about(void (FigureDesk::*then)()); // the figure of now, when it is called
    void restore(const DocumentState& state);

    Document& m_document;
    Lanes& m_lanes;
    MainWindow& m_window;
    std::map<std::string, std::function<void(FigureSource&)>> m_tabs;
    std::shared_ptr<const FigureRecord> m_record; // that was read last
    double m_width = widgets::doubleColumnMm;     // that was asked for last
};

} // namespace app
