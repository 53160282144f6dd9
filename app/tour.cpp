// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/tour.h"

#include "app/panels/timingpanel.h"
#include "app/results.h"
#include "app/studywork.h"
#include "engine/export/safetensors.h"
#include "engine/export/wholefile.h"
#include "engine/files/tensors.h"
#include "engine/methods/method.h"
#include "engine/model/model.h"
#include "widgets/fonts.h"
#include "widgets/gridimage.h"
#include "widgets/iconbutton.h"
#include "widgets/snapshot.h"
#include "widgets/studycontrols.h"
#include "widgets/tensortree.h"
#include "widgets/theme.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QImage>
#include <QRegularExpression>
#include <QTimer>

#include <cmath>
#include <span>

namespace app {

namespace {

namespace fs = std::filesystem;

struct Picture
{
    int width, height;
    bool dark = false, dejavu = false;
    double scale = 1; // of the interface
};

constexpr Picture plain[] = {{1366, 768}, {1920, 1080}, {1366, 768, true}, {1920, 1080, true}};
constexpr Picture large[] = {{1366, 768, false, false, 2}, {1920, 1080, false, false, 2}};
// The widest of the families that text may be in, whatever else this machine has.
constexpr Picture dejavu[] = {{1366, 768, false, true}, {1920, 1080, false, true}};
constexpr int longestMs = 120000;

// The weight that the map changes most, away from the first tokens: what a reader would point at.
void pinWhatChanges(Document& document)
{
    const auto& look = document.lane(document.comparedLane()).look;
    if (!look || look->difference.cells.empty())
        return;
    const engine::Grid& cells = look->difference.cells;
    const int rows = cells.rows();
    widgets::Cell best{rows - 1, 0};
    for (int row = rows / 2; row < rows; ++row)
        for (int col = 1; col < row; ++col)
            if (std::abs(cells.at(row, col)) > std::abs(cells.at(best.row, best.col)))
                best = {row, col};
    document.pin(engine::TokenPos{best.row * look->map.reduction}, engine::TokenPos{best.col * look->map.reduction});
}

void setTab(Document& document, const std::string& tab)
{
    ViewLayout layout = document.state().layout;
    layout.tab = tab;
    if (tab == "probes" && layout.probe.empty())
        for (const engine::ProbeSpec& probe :
             engine::findMethod(document.state().lanes.back().everywhere.shown().method).info.probes) {
            layout.probe = std::string(probe.id);
            break;
        }
    document.setLayout(layout);
}

std::string nameOf(const std::string& tab, const Picture& picture)
{
    return tab + "-" + std::to_string(picture.width) + "x" + std::to_string(picture.height) +
           (picture.dark ? "-dark" : "-light") +
           (picture.scale == 1 ? "" : "-" + std::to_string(std::lround(picture.scale * 100))) +
           (picture.dejavu ? "-dejavu" : "") + ".png";
}

// SUBQUAD_TOUR_ONLY, a regular expression over the pictures' names, leaves the others out: for whoever mends one.
bool isWanted(const std::string& name)
{
    static const QRegularExpression only(qEnvironmentVariable("SUBQUAD_TOUR_ONLY"));
    return only.match(QString::fromStdString(name)).hasMatch();
}

void rest(const Lanes& lanes)
{
    if (!waitUntilIdle(lanes, longestMs))
        throw engine::Error(engine::Fault::Internal, "the window did not come to rest in two minutes");
}

// Every widget laid out anew in other families of text; none: the usual ones.
void setText(const QStringList& families, const ViewLayout& layout)
{
    widgets::setTextFamilies(families);
    widgets::ThemeSource::instance().set(layout.dark, layout.scale);
}

// What is in front, at one size, as it is when everything has been computed.
void writePicture(Document& document, const Lanes& lanes, MainWindow& window, const Picture& picture,
                  const fs::path& file)
{
    ViewLayout layout = document.state().layout;
    layout.dark = picture.dark;
    layout.scale = picture.scale;
    document.setLayout(layout);
    if (picture.dejavu)
        setText({"DejaVu Sans"}, layout);
    const QSize size(picture.width, picture.height);
    window.resize(size);
    widgets::snapshot(window, size); // laid out, views ask for what they will show
    rest(lanes);
    const QImage image = widgets::snapshot(window, size);
    if (picture.dejavu)
        setText({}, layout);
    if (!image.save(QString::fromStdString(file.string())))
        throw engine::Error(engine::Fault::File, file.string() + " cannot be written");
    if (image.deviceIndependentSize() != QSizeF(size))
        throw engine::Error(engine::Fault::Internal,
                            file.filename().string() + ": the window does not fit a screen of this size; it is " +
                                std::to_string(image.width()) + " × " + std::to_string(image.height()));
}

std::vector<std::string> writeTab(Document& document, const Lanes& lanes, MainWindow& window, const std::string& tab,
                                  const fs::path& folder, std::span<const Picture> pictures)
{
    std::vector<std::string> names;
    for (const Picture& picture : pictures) {
        const std::string name = nameOf(tab, picture);
        if (!isWanted(name))
            continue;
        if (!window.isVisible()) { // only a window that is shown lays out what scrolls inside it
            window.setAttribute(Qt::WA_DontShowOnScreen);
            window.show();
        }
        if (names.empty())
            setTab(document, tab);
        writePicture(document, lanes, window, picture, folder / name);
        names.push_back(name);
    }
    ViewLayout layout = document.state().layout;
    layout.scale = 1;
    document.setLayout(layout);
    return names;
}

// Each view of the tab in front, and each section of the docks, alone.
std::vector<std::string> writeMaximised(Document& document, const Lanes& lanes, MainWindow& window,
                                        const std::string& tab, const fs::path& folder)
{
    std::vector<std::string> names;
    const ViewLayout before = document.state().layout;
    setTab(document, tab);
    rest(lanes);
    for (const auto& [view, title] : window.views()) {
        if (document.heads() && view.startsWith(QStringLiteral("dock")))
            continue; // a model's docks have their pictures already, with a model in them
        const Picture& picture = plain[0];
        const QString whole = view == QStringLiteral("tab") ? QString::fromStdString(tab) : QString(view);
        const std::string name =
            nameOf("maximised-" + QString(whole).replace('/', '-').replace(' ', '-').toStdString(), picture);
        if (!isWanted(name))
            continue;
        ViewLayout layout = document.state().layout;
        layout.maximised = view.toStdString();
        document.setLayout(layout);
        writePicture(document, lanes, window, picture, folder / name);
        names.push_back(name);
    }
    document.setLayout(before);
    return names;
}

// What the tab's play sets half way through the maps that it walks along; none where it walks along none.
std::optional<int> halfWay(const Document& document, const engine::TabSpec& tab)
{
    const std::shared_ptr<const StudyResult> result = document.study(std::string(tab.id));
    if (!result || tab.play.empty())
        return std::nullopt;
    for (const engine::Panel& panel : result->study.panels)
        if (const auto* heat = std::get_if<engine::HeatBody>(&panel.body))
            if (heat->map.control == tab.play && !heat->map.values.empty())
                return heat->map.values[heat->map.values.size() / 2];
    return std::nullopt;
}

// A moment of a tab's animation, while it plays.
std::vector<std::string> writePlaying(Document& document, const Lanes& lanes, MainWindow& window,
                                      const engine::TabSpec& tab, const fs::path& folder)
{
    std::vector<std::string> names;
    const std::string id(tab.id);
    const std::optional<int> half = halfWay(document, tab);
    if (!half)
        return names;
    const ViewLayout before = document.state().layout;
    for (const Picture& picture : plain) {
        const std::string name = nameOf(id + "-playing", picture);
        if (!isWanted(name))
            continue;
        ViewLayout layout = document.state().layout;
        layout.controls[id][std::string(tab.play)] = *half;
        document.setLayout(layout);
        for (auto* controls : window.findChildren<widgets::StudyControls*>())
            if (auto* play = controls->findChild<widgets::IconButton*>(QStringLiteral("play"));
                play != nullptr && controls->isVisible() && !controls->playing())
                play->click();
        writePicture(document, lanes, window, picture, folder / name);
        for (auto* controls : window.findChildren<widgets::StudyControls*>())
            controls->stop();
        names.push_back(name);
    }
    document.setLayout(before);
    return names;
}

// The first matrix of the checkpoint, as a double click on it would.
void openTensor(const Document& document, MainWindow& window)
{
    for (const engine::TensorEntry& entry : engine::tensorEntries(document.model()->checkpoint()))
        if (entry.shape.size() == 2 && entry.name.find("query") != std::string::npos) {
            emit window.findChild<widgets::TensorTree*>()->opened(QString::fromStdString(entry.name));
            return;
        }
}

// As `apply` reads them.
void writeHeads(const LayerAttention& layer, const fs::path& path)
{
    const engine::LayerShape& shape = layer.context.shape;
    const engine::LayerTrace trace(layer.attended.trace, layer.layer, shape, layer.context.positions);
    const engine::TokenRange all{0, trace.tokens()};
    const auto tensor = [&](const std::string& name, int count, const auto& rowsOf) {
        std::vector<engine::Grid> grids;
        grids.reserve(std::size_t(count));
        for (int slot = 0; slot < count; ++slot)
            grids.push_back(engine::gridOf(rowsOf(slot)));
        const std::vector<std::size_t> sizes{std::size_t(count), std::size_t(all.count),
                                             std::size_t(grids.front().cols())};
        return engine::NamedTensor{name, sizes, std::move(grids)};
    };
    const int shared = shape.heads / shape.keyHeads; // query heads that read one key/value head
    engine::writeWhole(path, [&](std::ostream& file) {
        engine::writeSafetensors(
            file, {tensor("query", shape.heads, [&](int head) { return trace.queries({head}, all); }),
                   tensor("key", shape.keyHeads, [&](int head) { return trace.keys({head * shared}, all); }),
                   tensor("value", shape.keyHeads, [&](int head) { return trace.values({head * shared}, all); })});
    });
}

// The prompts that came with the checkpoint, one after the other, up to some three hundred tokens.
std::string longPrompt(const Document& document)
{
    constexpr std::size_t enough = 1200; // letters
    std::string text = document.state().prompt;
    for (const Prompt& prompt : document.prompts())
        if (text.size() < enough)
            text += " " + prompt.text;
    return text;
}

} // namespace

bool waitUntilIdle(const Lanes& lanes, int milliseconds)
{
    QElapsedTimer clock;
    clock.start();
    QEventLoop loop;
    QTimer timer;
    timer.setInterval(10);
    int quiet = 0; // results are delivered one after the other: idle must last
    QObject::connect(&timer, &QTimer::timeout, &loop, [&] {
        quiet = lanes.idle() ? quiet + 1 : 0;
        if (quiet >= 3 || clock.hasExpired(milliseconds))
            loop.quit();
    });
    timer.start();
    loop.exec();
    return quiet >= 3;
}

std::vector<std::string> writeFirstScreens(Document& document, Lanes& lanes, MainWindow& window, const fs::path& folder)
{
    return writeTab(document, lanes, window, document.heads() ? "map" : "attention", folder, plain);
}

std::vector<std::string> writeTour(Document& document, Lanes& lanes, MainWindow& window, const fs::path& folder)
{
    rest(lanes);
    pinWhatChanges(document);
    std::vector<std::string> names;
    const auto write = [&](const std::string& tab) {
        for (const auto pictures :
             {std::span<const Picture>(plain), std::span<const Picture>(large), std::span<const Picture>(dejavu)})
            for (std::string& name : writeTab(document, lanes, window, tab, folder, pictures))
                names.push_back(std::move(name));
    };
    const QStringList shown = window.tabs();
    for (const QString& tab : shown) {
        if (tab == QStringLiteral("timing"))
            emit window.findChild<TimingPanel*>()->sweepAsked();
        write(tab.toStdString());
    }
    if (document.heads()) // a file without a model: that is all
        return names;
    for (std::string& name : writeMaximised(document, lanes, window, "attention", folder))
        names.push_back(std::move(name));
    openTensor(document, window);
    write("tensor");
    // The tabs of methods that are in no lane: each is put into the compared one for its own.
    const engine::LaneIndex compared = document.comparedLane();
    const engine::SessionPlan plan = document.state().lanes[std::size_t(compared.value)];
    document.setPrompt(longPrompt(document)); // several segments, enough text to fit tables on
    rest(lanes);
    for (const engine::TabSpec* tab : methodTabs()) {
        if (shown.contains(QString::fromUtf8(tab->id.data(), qsizetype(tab->id.size()))))
            continue;
        document.setPlan(compared, planWithTab(plan, tab->id));
        write(std::string(tab->id));
        for (std::string& name : writePlaying(document, lanes, window, *tab, folder))
            names.push_back(std::move(name));
    }
    document.setPlan(compared, plan);
    rest(lanes);
    // What a file of queries, keys and values alone shows: those of the layer in view.
    const fs::path heads = folder / "heads.safetensors";
    writeHeads(*document.lane({0}).look->layer, heads);
    document.open(heads);
    rest(lanes);
    write("map");
    for (std::string& name : writeMaximised(document, lanes, window, "map", folder))
        names.push_back(std::move(name));
    return names;
}

} // namespace app
