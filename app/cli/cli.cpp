// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/cli.h"

#include "app/cli/parse.h"
#include "engine/jobs/worker.h"

#include <QGuiApplication>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <fcntl.h>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

using namespace engine;

namespace app::cli {
namespace {

// A standard stream that was closed (`>&-`) leaves its number to the next file that is opened, and what is printed
// would go into that file. Writing to a closed standard output must fail.
void keepStandardStreams()
{
    for (const auto& [number, stand] : {std::pair(STDIN_FILENO, "/dev/null"), std::pair(STDOUT_FILENO, "/dev/full"),
                                        std::pair(STDERR_FILENO, "/dev/null")}) {
        if (fcntl(number, F_GETFD) < 0 && open(stand, O_RDWR) != number)
            _exit(exitInput); // there is nobody to tell
    }
}

// While it lives Ctrl-C is held back from every thread begun since, and from the processes that a driver's compiler
// begins, and is asked for instead: a handler would share the signal with the compiler inside the driver, which
// installs its own, removes the files it is writing and then fails to build. A second Ctrl-C ends the process.
class InterruptGuard
{
public:
    InterruptGuard()
    {
        sigemptyset(&m_interrupt);
        sigaddset(&m_interrupt, SIGINT);
        pthread_sigmask(SIG_BLOCK, &m_interrupt, &m_before);
    }

    ~InterruptGuard()
    {
        arrived(); // what comes after the work is done changes nothing
        pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
    }

    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;

    // Whether Ctrl-C has come.
    bool arrived()
    {
        sigset_t pending;
        if (m_arrived || sigpending(&pending) != 0 || sigismember(&pending, SIGINT) != 1)
            return m_arrived;
        int which = 0;
        m_arrived = sigwait(&m_interrupt, &which) == 0;
        pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
        return m_arrived;
    }

private:
    sigset_t m_interrupt = {};
    sigset_t m_before = {};
    bool m_arrived = false;
};

// Calls from the worker, run on the main thread.
class Calls
{
public:
    Deliver deliver()
    {
        return [this](std::function<void()> call) {
            const std::lock_guard lock(m_mutex);
            m_waiting.push_back(std::move(call));
            m_arrived.notify_one();
        };
    }

    void runFor(std::chrono::milliseconds time)
    {
        std::unique_lock lock(m_mutex);
        m_arrived.wait_for(lock, time, [this] { return !m_waiting.empty(); });
        std::deque<std::function<void()>> calls;
        calls.swap(m_waiting);
        lock.unlock();
        for (const auto& call : calls)
            call();
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_arrived;
    std::deque<std::function<void()>> m_waiting;
};

// One line of progress on a terminal, and its removal.
void showProgress(const Progress& now)
{
    std::cerr << "\r\033[K" << int(now.fraction * 100) << " % " << now.what << std::flush;
}

void clearProgress()
{
    std::cerr << "\r\033[K" << std::flush;
}

// What a stranger's file is called, or holds, must not steer the terminal. Only a driver's own account has lines.
std::string printable(const Error& error)
{
    std::string text;
    for (const char c : std::string_view(error.what())) {
        const auto byte = static_cast<unsigned char>(c);
        const bool keeps = byte >= 0x20 && byte != 0x7F;
        if (keeps || (c == '\n' && error.fault() == Fault::Device)) {
            text += c;
            continue;
        }
        constexpr std::string_view digits = "0123456789ABCDEF";
        text += std::string("\\x") + digits[byte / 16] + digits[byte % 16];
    }
    return text;
}

int finished(const Outcome<int>& outcome)
{
    if (const auto* error = std::get_if<Error>(&outcome)) {
        std::cerr << "subquad: " << printable(*error) << '\n';
        return exitCodeOf(error->fault());
    }
    if (std::holds_alternative<Cancelled>(outcome)) {
        std::cerr << "subquad: cancelled\n";
        return exitCancelled;
    }
    if (!std::cout.flush()) {
        std::cerr << "subquad: the output could not be written\n";
        return exitInput;
    }
    return std::get<int>(outcome);
}

// What Qt says of the desktop session's folder is no news to who runs a command.
void sayOnStderr(QtMsgType /*type*/, const QMessageLogContext& /*context*/, const QString& text)
{
    if (!text.startsWith(QStringLiteral("QStandardPaths: ")))
        std::cerr << text.toStdString() << '\n';
}

int execute(const Command& command)
{
    InterruptGuard interrupt;
    std::optional<QGuiApplication> type; // fonts, without a display
    int count = 1;
    char name[] = "subquad";
    char* names[] = {name, nullptr};
    if (command.draws) {
        qInstallMessageHandler(sayOnStderr);
        qputenv("QT_QPA_PLATFORM", "offscreen");
        type.emplace(count, names);
    }
    const bool terminal = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 0;
    Calls calls;
    std::optional<Outcome<int>> outcome;
    Worker worker("command", calls.deliver());
    const auto work = [command](Job& job) {
        Context context{job, std::cout, std::cerr, command.json};
        return command.work(context);
    };
    worker.submit(
        "command", work, [&outcome](Outcome<int> done) { outcome = std::move(done); },
        terminal ? showProgress : std::function<void(Progress)>());
    while (!outcome) {
        calls.runFor(std::chrono::milliseconds(50));
        if (interrupt.arrived())
            worker.cancel("command");
    }
    if (terminal)
        clearProgress();
    return finished(*outcome);
}

} // namespace

int exitCodeOf(Fault fault)
{
    switch (fault) {
    case Fault::Request:
        return exitUsage;
    case Fault::File:
    case Fault::Format:
    case Fault::Shape:
    case Fault::Memory:
        return exitInput;
    case Fault::Device:
        return exitDevice;
    case Fault::Internal:
        break;
    }
    return exitDefect;
}

std::variant<int, WindowRequest> run(int argc, const char* const* argv)
{
    keepStandardStreams();
    const auto parsed = parse(argc, argv);
    if (const auto* window = std::get_if<WindowRequest>(&parsed))
        return *window;
    if (const auto* command = std::get_if<Command>(&parsed))
        return execute(*command);
    const auto& answer = std::get<Answer>(parsed);
    (answer.exitCode == exitOk ? std::cout : std::cerr) << answer.text;
    return answer.exitCode;
}

} // namespace app::cli
