// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/jobs/worker.h"

#include <QtTest/QTest>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <random>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace engine;
using namespace std::chrono_literals;

namespace {

// Stands in for the GUI thread's event loop: collects calls from any thread, runs them on the test's.
class FakeDeliver
{
public:
    Deliver deliver()
    {
        return [this](std::function<void()> call) {
            const std::lock_guard lock(m_mutex);
            m_calls.push_back(std::move(call));
            m_arrived.notify_all();
        };
    }

    // Runs what arrived until `done` holds; false after five seconds.
    template <typename Done>
    bool runUntil(Done done)
    {
        const auto limit = std::chrono::steady_clock::now() + 5s;
        while (!done()) {
            std::unique_lock lock(m_mutex);
            if (!m_arrived.wait_until(lock, limit, [this] { return !m_calls.empty(); }))
                return false;
            std::deque<std::function<void()>> calls;
            calls.swap(m_calls);
            lock.unlock();
            for (const auto& call : calls)
                call();
        }
        return true;
    }

    void runArrived()
    {
        std::unique_lock lock(m_mutex);
        std::deque<std::function<void()>> calls;
        calls.swap(m_calls);
        lock.unlock();
        for (const auto& call : calls)
            call();
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_arrived;
    std::deque<std::function<void()>> m_calls;
};

void untilStopped(Job& job)
{
    while (true) {
        job.check();
        std::this_thread::sleep_for(1ms);
    }
}

} // namespace

// The promises of Worker: one delivery per submit, newest wins, everything that is thrown arrives as a value.
class TestWorker : public QObject
{
    Q_OBJECT

private slots:
    void belongsToOneThread();
    void deliversTheValue();
    void everyThrowArrives();
    void newestWins();
    void cancelStopsWhatRuns();
    void nothingArrivesAfterTheOwnerIsGone();
    void manyRandomSubmitsEachEndOnce();
};

void TestWorker::deliversTheValue()
{
    FakeDeliver gui;
    Worker worker("test", gui.deliver());
    int got = 0;
    worker.submit(
        "a", [](Job&) { return 42; }, [&](Outcome<int> outcome) { got = std::get<int>(outcome); });
    QVERIFY(gui.runUntil([&] { return got == 42; }));
}

void TestWorker::everyThrowArrives()
{
    FakeDeliver gui;
    Worker worker("test", gui.deliver());
    std::vector<int> faults;
    const auto note = [&](Outcome<std::monostate> outcome) { faults.push_back(int(std::get<Error>(outcome).fault())); };
    worker.submit(
        "a", [](Job&) { throw Error(Fault::Shape, "shape"); }, note);
    worker.submit(
        "b", [](Job&) { throw std::bad_alloc(); }, note);
    worker.submit(
        "c", [](Job&) { throw std::runtime_error("x"); }, note);
    QVERIFY(gui.runUntil([&] { return faults.size() == 3; }));
    QCOMPARE(faults, (std::vector{int(Fault::Shape), int(Fault::Memory), int(Fault::Internal)}));
}

void TestWorker::newestWins()
{
    FakeDeliver gui;
    Worker worker("test", gui.deliver());
    std::vector<std::size_t> ends; // index of the outcome's alternative, in order of arrival
    const auto note = [&](Outcome<std::monostate> outcome) { ends.push_back(outcome.index()); };
    worker.submit("run", untilStopped, note);
    worker.submit("run", untilStopped, note);
    worker.submit(
        "run", [](Job&) {}, note);
    QVERIFY(gui.runUntil([&] { return ends.size() == 3; }));
    QCOMPARE(std::ranges::count(ends, 2U), 2);
    QCOMPARE(std::ranges::count(ends, 0U), 1);
}

void TestWorker::cancelStopsWhatRuns()
{
    FakeDeliver gui;
    Worker worker("test", gui.deliver());
    bool cancelled = false;
    std::atomic<bool> started = false;
    worker.submit(
        "run",
        [&started](Job& job) {
            started = true;
            untilStopped(job);
        },
        [&](Outcome<std::monostate> outcome) { cancelled = std::holds_alternative<Cancelled>(outcome); });
    while (!started)
        std::this_thread::yield();
    worker.cancel("run");
    QVERIFY(gui.runUntil([&] { return cancelled; }));
    QVERIFY(gui.runUntil([&] { return worker.idle(); }));
}

void TestWorker::nothingArrivesAfterTheOwnerIsGone()
{
    FakeDeliver gui;
    int calls = 0;
    {
        Worker worker("test", gui.deliver());
        for (int i = 0; i < 20; ++i)
            worker.submit("tag" + std::to_string(i), untilStopped, [&](const Outcome<std::monostate>&) { ++calls; });
    }
    bool done = false;
    gui.deliver()([&] { done = true; });
    QVERIFY(gui.runUntil([&] { return done; }));
    QCOMPARE(calls, 0);
}

// Ten thousand jobs on three workers, submitted, superseded and cancelled at random while their results arrive: each
// ends once, as a value, an error or cancelled, and the last of each tag that nobody cancelled is computed.
void TestWorker::manyRandomSubmitsEachEndOnce()
{
    FakeDeliver gui;
    std::array<std::unique_ptr<Worker>, 3> workers;
    for (auto& worker : workers)
        worker = std::make_unique<Worker>("test", gui.deliver());
    std::mt19937 random(7);
    constexpr int count = 10'000;
    std::vector<int> ended(count, 0);
    std::array<int, 3> outcomes{}; // values, errors, cancelled
    int total = 0, reports = 0;
    for (int i = 0; i < count; ++i) {
        Worker& worker = *workers[random() % workers.size()];
        const unsigned kind = random() % 16;
        worker.submit(
            std::string(1, char('a' + random() % 4)),
            [kind, i](Job& job) {
                for (unsigned step = 0; step < kind % 5; ++step)
                    job.report(double(step) / 5, "step");
                if (kind == 0)
                    throw Error(Fault::Request, "as asked");
                if (kind == 1)
                    untilStopped(job); // until a newer one comes, or a cancel
                return i;
            },
            [&, i](const Outcome<int>& outcome) {
                ++ended[std::size_t(i)];
                ++outcomes[outcome.index()];
                ++total;
                if (const int* value = std::get_if<int>(&outcome))
                    QCOMPARE(*value, i);
            },
            kind % 3 == 0 ? [&reports](const Progress&) { ++reports; } : std::function<void(Progress)>());
        if (random() % 8 == 0)
            workers[random() % workers.size()]->cancel(std::string(1, char('a' + random() % 4)));
        if (random() % 64 == 0)
            gui.runArrived(); // results come in between
        if (random() % 4 == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 200)); // some get their turn
    }
    for (auto& worker : workers)
        for (char tag = 'a'; tag < 'e'; ++tag)
            worker->submit(
                std::string(1, tag), [](Job&) { return -1; },
                [&](const Outcome<int>& outcome) { total += std::holds_alternative<int>(outcome) ? 1 : 0; });
    QVERIFY(gui.runUntil([&] { return total == count + 12; }));
    QVERIFY(std::ranges::all_of(ended, [](int times) { return times == 1; }));
    qInfo("%d jobs raced on %zu workers: %d values, %d errors, %d cancelled, %d reports", count, workers.size(),
          outcomes[0], outcomes[1], outcomes[2], reports);
}

// What every class that is bound to a thread asserts in debug builds.
void TestWorker::belongsToOneThread()
{
    const OwnThread own;
    QVERIFY(own.isThis());
    own.check();
    bool others = true;
    std::thread([&] { others = own.isThis(); }).join();
    QVERIFY(!others);
#if !defined(NDEBUG) && !defined(__SANITIZE_THREAD__) // which forbids threads after a fork
    const pid_t child = fork();
    if (child == 0) {
        const rlimit none{0, 0};
        setrlimit(RLIMIT_CORE, &none);
        if (std::freopen("/dev/null", "w", stderr) == nullptr)
            _exit(1);
        std::signal(SIGABRT, SIG_DFL); // QtTest's own would print
        std::thread([&] { own.check(); }).join();
        _exit(0);
    }
    int status = 0;
    QCOMPARE(waitpid(child, &status, 0), child);
    QVERIFY(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
#endif
}

QTEST_APPLESS_MAIN(TestWorker)
#include "tst_worker.moc"
