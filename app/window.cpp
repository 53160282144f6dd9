// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window.h"

#include "app/laneengine.h"
#include "app/report.h"
#include "app/tour.h"
#include "app/wiring.h"
#include "engine/jobs/worker.h"
#include "widgets/proxystyle.h"
#include "widgets/theme.h"

#include <QApplication>
#include <QStandardPaths>

#include <cstdio>
#include <iostream>
#include <optional>

namespace app {

namespace {

namespace fs = std::filesystem;

// Everything the program is made of, in the order it is taken down: window, lanes (which join their threads), document.
struct Program
{
    Program(DocumentState state, KeeperPlace place)
        : document(std::move(state))
        , lanes(document)
        , wiring(document, lanes, window, std::move(place))
    {
    }

    Document document;
    Lanes lanes;
    MainWindow window;
    Wiring wiring;
};

bool isSession(const fs::path& path)
{
    return path.extension() == ".subquad";
}

// Where sessions are kept while the window is open; nowhere where nobody works in it.
KeeperPlace placeOf(bool unattended)
{
    KeeperPlace place;
    if (unattended)
        return place;
    place.folder = QStandardPaths::writableLocation(QStandardPaths::AppDataLocation).toStdString();
    bool given = false;
    const int seconds = qEnvironmentVariableIntValue("SUBQUAD_AUTOSAVE_SECONDS", &given);
    if (given && seconds > 0)
        place.everyMs = seconds * 1000;
    return place;
}

DocumentState stateOf(const WindowRequest& request)
{
    DocumentState state = startState();
    const fs::path path = request.path.empty() ? samplePath() : fs::absolute(request.path).lexically_normal();
    if (!isSession(path))
        state.checkpoint = path;
    state.tokenizer = request.tokenizer;
    state.prompt = request.text.value_or("");
    state.device = request.device;
    return state;
}

bool hasNoDisplay()
{
    return !qEnvironmentVariableIsSet("DISPLAY") && !qEnvironmentVariableIsSet("WAYLAND_DISPLAY") &&
           !qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
}

int exitCodeOf(const engine::Error& error)
{
    switch (error.fault()) {
    case engine::Fault::File:
    case engine::Fault::Format:
    case engine::Fault::Shape:
    case engine::Fault::Memory:
        return 3;
    case engine::Fault::Device:
        return 4;
    case engine::Fault::Request:
        return 2;
    case engine::Fault::Internal:
        break;
    }
    return 1;
}

// The first thing that went wrong, where pictures were asked for and nobody looks at a message bar.
void throwIfFailed(const Document& document)
{
    if (!document.heads() && (!document.model() || !document.lane({0}).look))
        throw engine::Error(engine::Fault::File,
                            document.message() ? document.message()->what.toStdString() : "nothing was opened");
}

int runReport(Program& program)
{
    const fs::path folder = "subquad-report";
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed)
        throw engine::Error(engine::Fault::File, folder.string() + " cannot be made: " + failed.message());
    std::cerr << "subquad: there is no display; the first screen and the timing report are written to "
              << folder.string() << "/\n";
    waitUntilIdle(program.lanes, 300000);
    throwIfFailed(program.document);
    if (program.document.heads()) { // no model: its map is the report
        writeFirstScreens(program.document, program.lanes, program.window, folder);
        return 0;
    }
    ReportRequest request;
    const auto& model = program.document.model();
    request.model = model;
    request.state = program.document.state();
    request.shape = engine::layerContext(*model, program.document.state().lanes.front(), {0}, {}).shape;
    request.pictures = writeFirstScreens(program.document, program.lanes, program.window, folder);
    program.lanes.measureReport(folder, request);
    waitUntilIdle(program.lanes, 3600000);
    if (program.document.message() && !program.document.message()->warning)
        throw engine::Error(engine::Fault::Internal, program.document.message()->what.toStdString());
    return 0;
}

int runTour(Program& program, const fs::path& folder)
{
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed)
        throw engine::Error(engine::Fault::File, folder.string() + " cannot be made: " + failed.message());
    waitUntilIdle(program.lanes, 300000);
    throwIfFailed(program.document);
    for (const std::string& name : writeTour(program.document, program.lanes, program.window, folder))
        std::cout << (folder / name).string() << "\n";
    return 0;
}

} // namespace

int runWindow(int argc, char** argv, const WindowRequest& request)
{
    const bool noDisplay = hasNoDisplay();
    if (noDisplay || !request.tour.empty())
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    QApplication::setApplicationName("Subquad");
    QApplication::setStyle(new widgets::ProxyStyle); // the application owns it
    try {
        Program program(stateOf(request), placeOf(noDisplay || !request.tour.empty()));
        program.window.resize(1440, 900);
        program.wiring.start();
        if (isSession(request.path))
            program.wiring.keeper().open(request.path);
        else if (program.document.state().checkpoint.empty())
            program.document.report(engine::Error(
                engine::Fault::File, "the bundled sample is not beside the program: open a checkpoint to begin"));
        if (!request.tour.empty())
            return runTour(program, request.tour);
        if (noDisplay)
            return runReport(program);
        program.window.show();
        return QApplication::exec();
    } catch (const engine::Error& error) {
        std::cerr << "subquad: " << error.what() << "\n";
        return exitCodeOf(error);
    }
}

} // namespace app
