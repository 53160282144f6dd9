// SPDX-License-Identifier: GPL-3.0-or-later
// Prints how long the window lets a person wait: a hover over four linked maps, another method in one layer, the first
// picture of a long map and of the program. Run offscreen it times everything but the way to the screen. Not a test:
// nothing here passes or fails.
//   subquad_window_bench [--json FILE]
#include "app/longmaps/longmappage.h"
#include "app/panels/attentionpanel.h"
#include "app/panels/mapsrow.h"
#include "engine/export/json.h"
#include "engine/export/safetensors.h"
#include "engine/methods/method.h"
#include "tests/app/windowrig.h"
#include "widgets/heatmapview.h"

#include <QMouseEvent>
#include <QProcess>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <random>

using namespace app;

namespace {

using Milliseconds = std::vector<double>;

double since(std::chrono::steady_clock::time_point begin)
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// The sample at a fraction of the sorted samples, nearest rank.
double at(Milliseconds samples, double fraction)
{
    std::ranges::sort(samples);
    return samples[std::size_t(fraction * double(samples.size() - 1) + 0.5)];
}

// What was printed, for subquad_speed.
std::vector<std::pair<std::string, Milliseconds>>& printed()
{
    static std::vector<std::pair<std::string, Milliseconds>> all;
    return all;
}

void print(const char* what, const Milliseconds& samples)
{
    printed().emplace_back(what, samples);
    std::printf("%-60s %4zu  %10.2f  %10.2f\n", what, samples.size(), at(samples, 0.5), at(samples, 0.99));
    std::fflush(stdout);
}

// Until nothing runs any more and what came last is painted.
double untilIdle(const Lanes& lanes)
{
    const auto begin = std::chrono::steady_clock::now();
    double last = 0;
    for (int quiet = 0; quiet < 30;) {
        QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
        quiet = lanes.idle() ? quiet + 1 : 0;
        if (quiet <= 2) // the pass after the last result paints it
            last = since(begin);
        QThread::msleep(quiet > 2 ? 1 : 0);
    }
    return last;
}

std::string textOfTokens(const Document& document, int tokens)
{
    const std::string some = "Once upon a time, there was a little girl named Lily. She had a big red ball. ";
    std::string text = some;
    const engine::Tokenizer& tokenizer = *document.model()->tokenizer();
    while (int(tokenizer.encode(text).size()) < tokens)
        text += some;
    while (int(tokenizer.encode(text).size()) > tokens)
        text.pop_back();
    return text;
}

engine::SessionPlan planOf(std::string_view method)
{
    engine::SessionPlan plan;
    plan.everywhere.attention.method = method;
    return plan;
}

void benchWindow()
{
    WindowRig rig(SUBQUAD_SOURCE_DIR "/samples/stories-1m");
    rig.rest();
    rig.document.setPrompt(textOfTokens(rig.document, 512));
    std::vector<engine::SessionPlan> plans;
    for (const engine::Method& method : engine::methods())
        if (plans.size() < 4 && method.attention != nullptr)
            plans.push_back(planOf(method.info.id));
    std::ranges::stable_sort(plans, {}, [](const engine::SessionPlan& plan) {
        return plan.everywhere.attention.method != engine::baseline;
    });
    rig.document.setLanes(plans);
    ViewLayout layout = rig.document.state().layout;
    layout.attention.mode = AttentionView::Mode::Every;
    rig.document.setLayout(layout);
    rig.rest();
    std::printf("# %zu maps of %d tokens in a window of %d × %d\n", plans.size(), rig.document.tokenCount(),
                rig.window.width(), rig.window.height());

    widgets::HeatmapView& map = rig.window.attention().maps().map(0);
    Milliseconds hovers, changes;
    std::mt19937 random(1);
    for (int step = 0; step < 300; ++step) {
        const QPointF where(map.width() * 0.3 + double(random() % 100), map.height() * 0.5 + double(random() % 60));
        QMouseEvent move(QEvent::MouseMove, where, map.mapToGlobal(where), Qt::NoButton, Qt::NoButton, {});
        const auto begin = std::chrono::steady_clock::now();
        QCoreApplication::sendEvent(&map, &move);
        QCoreApplication::sendPostedEvents(); // the paint requests of all that is linked
        hovers.push_back(since(begin));
    }
    print("hover, every linked map and panel repainted", hovers);

    for (int step = 0; step < 20; ++step) {
        engine::SessionPlan plan = plans[1];
        if (step % 2 == 0)
            plan.overrides[{1}].attention.method = engine::baseline;
        rig.document.setPlan({1}, plan);
        changes.push_back(untilIdle(rig.lanes));
    }
    print("one layer's method, 512 tokens, until all is current", changes);
}

void writeHeads(const std::filesystem::path& path, int tokens)
{
    constexpr int width = 16;
    std::mt19937 random(2);
    std::normal_distribution<float> normal;
    std::vector<engine::NamedTensor> tensors;
    for (const char* name : {"query", "key", "value"}) {
        std::vector<float> cells(std::size_t(tokens) * width);
        for (float& cell : cells)
            cell = normal(random);
        tensors.push_back(
            {name, {1, std::size_t(tokens), width}, std::vector<engine::Grid>{{std::move(cells), tokens, width}}});
    }
    std::ofstream file(path, std::ios::binary);
    engine::writeSafetensors(file, tensors);
}

void benchLongMap(int tokens)
{
    const QTemporaryDir folder;
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "heads.safetensors";
    writeHeads(path, tokens);
    WindowRig rig(tinyCheckpoint(folder));
    rig.rest();
    LongMapWork& work = rig.wiring.longMaps().work();
    double first = 0, samples = 0;
    auto begin = std::chrono::steady_clock::now();
    double runs = 0;
    QObject::connect(&work, &LongMapWork::runsChanged, &work, [&] {
        if (runs == 0 && work.map().tokens == tokens)
            runs = since(begin);
    });
    QObject::connect(&work, &LongMapWork::picturesChanged, &work, [&] {
        if (work.map().tokens == tokens && ++samples == 1)
            first = since(begin);
    });
    rig.document.open(path);
    rig.rest();
    const std::string name = std::to_string(tokens) + " tokens: ";
    print((name + "attention of every slot").c_str(), {runs});
    print((name + "first picture after it").c_str(), {first - runs});
    const auto& maps = rig.wiring.longMaps().page().maps();
    if (maps.empty())
        return;
    maps[0]->setFocus();
    for (int zoom = 0; zoom < 3; ++zoom)
        QTest::keyClick(maps[0], Qt::Key_Plus);
    rig.rest();
    Milliseconds steps, pictures;
    for (int step = 0; step < 40; ++step) {
        const double before = samples;
        begin = std::chrono::steady_clock::now();
        QTest::keyClick(maps[0], step % 8 < 4 ? Qt::Key_Up : Qt::Key_Down);
        QCoreApplication::sendPostedEvents();
        steps.push_back(since(begin)); // what the GUI thread did
        while (samples == before && since(begin) < 5000)
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 1);
        pictures.push_back(since(begin));
    }
    print((name + "a pan step on the GUI thread").c_str(), steps);
    print((name + "until the sampled picture of it").c_str(), pictures);
}

