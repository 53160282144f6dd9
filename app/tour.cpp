// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/tour.h"

#include "app/panels/timingpanel.h"
#include "app/results.h"
#include "app/studywork.h"
#include "engine/methods/method.h"
#include "widgets/gridimage.h"
#include "widgets/snapshot.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QImage>
#include <QTimer>

#include <cmath>

namespace app {

namespace {

namespace fs = std::filesystem;

struct Screen
{
    int width, height;
};

constexpr Screen screens[] = {{1366, 768}, {1920, 1080}};
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

std::vector<std::string> writeTab(Document& document, const Lanes& lanes, MainWindow& window, const std::string& tab,
                                  const fs::path& folder)
{
    std::vector<std::string> names;
    if (!window.isVisible()) { // only a window that is shown lays out what scrolls inside it
        window.setAttribute(Qt::WA_DontShowOnScreen);
        window.show();
    }
    setTab(document, tab);
    for (const bool dark : {false, true}) {
        ViewLayout layout = document.state().layout;
        layout.dark = dark;
        document.setLayout(layout);
        for (const Screen& screen : screens) {
            window.resize(screen.width, screen.height);
            widgets::snapshot(window, {screen.width, screen.height}); // laid out, views ask for what they will show
            if (!waitUntilIdle(lanes, longestMs))
                throw engine::Error(engine::Fault::Internal, "the window did not come to rest in two minutes");
            const std::string name = tab + "-" + std::to_string(screen.width) + "x" + std::to_string(screen.height) +
                                     (dark ? "-dark" : "-light") + ".png";
            const QImage picture = widgets::snapshot(window, {screen.width, screen.height});
            if (picture.deviceIndependentSize() != QSizeF(screen.width, screen.height))
                throw engine::Error(engine::Fault::Internal,
                                    name + ": the window does not fit a screen of this size; it is " +
                                        std::to_string(picture.height()) + " pixels high");
            if (!picture.save(QString::fromStdString((folder / name).string())))
                throw engine::Error(engine::Fault::File, (folder / name).string() + " cannot be written");
            names.push_back(name);
        }
    }
    return names;
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
    return writeTab(document, lanes, window, document.heads() ? "map" : "attention", folder);
}

std::vector<std::string> writeTour(Document& document, Lanes& lanes, MainWindow& window, const fs::path& folder)
{
    if (!waitUntilIdle(lanes, longestMs))
        throw engine::Error(engine::Fault::Internal, "the window did not come to rest in two minutes");
    pinWhatChanges(document);
    std::vector<std::string> names;
    const auto write = [&](const std::string& tab) {
        for (std::string& name : writeTab(document, lanes, window, tab, folder))
            names.push_back(std::move(name));
    };
    const QStringList shown = window.tabs();
    for (const QString& tab : shown) {
        if (tab == QStringLiteral("timing"))
            emit window.findChild<TimingPanel*>()->sweepAsked();
        write(tab.toStdString());
    }
    // The tabs of methods that are in no lane: each is put into the compared one for its own.
    const engine::LaneIndex compared = document.comparedLane();
    const engine::SessionPlan plan = document.state().lanes[std::size_t(compared.value)];
    document.setPrompt(longPrompt(document)); // several segments, enough text to fit tables on
    if (!waitUntilIdle(lanes, longestMs))
        throw engine::Error(engine::Fault::Internal, "the window did not come to rest in two minutes");
    for (const engine::TabSpec* tab : methodTabs()) {
        if (shown.contains(QString::fromUtf8(tab->id.data(), qsizetype(tab->id.size()))))
            continue;
        document.setPlan(compared, planWithTab(plan, tab->id));
        write(std::string(tab->id));
    }
    document.setPlan(compared, plan);
    return names;
}

} // namespace app
