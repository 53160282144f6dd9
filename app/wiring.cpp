// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/wiring.h"

#include "app/attention/attentiontools.h"
#include "app/longmaps/longmapfigure.h"
#include "app/panels/attentionpanel.h"
#include "app/panels/methodspanel.h"
#include "app/panels/promptpanel.h"
#include "app/panels/toolpanel.h"
#include "app/results.h"
#include "app/wording.h"
#include "widgets/jobbar.h"
#include "widgets/messagebar.h"
#include "widgets/methodabout.h"
#include "widgets/tokenstrip.h"

#include <QAction>
#include <QActionGroup>
#include <QDialog>
#include <QFileDialog>
#include <QMenu>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>
#include <functional>

namespace app {

using engine::LaneIndex;
using engine::TokenPos;

namespace {

constexpr int playMs = 150; // between two steps

std::filesystem::path pathOf(const QString& path)
{
    return path.toStdString();
}

} // namespace

Wiring::Wiring(Document& document, Lanes& lanes, MainWindow& window, KeeperPlace place)
    : m_document(document)
    , m_lanes(lanes)
    , m_window(window)
    , m_presenter(document, window)
    , m_timing(document, lanes, window)
    , m_figures(document, lanes, window)
    , m_studies(document, window)
    , m_passkey(document, lanes, window)
    , m_convert(document, lanes, window)
    , m_attention(document, lanes, window)
    , m_shelf(document, window)
    , m_keeper(document, std::move(place))
    , m_frame(document, m_keeper, window)
    , m_logits(document, lanes, window)
    , m_tensors(document, lanes, window)
    , m_longMaps(document, lanes, window)
    , m_probes(document, window)
{
    wireWork();
    wireResults();
    wireTools();
    wirePointing();
    wireMethods();
    wireMessages();
    wireFileMenu();
    wireViewMenu();
    wireModelMenu();
    wireMethodMenus();
    m_frame.fillMenus();
}

void Wiring::start()
{
    std::vector<widgets::Identity> methods;
    for (const engine::Method& method : engine::methods())
        methods.push_back(widgets::identityOf(method.info));
    m_window.methods().setMethods(methods);
    m_presenter.showTheme();
    m_presenter.showTab();
    m_presenter.showLanes();
    m_presenter.showDevice();
    m_presenter.showPrompt();
    m_presenter.showMethods();
    m_presenter.showProbeList();
    m_presenter.showSelection();
    m_attention.start();
    m_keeper.begin();
    m_lanes.listDevices();
    listSamples();
    if (!m_document.state().checkpoint.empty())
        m_lanes.open();
}

void Wiring::wireWork()
{
    connect(&m_document, &Document::checkpointChanged, &m_lanes, &Lanes::open);
    connect(&m_document, &Document::promptChanged, &m_lanes, &Lanes::encode);
    connect(&m_document, &Document::generatedChanged, &m_lanes, &Lanes::generate);
    connect(&m_document, &Document::lanesChanged, &m_lanes, &Lanes::rearrange);
    connect(&m_document, &Document::planChanged, &m_lanes, &Lanes::rerun);
    connect(&m_document, &Document::deviceNameChanged, &m_lanes, &Lanes::chooseDevice);
    connect(&m_document, &Document::selectionChanged, &m_lanes, &Lanes::lookAtSelection);
    connect(&m_document, &Document::layoutChanged, &m_lanes, &Lanes::showProbes);
    connect(&m_document, &Document::playingChanged, &m_lanes, &Lanes::measure);
}

void Wiring::wireResults()
{
    const auto show = [this](auto signal, void (Presenter::*what)()) {
        connect(&m_document, signal, this, [this, what] { (m_presenter.*what)(); });
    };
    show(&Document::modelChanged, &Presenter::showModel);
    show(&Document::modelChanged, &Presenter::showMethods);
    show(&Document::modelChanged, &Presenter::showPrompt);
    show(&Document::modelChanged, &Presenter::showSelection);
    show(&Document::sequenceChanged, &Presenter::showTokens);
    show(&Document::sequenceChanged, &Presenter::showSelection);
    show(&Document::sequenceChanged, &Presenter::showPrompt);
    show(&Document::promptChanged, &Presenter::showPrompt);
    show(&Document::runChanged, &Presenter::showTokens);
    show(&Document::marksChanged, &Presenter::showTokens);
    show(&Document::lookChanged, &Presenter::showMethods);
    show(&Document::lookChanged, &Presenter::showLive);
    show(&Document::timingChanged, &Presenter::showLive);
    show(&Document::sweepChanged, &Presenter::showLive);
    show(&Document::planChanged, &Presenter::showLanes);
    show(&Document::planChanged, &Presenter::showMethods);
    show(&Document::planChanged, &Presenter::showProbeList);
    show(&Document::planChanged, &Presenter::showDevice);
    for (void (Presenter::*what)() : {&Presenter::showLanes, &Presenter::showMethods, &Presenter::showProbeList,
                                      &Presenter::showTokens, &Presenter::showLive}) {
        show(&Document::lanesChanged, what);
        show(&Document::selectionChanged, what);
    }
    show(&Document::deviceChanged, &Presenter::showDevice);
    show(&Document::selectionChanged, &Presenter::showSelection);
    show(&Document::selectionChanged, &Presenter::showMarks);
    show(&Document::hoverChanged, &Presenter::showMarks);
    show(&Document::playingChanged, &Presenter::showSelection);
    show(&Document::layoutChanged, &Presenter::showTheme);
    show(&Document::layoutChanged, &Presenter::showTab);
    show(&Document::layoutChanged, &Presenter::showProbeList);
    show(&Document::messageChanged, &Presenter::showMessage);
    show(&Document::jobsChanged, &Presenter::showJobs);
}

void Wiring::wireTools()
{
    ToolPanel& tools = m_window.tools();
    connect(&tools, &ToolPanel::openAsked, this, [this] { chooseFile(false); });
    connect(&tools, &ToolPanel::firstAsked, &m_document, &Document::stepFirst);
    connect(&tools, &ToolPanel::backAsked, &m_document, &Document::stepBack);
    connect(&tools, &ToolPanel::forwardAsked, &m_document, &Document::stepForward);
    connect(&tools, &ToolPanel::lastAsked, &m_document, &Document::stepLast);
    connect(&tools, &ToolPanel::playAsked, this, [this] { m_document.setPlaying(!m_document.playing()); });
    connect(&tools, &ToolPanel::layerChosen, this,
            [this](int layer) { changeSelection([=](Selection& selection) { selection.layer = {layer}; }); });
    connect(&tools, &ToolPanel::headChosen, this,
            [this](int head) { changeSelection([=](Selection& selection) { selection.head = {head}; }); });
    connect(&tools, &ToolPanel::deviceAsked, this, &Wiring::popUpDevices);
    connect(&tools, &ToolPanel::themeAsked, this,
            [this] { changeLayout([](ViewLayout& layout) { layout.dark = !layout.dark; }); });

    connect(&m_window.prompt(), &PromptPanel::runAsked, this, [this](const QString& text) {
        if (text.toStdString() == m_document.state().prompt)
            m_lanes.encode(); // the same text again
        else
            m_document.setPrompt(text.toStdString());
    });
    connect(&m_window, &MainWindow::tabChosen, this,
            [this](const QString& id) { changeLayout([&](ViewLayout& layout) { layout.tab = id.toStdString(); }); });
    connect(&m_window, &MainWindow::openAsked, this, [this] { chooseFile(false); });
    connect(&m_window, &MainWindow::dropped, this, [this](const QStringList& paths) { openDropped(paths); });
    connect(&m_window, &MainWindow::leftAsked, this,
            [this](bool open) { changeLayout([=](ViewLayout& layout) { layout.leftDock = open; }); });
    connect(&m_window, &MainWindow::rightAsked, this,
            [this](bool open) { changeLayout([=](ViewLayout& layout) { layout.rightDock = open; }); });
    connect(&m_window, &MainWindow::maximiseAsked, this, [this] {
        changeLayout([](ViewLayout& layout) {
            layout.maximised = layout.maximised.empty() ? std::string("tab") : std::string();
        });
    });
    connect(&m_timing, &TimingDesk::figureAsked, &m_figures, &FigureDesk::exportFigure);
    connect(&m_studies, &StudyPresenter::exportAsked, &m_figures, &FigureDesk::exportFigure);
    connect(&m_logits, &LogitsWiring::exportAsked, &m_figures, &FigureDesk::exportFigure);
    connect(&m_longMaps, &LongMapWiring::exportAsked, &m_figures, &FigureDesk::exportFigure);
    connect(&m_probes, &ProbesWiring::exportAsked, &m_figures, &FigureDesk::exportFigure);
    for (AttentionTools* row : {&m_window.attention().tools(), &m_window.compactTools()})
        connect(row, &AttentionTools::exportAsked, &m_figures, &FigureDesk::exportFigure);
    m_figures.addTab(logitsTab, [this](FigureSource& source) {
        if (const auto& look = m_logits.work().look())
            source.page = logitsPage(*look);
    });
    m_figures.addTab(tensorTab, [this](FigureSource& source) {
        if (const auto& look = m_tensors.work().look())
            source.page = tensorPage(*look);
    });
    m_figures.addTab(mapTab, [this](FigureSource& source) {
        source.longMap = std::make_shared<const LongMap>(m_longMaps.work().map());
    });
    connect(&m_timing, &TimingDesk::reportAsked, &m_figures, &FigureDesk::exportReport);

    auto* clock = new QTimer(this);
    clock->setInterval(playMs);
    connect(clock, &QTimer::timeout, this, &Wiring::playOn);
    connect(&m_document, &Document::playingChanged, clock, [this, clock] {
        m_playedFrom = m_document.playing() ? m_document.lastRow() : -1;
        if (m_document.playing())
            clock->start();
        else
            clock->stop();
    });
}

// Play walks to the newest token and then lets the exact model write on, up to the trained context.
void Wiring::playOn()
{
    const auto& model = m_document.model();
    const auto& exact = m_document.lane(exactLane).run;
    const bool atEnd = !m_document.state().selection.step;
    const int row = m_document.lastRow();
    const std::vector<int>& stops = m_document.state().breakpoints;
    const bool stop = row != m_playedFrom && std::binary_search(stops.begin(), stops.end(), row);
    const bool full = model && m_document.tokenCount() >= model->config().context;
    const bool ended = model && exact && model->config().eos && exact->next == *model->config().eos;
    if (!model || stop || (atEnd && (full || ended)))
        m_document.setPlaying(false);
    else
        m_document.stepForward();
}

void Wiring::wirePointing()
{
    const auto release = [this] { m_document.pin(std::nullopt, std::nullopt); };
    const auto leave = [this] { m_document.hover(std::nullopt, std::nullopt); };
    widgets::TokenStrip& tokens = m_window.tokens();
    connect(&tokens, &widgets::TokenStrip::hovered, this,
            [this](int place) { m_document.hover(TokenPos{place}, m_document.state().selection.key); });
    connect(&tokens, &widgets::TokenStrip::left, this, leave);
    connect(&tokens, &widgets::TokenStrip::picked, this, [this](int place) {
        // The pinned key stays where it can.
        const auto key = m_document.state().selection.key;
        m_document.pin(TokenPos{place}, key && key->value <= place ? key : TokenPos{place});
    });
    connect(&tokens, &widgets::TokenStrip::released, this, release);
}

void Wiring::wireMethods()
{
    MethodsPanel& panel = m_window.methods();
    connect(&panel, &MethodsPanel::rowChosen, this, [this](int row) {
        if (row > 0)
            changeSelection([=](Selection& selection) { selection.layer = {row - 1}; });
        m_presenter.showMethods();
    });
    connect(&panel, &MethodsPanel::methodChosen, this, [this](int method) {
        m_shelf.setMethod(m_window.methods().current(),
                          {std::string(engine::methods()[std::size_t(method)].info.id), {}});
    });
    connect(&panel, &MethodsPanel::knobsChanged, this, [this](const engine::KnobValues& values) {
        const engine::SessionPlan& plan = m_document.comparedPlan();
        const int row = m_window.methods().current();
        engine::Part part = (row == 0 ? plan.everywhere : plan.of({row - 1})).shown();
        part.knobs = values;
        m_shelf.setMethod(row, part);
    });
    connect(&panel, &MethodsPanel::headKnobsChanged, this, [this](const engine::KnobValues& values) {
        const Selection& selection = m_document.state().selection;
        m_shelf.setHeadKnobs(selection.layer, selection.head, values);
    });
    connect(&panel, &MethodsPanel::aboutAsked, this, [this] {
        const engine::SessionPlan& plan = m_document.comparedPlan();
        const int row = m_window.methods().current();
        showAbout((row == 0 ? plan.everywhere : plan.of({row - 1})).shown().method);
    });
}

void Wiring::wireMessages()
{
    connect(&m_window.message(), &widgets::MessageBar::closed, this, [this] {
        if (m_document.message() && m_document.message()->cure == Message::Cure::Restore)
            m_keeper.dismiss();
        m_document.setMessage(std::nullopt);
    });
    connect(&m_window.message(), &widgets::MessageBar::acted, this, [this] {
        const auto message = m_document.message();
        m_document.setMessage(std::nullopt);
        if (message && message->cure == Message::Cure::UseReference)
            m_document.useReference(true);
        else if (message && message->cure == Message::Cure::OpenOther)
            chooseFile(false);
        else if (message && message->cure == Message::Cure::ChooseTokenizer)
            m_frame.chooseTokenizer();
        else if (message && message->cure == Message::Cure::Restore)
            m_keeper.restore();
        else if (message && message->cure == Message::Cure::Compare)
            m_figures.compareWithNow();
    });
    connect(&m_window.jobs(), &widgets::JobBar::cancelled, this, [this] {
        if (!m_document.jobs().empty())
            m_lanes.cancel(m_document.jobs().front().id);
    });
}

void Wiring::wireFileMenu()
{
    const QString file = tr("File");
    connect(m_window.addEntry(file, tr("Open file…"), {QKeySequence::Open}), &QAction::triggered, this,
            [this] { chooseFile(false); });
    connect(m_window.addEntry(file, tr("Open folder…"), {QKeySequence(tr("Ctrl+Shift+O"))}), &QAction::triggered, this,
            [this] { chooseFile(true); });
    m_samples = m_window.menu(file)->addMenu(tr("Open a sample"));
    m_samples->setEnabled(false);
}

// The menu's list arrives when the folders were looked through.
void Wiring::listSamples()
{
    m_lanes.measureOn(
        "samples", tr("Looking for samples"),
        [this](engine::Job&, Bench& bench) {
            bench.post([this, samples = bundledSamples()] {
                for (const std::filesystem::path& sample : samples)
                    connect(m_samples->addAction(QString::fromStdString(sample.filename().string())),
                            &QAction::triggered, this, [this, sample] { m_document.open(sample); });
                m_samples->setEnabled(!samples.empty());
                m_frame.applyKeys();
            });
        },
        [] {});
}

void Wiring::wireViewMenu()
{
    const QString view = tr("View");
    const auto entry = [&](const QString& text, const QList<QKeySequence>& keys,
                           const std::function<void(ViewLayout&)>& change) {
        connect(m_window.addEntry(view, text, keys), &QAction::triggered, this,
                [this, change] { changeLayout(change); });
    };
    entry(tr("Attention"), {}, [](ViewLayout& layout) { layout.tab = "attention"; });
    entry(tr("Logits"), {}, [](ViewLayout& layout) { layout.tab = "logits"; });
    entry(tr("Timing"), {}, [](ViewLayout& layout) { layout.tab = "timing"; });
    entry(tr("Probes"), {}, [](ViewLayout& layout) { layout.tab = "probes"; });
    m_window.menu(view)->addSeparator();
    entry(tr("Light or dark theme"), {}, [](ViewLayout& layout) { layout.dark = !layout.dark; });
    entry(tr("Larger"), {QKeySequence("Ctrl+="), QKeySequence("Ctrl++")},
          [](ViewLayout& layout) { layout.scale *= 1.1; });
    entry(tr("Smaller"), {QKeySequence("Ctrl+-")}, [](ViewLayout& layout) { layout.scale /= 1.1; });
    entry(tr("Normal size"), {QKeySequence("Ctrl+0")}, [](ViewLayout& layout) { layout.scale = 1; });
    m_window.menu(view)->addSeparator();
    connect(m_window.addEntry(view, tr("Let go of what is maximised, or of the pinned cell"), {QKeySequence("Esc")}),
            &QAction::triggered, this, [this] {
                if (m_document.state().layout.maximised.empty())
                    m_probes.release(); // its cell goes with the others'
                else
                    changeLayout([](ViewLayout& layout) { layout.maximised.clear(); });
            });
}

void Wiring::wireModelMenu()
{
    const QString model = tr("Model");
    const auto entry = [&](const QString& text, const char* key, const std::function<void()>& what) {
        connect(m_window.addEntry(model, text, {QKeySequence(key)}), &QAction::triggered, this, what);
    };
    const auto move = [this](int layers, int heads) {
        changeSelection([=](Selection& selection) {
            selection.layer.value = std::max(0, selection.layer.value + layers);
            selection.head.value = std::max(0, selection.head.value + heads);
        });
    };
    entry(tr("Play or pause"), "Space", [this] { m_document.setPlaying(!m_document.playing()); });
    entry(tr("Forward one token"), "Right", [this] { m_document.stepForward(); });
    entry(tr("Back one token"), "Left", [this] { m_document.stepBack(); });
    entry(tr("First token"), "Home", [this] { m_document.stepFirst(); });
    entry(tr("Last token"), "End", [this] { m_document.stepLast(); });
    m_window.menu(model)->addSeparator();
    entry(tr("Layer before"), "[", [=] { move(-1, 0); });
    entry(tr("Layer after"), "]", [=] { move(1, 0); });
    entry(tr("Head before"), ",", [=] { move(0, -1); });
    entry(tr("Head after"), ".", [=] { move(0, 1); });
    m_window.menu(model)->addSeparator();
    QAction* convert = m_window.addEntry(model, tr("Convert…"));
    convert->setEnabled(m_convert.offered());
    connect(convert, &QAction::triggered, &m_convert, &ConvertDesk::ask);
    connect(&m_document, &Document::modelChanged, convert,
            [this, convert] { convert->setEnabled(m_convert.offered()); });
}

void Wiring::wireMethodMenus()
{
    for (const engine::Method& method : engine::methods()) {
        const QString title = QString::fromUtf8(method.info.title.data(), qsizetype(method.info.title.size()));
        const std::string id(method.info.id);
        connect(m_window.addEntry(tr("Help"), tr("About %1…").arg(title)), &QAction::triggered, this,
                [this, id] { showAbout(id); });
    }
}

void Wiring::chooseFile(bool folder)
{
    auto* dialog = new QFileDialog(&m_window, folder ? tr("Open a checkpoint folder") : tr("Open a checkpoint"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(folder ? QFileDialog::Directory : QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) { m_keeper.open(pathOf(path)); });
    dialog->open();
}

// Two files of which one is a tokenizer belong together, and one alone is for the model that is open; else the first is
// opened as what it is, and what is not opened is said.
void Wiring::openDropped(const QStringList& paths)
{
    const auto isTokenizer = [](const QString& path) {
        const QString name = path.section('/', -1);
        return name.contains("tok", Qt::CaseInsensitive) && (name.endsWith(".json") || name.endsWith(".bin"));
    };
    if (paths.size() == 1 && isTokenizer(paths[0]) && m_document.model() != nullptr) {
        m_document.open(m_document.state().checkpoint, pathOf(paths[0]));
        return;
    }
    if (paths.size() == 2 && isTokenizer(paths[0]) != isTokenizer(paths[1])) {
        m_document.open(pathOf(paths[isTokenizer(paths[0]) ? 1 : 0]), pathOf(paths[isTokenizer(paths[0]) ? 0 : 1]));
        return;
    }
    if (FigureDesk::maybeFigure(paths.first()))
        m_figures.offer(paths.first());
    else
        m_keeper.open(pathOf(paths.first()));
    if (paths.size() > 1) {
        QStringList others;
        for (const QString& path : paths.mid(1))
            others << path.section('/', -1);
        m_document.setMessage(Message{
            tr("%1 is opened, not %2.").arg(paths.first().section('/', -1), others.join(", ")),
            tr("One thing is open at a time; a checkpoint and its tokenizer are one."), true, Message::Cure::None});
    }
}

void Wiring::popUpDevices(QPoint where)
{
    auto* menu = new QMenu(&m_window);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const bool reference = m_document.state().lanes.front().backend == engine::Backend::Reference;
    for (const engine::DeviceInfo& device : m_document.devices()) {
        QAction* action = menu->addAction(QString::fromStdString(device.name + " (" + device.platform + ")"));
        action->setCheckable(true);
        action->setChecked(!reference && m_document.device() == device);
        connect(action, &QAction::triggered, this, [this, name = device.name] {
            m_document.setDeviceName(name);
            m_document.useReference(false);
        });
    }
    QAction* action = menu->addAction(tr("Reference, float64"));
    action->setCheckable(true);
    action->setChecked(reference || m_document.devices().empty());
    connect(action, &QAction::triggered, this, [this] { m_document.useReference(true); });
    menu->popup(where);
}

void Wiring::showAbout(std::string_view method)
{
    const engine::MethodInfo& info = engine::findMethod(method).info;
    auto* dialog = new QDialog(&m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(QString::fromUtf8(info.title.data(), qsizetype(info.title.size())));
    auto* about = new widgets::MethodAbout(dialog);
    about->setAbout(QString::fromUtf8(info.about.data(), qsizetype(info.about.size())));
    auto* column = new QVBoxLayout(dialog);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(about);
    dialog->resize(widgets::theme().px(680), widgets::theme().px(560));
    dialog->open();
}

void Wiring::changeLayout(const std::function<void(ViewLayout&)>& change)
{
    ViewLayout layout = m_document.state().layout;
    change(layout);
    m_document.setLayout(layout);
}

void Wiring::changeSelection(const std::function<void(Selection&)>& change)
{
    Selection selection = m_document.state().selection;
    change(selection);
    m_document.select(selection);
}

} // namespace app
