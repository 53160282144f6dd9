// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/figuredesk.h"

#include "app/cli/opened.h"
#include "app/figuredata.h"
#include "app/figuredialogs.h"
#include "app/figures.h"
#include "app/probestudy.h"
#include "app/provenance.h"
#include "app/timingreport.h"

#include <QAction>
#include <QClipboard>
#include <QFile>
#include <QFileDialog>
#include <QGuiApplication>
#include <QInputDialog>
#include <QJsonDocument>
#include <QMenu>
#include <QMimeData>

#include <algorithm>
#include <sstream>

namespace app {

namespace {

// The sha256 of the weights, once per model and thread: a large file takes a while.
std::string hashOf(const std::shared_ptr<const LaneRun>& run, engine::Job& job)
{
    thread_local std::pair<std::weak_ptr<const engine::Model>, std::string> known;
    if (!run)
        return {};
    if (known.first.lock() != run->model)
        known = {run->model, cli::weightsHash(run->model->checkpoint(), job)};
    return known.second;
}

} // namespace

FigureDesk::FigureDesk(Document& document, Lanes& lanes, MainWindow& window)
    : m_document(document)
    , m_lanes(lanes)
    , m_window(window)
{
    const QString file = tr("File");
    window.menu(file)->addSeparator();
    connect(window.addEntry(file, tr("Export figure…"), {QKeySequence(QStringLiteral("Ctrl+E"))}), &QAction::triggered,
            this, &FigureDesk::exportFigure);
    connect(window.addEntry(file, tr("Export data…"), {QKeySequence(QStringLiteral("Ctrl+Shift+E"))}),
            &QAction::triggered, this, &FigureDesk::exportData);
    const QString edit = tr("Edit");
    connect(window.addEntry(edit, tr("Copy figure"), {QKeySequence(QStringLiteral("Ctrl+C"))}), &QAction::triggered,
            this, &FigureDesk::copyFigure);
    connect(window.addEntry(edit, tr("Copy numbers"), {QKeySequence(QStringLiteral("Ctrl+Shift+C"))}),
            &QAction::triggered, this, &FigureDesk::copyNumbers);
    connect(window.addEntry(file, tr("Save timing report…")), &QAction::triggered, this, &FigureDesk::exportReport);
    connect(window.addEntry(file, tr("Open a figure’s view again…")), &QAction::triggered, this,
            [this] { choose(tr("Open a figure’s view again"), &FigureDesk::reopen); });
    connect(window.addEntry(file, tr("Compare with a figure…")), &QAction::triggered, this,
            [this] { choose(tr("Compare with a figure"), &FigureDesk::compare); });
    connect(window.addEntry(file, tr("Show a figure’s provenance…")), &QAction::triggered, this,
            [this] { choose(tr("Show a figure’s provenance"), &FigureDesk::showProvenance); });
}

void FigureDesk::choose(const QString& title, void (FigureDesk::*then)(const QString&))
{
    auto* dialog = new QFileDialog(&m_window, title);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilter(tr("Figures (*.svg *.pdf *.png)"));
    connect(dialog, &QFileDialog::fileSelected, this, then);
    dialog->open();
}

bool FigureDesk::maybeFigure(const QString& path)
{
    return path.endsWith(QStringLiteral(".svg")) || path.endsWith(QStringLiteral(".pdf")) ||
           path.endsWith(QStringLiteral(".png"));
}

// The tab's figure; of a tab that has none of its own, the Attention view's.
std::string FigureDesk::view() const
{
    const std::vector<std::string> views = figureViews();
    const std::string& tab = m_document.state().layout.tab;
    return std::find(views.begin(), views.end(), tab) == views.end() ? "attention" : tab;
}

void FigureDesk::addTab(const std::string& tab, std::function<void(FigureSource&)> fill)
{
    m_tabs[tab] = std::move(fill);
}

FigureSource FigureDesk::source() const
{
    FigureSource source;
    source.state = m_document.state();
    for (int lane = 0; lane < m_document.laneCount(); ++lane)
        source.lanes.push_back(m_document.lane({lane}));
    source.sweep = m_document.sweep();
    source.passes = m_document.passes();
    source.study =
        view() == probesTab ? probeStudy(source.state, source.lanes, m_document.lastRow()) : m_document.study(view());
    source.device = m_document.device();
    if (const auto tab = m_tabs.find(view()); tab != m_tabs.end())
        tab->second(source);
    return source;
}

void FigureDesk::ask(const QString& title, const QStringList& filters,
                     const std::function<void(QString, int filter)>& then)
{
    auto* dialog = new QFileDialog(&m_window, title);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilters(filters);
    connect(dialog, &QFileDialog::fileSelected, this, [dialog, filters, then](const QString& path) {
        then(path, int(filters.indexOf(dialog->selectedNameFilter())));
    });
    dialog->open();
}

void FigureDesk::exportFigure()
{
    ask(tr("Export figure"),
        {tr("Two columns, 178 mm (*.svg *.pdf *.png)"), tr("One column, 85 mm (*.svg *.pdf *.png)"),
         tr("Slide, 254 mm (*.svg *.pdf *.png)"), tr("Another width, asked for next (*.svg *.pdf *.png)")},
        [this](const QString& path, int filter) {
            const double widths[] = {widgets::doubleColumnMm, widgets::singleColumnMm, 254};
            if (filter == 3)
                askWidth(path);
            else
                write(path, widths[std::clamp(filter, 0, 2)]);
        });
}

void FigureDesk::askWidth(const QString& path)
{
    auto* dialog = new QInputDialog(&m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Width of the figure"));
    dialog->setLabelText(tr("Width in millimetres"));
    dialog->setInputMode(QInputDialog::DoubleInput);
    dialog->setDoubleDecimals(1);
    dialog->setDoubleRange(widgets::narrowestMm, widgets::widestMm);
    dialog->setDoubleValue(m_width);
    connect(dialog, &QInputDialog::doubleValueSelected, this, [this, path](double widthMm) {
        m_width = widthMm;
        write(path, widthMm);
    });
    dialog->open();
}

void FigureDesk::exportData()
{
    ask(tr("Export data"), {tr("Table with named columns (*.csv)"), tr("NumPy arrays (*.npy)")},
        [this](const QString& path, int) { write(path, widgets::doubleColumnMm); });
}

void FigureDesk::exportReport()
{
    const std::shared_ptr<const SweepResult> sweep = m_document.sweep();
    if (!sweep) {
        m_document.setMessage(Message{tr("There is no sweep to report yet."), tr("Run one on the Timing tab first."),
                                      true, Message::Cure::None});
        return;
    }
    const std::string title = m_document.model() ? m_document.model()->checkpoint().name : std::string("Subquad");
    ask(tr("Save timing report"), {tr("Web page (*.html)"), tr("Raw samples (*.csv)"), tr("Everything (*.json)")},
        [this, sweep, title](const QString& path, int) {
            withShown("report", tr("Writing the report"),
                      [path = path.toStdString(), sweep, title](const FigureSource& source, const std::string&,
                                                                engine::Job&, Bench&) {
                          writeTimingReport(
                              path, *sweep, title,
                              QJsonDocument(provenanceOf(source, "timing")).toJson(QJsonDocument::Compact));
                      });
        });
}

void FigureDesk::withShown(std::string tag, const QString& title,
                           std::function<void(const FigureSource&, const std::string& view, engine::Job&, Bench&)> work)
{
    std::vector<std::shared_ptr<const Accelerator>> accelerators;
    accelerators.reserve(std::size_t(m_document.laneCount()));
    for (int lane = 0; lane < m_document.laneCount(); ++lane)
        accelerators.push_back(m_lanes.acceleratorOf({lane}));
    const FigureSource shown = source();
    const std::optional<MapsRequest> maps = mapsRequestOf(shown.state, shown.lanes, std::move(accelerators),
                                                          m_document.comparedLane().value, m_document.lastRow());
    m_lanes.measureOn(
        std::move(tag), title,
        [source = shown, view = view(), maps, work = std::move(work)](engine::Job& job, Bench& bench) mutable {
            if (view == "attention" && maps) {
                const Turns::Turn turn = bench.turns.take(job); // joining heads computes on the lanes' device
                source.maps = makeMaps(*maps, job);
            }
            source.weightsHash = source.lanes.empty() ? std::string() : hashOf(source.lanes.front().run, job);
            job.report(0.5, "rendering");
            work(source, view, job, bench);
        },
        [] {});
}

void FigureDesk::write(const QString& path, double widthMm)
{
    withShown("figure", tr("Writing the figure"),
              [path = path.toStdString(), widthMm](const FigureSource& source, const std::string& view, engine::Job&,
                                                   Bench&) { writeFigure(path, source, view, widthMm); });
}

void FigureDesk::copyFigure()
{
    withShown("copy", tr("Copying the figure"),
              [](const FigureSource& source, const std::string& view, engine::Job&, Bench& bench) {
                  const QByteArray png =
                      widgets::figurePng(pageOf(source, view), widgets::doubleColumnMm,
                                         QJsonDocument(provenanceOf(source, view)).toJson(QJsonDocument::Compact));
                  const QImage picture = QImage::fromData(png);
                  bench.post([png, picture] {
                      auto* data = new QMimeData; // the clipboard owns it
                      data->setImageData(picture);
                      data->setData(QStringLiteral("image/png"), png);
                      QGuiApplication::clipboard()->setMimeData(data);
                  });
              });
}

void FigureDesk::copyNumbers()
{
    withShown("copy", tr("Copying the numbers"),
              [](const FigureSource& source, const std::string& view, engine::Job&, Bench& bench) {
                  std::ostringstream out;
                  writeCsv(out, source, view, QJsonDocument(provenanceOf(source, view)).toJson(QJsonDocument::Compact));
                  bench.post(
                      [text = QString::fromStdString(out.str())] { QGuiApplication::clipboard()->setText(text); });
              });
}

void FigureDesk::read(const QString& path, void (FigureDesk::*then)())
{
    m_lanes.measureOn(
        "reopen", tr("Reading the figure"),
        [this, path, then](engine::Job&, Bench& bench) {
            bench.post([this, then, record = std::make_shared<const FigureRecord>(readFigure(path.toStdString()))] {
                m_record = record;
                (this->*then)();
            });
        },
        [] {});
}

std::function<void()> FigureDesk::about(void (FigureDesk::*then)())
{
    return [this, then, record = m_record] {
        m_record = record;
        (this->*then)();
    };
}

void FigureDesk::offer(const QString& path)
{
    read(path, &FigureDesk::showOffer);
}

void FigureDesk::reopen(const QString& path)
{
    read(path, &FigureDesk::openView);
}

void FigureDesk::compare(const QString& path)
{
    read(path, &FigureDesk::compareWithNow);
}

void FigureDesk::showProvenance(const QString& path)
{
    read(path, &FigureDesk::openProvenance);
}

void FigureDesk::showOffer()
{
    auto* dialog = new FigureOffer(*m_record, changesBetween(m_record->state, m_document.state()), &m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &FigureOffer::viewAsked, this, about(&FigureDesk::openView));
    connect(dialog, &FigureOffer::compareAsked, this, about(&FigureDesk::compareWithNow));
    connect(dialog, &FigureOffer::provenanceAsked, this, about(&FigureDesk::openProvenance));
    dialog->open();
}

void FigureDesk::openView()
{
    const QStringList changes = changesBetween(m_document.state(), m_record->state);
    restore(m_record->state);
    const QString why = changes.isEmpty() ? tr("It is what the window showed.")
                                          : tr("Undo brings back what was shown: %1.").arg(changes.join("; "));
    m_document.setMessage(
        Message{tr("The view of %1 is open again.").arg(m_record->name), why, true, Message::Cure::Compare});
}

void FigureDesk::openProvenance()
{
    auto* dialog = new ProvenanceDialog(*m_record, &m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void FigureDesk::compareWithNow()
{
    if (!m_record)
        return;
    withShown(
        "comparison", tr("Comparing with the figure"),
        [this, record = m_record](const FigureSource& source, const std::string& view, engine::Job&, Bench& bench) {
            DocumentState now = source.state;
            now.layout.tab = view;
            FigureComparison comparison{
                *record, provenanceOf(source, view), changesBetween(record->state, now), QImage(), {}};
            if (record->state.layout.tab == view)
                try {
                    comparison.picture =
                        QImage::fromData(widgets::figurePng(pageOf(source, view), record->widthMm(), QByteArray()));
                } catch (const engine::Error& nothing) { // the window has nothing to draw yet
                    comparison.missing = QString::fromStdString(nothing.what());
                }
            else
                comparison.missing = tr("Another tab is in front: open the figure’s view again to see it here.");
            bench.post([this, record, comparison] {
                m_record = record;
                openComparison(comparison);
            });
        });
}

void FigureDesk::openComparison(const FigureComparison& comparison)
{
    auto* dialog = new ComparisonDialog(comparison, &m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ComparisonDialog::viewAsked, this, about(&FigureDesk::openView));
    connect(dialog, &ComparisonDialog::provenanceAsked, this, about(&FigureDesk::openProvenance));
    dialog->show();
}

// How the window itself is arranged stays: the figure was light for paper's sake.
void FigureDesk::restore(const DocumentState& state)
{
    const ViewLayout& now = m_document.state().layout;
    DocumentState next = state;
    next.layout.dark = now.dark;
    next.layout.scale = now.scale;
    next.layout.leftDock = now.leftDock;
    next.layout.rightDock = now.rightDock;
    next.layout.maximised = now.maximised;
    m_document.become(next);
}

} // namespace app