// This program once more, as a start: prints the milliseconds from main() to the first maps on screen.
int firstPicture()
{
    const auto begin = std::chrono::steady_clock::now();
    WindowRig rig(SUBQUAD_SOURCE_DIR "/samples/stories-1m");
    while (!rig.document.lane({1}).look && since(begin) < 60000)
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 1);
    rig.window.repaint();
    std::printf("%f\n", since(begin));
    std::fflush(stdout);
    std::_Exit(0);
}

void benchStart(bool cold, int rounds)
{
    Milliseconds samples;
    for (int round = 0; round < rounds; ++round) {
        const QTemporaryDir cache;
        QProcess again;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        if (cold)
            environment.insert("POCL_CACHE_DIR", cache.path());
        again.setProcessEnvironment(environment);
        again.start(QCoreApplication::applicationFilePath(), {"--first-picture"});
        again.waitForFinished(120000);
        samples.push_back(again.readAllStandardOutput().trimmed().toDouble());
    }
    print(cold ? "start to first picture, no kernel cached" : "start to first picture, kernels cached", samples);
}

void writeJson(const QString& path)
{
    std::ofstream out(path.toStdString());
    engine::JsonWriter json(out);
    json.object().key("rows").array();
    for (const auto& [work, samples] : printed())
        json.object().field("work", work).key("samples").list(samples).end();
    json.end().end();
}

} // namespace

int main(int argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication program(argc, argv);
    QApplication::setStyle(new widgets::ProxyStyle);
    if (QApplication::arguments().contains("--first-picture"))
        return firstPicture();
    std::printf("%-60s %4s  %10s  %10s\n", "", "n", "p50 ms", "p99 ms");
    benchStart(false, 7);
    benchStart(true, 3);
    benchWindow();
    benchLongMap(16384);
    benchLongMap(65536);
    if (const qsizetype option = QApplication::arguments().indexOf("--json"); option > 0)
        writeJson(QApplication::arguments().value(option + 1));
    return 0;
}
