// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/laneengine.h"
#include "app/results.h"
#include "app/tour.h"
#include "app/wiring.h"
#include "tests/support/samples.h"
#include "widgets/proxystyle.h"

#include <QAction>
#include <QApplication>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <functional>
#include <thread>

// A tiny checkpoint of two layers in a folder of its own.
inline std::filesystem::path tinyCheckpoint(const QTemporaryDir& folder)
{
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "tiny";
    if (!std::filesystem::exists(path)) {
        samples::Shape shape;
        shape.layers = 2;
        samples::writeLlamaFolder(path, shape);
    }
    return path;
}

// The whole program in a window, on a tiny checkpoint.
struct WindowRig
{
    explicit WindowRig(const std::filesystem::path& checkpoint, app::KeeperPlace place = {})
        : WindowRig(stateOf(checkpoint), std::move(place))
    {
    }

    explicit WindowRig(const app::DocumentState& state, app::KeeperPlace place = {})
        : document(state)
        , lanes(document)
        , wiring(document, lanes, window, std::move(place))
    {
        window.resize(1600, 900);
        window.show();
        wiring.start();
    }

    static app::DocumentState stateOf(const std::filesystem::path& checkpoint)
    {
        app::DocumentState state = app::startState();
        state.checkpoint = checkpoint;
        state.prompt = "the cat and the dog";
        return state;
    }

    // The same, computed by the reference.
    static app::DocumentState referenceState(const std::filesystem::path& checkpoint)
    {
        app::DocumentState state = stateOf(checkpoint);
        for (engine::SessionPlan& plan : state.lanes)
            plan.backend = engine::Backend::Reference;
        return state;
    }

    void view(const std::function<void(app::AttentionView&)>& change)
    {
        app::ViewLayout layout = document.state().layout;
        change(layout.attention);
        document.setLayout(layout);
    }

    // An entry of the menus by its text; false: there is none.
    bool trigger(const QString& text)
    {
        for (QAction* action : window.findChildren<QAction*>())
            if (action->text() == text) {
                action->trigger();
                return true;
            }
        return false;
    }

    bool rest()
    {
        return QTest::qWaitFor([this] { return wiring.keeper().idle(); }, 60000) && app::waitUntilIdle(lanes, 120000);
    }

    app::Document document;
    app::Lanes lanes;
    app::MainWindow window;
    app::Wiring wiring;
};

// Counts engine, device and file work by the thread it is done on.
class EngineWatch
{
public:
    EngineWatch()
    {
        const std::thread::id gui = std::this_thread::get_id();
        app::setEngineHook([this, gui](const char*) { ++(std::this_thread::get_id() == gui ? m_here : m_elsewhere); });
    }

    ~EngineWatch() { app::setEngineHook({}); }

    int here() const { return m_here.load(); }

    int elsewhere() const { return m_elsewhere.load(); }

private:
    std::atomic<int> m_here = 0, m_elsewhere = 0;
};
