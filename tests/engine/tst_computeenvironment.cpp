// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compute/queue.h"
#include "engine/values/error.h"

#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace engine;

namespace {

constexpr KernelSource writes{"tests/writes.cl",
                              "kernel void store(global float* x, int at) { x[at] = 1.5f; }\n"
                              "kernel void add(global float* x, global float* y) { y[0] = x[0] + 1.0f; }\n"};

struct Ended
{
    int code = -1;   // of exit(); -1 when a signal ended it
    int signal = 0;  // that ended it
    QString printed; // to stdout and stderr
};

// Runs `body` in a child process of its own environment: what OpenCL reads, it reads once per process.
Ended inChild(const std::map<std::string, std::string>& environment, const std::function<int()>& body)
{
    QTemporaryDir folder;
    const QString path = folder.filePath("printed");
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        for (const auto& [name, value] : environment)
            setenv(name.c_str(), value.c_str(), 1);
        const int file = open(path.toLocal8Bit().constData(), O_CREAT | O_WRONLY, 0600);
        dup2(file, 1);
        dup2(file, 2);
        signal(SIGABRT, SIG_DFL); // QtTest's own would print a stack
        int code = 99;
        try {
            code = body();
        } catch (const Error& error) {
            std::fprintf(stderr, "fault %d: %s\n", int(error.fault()), error.what());
        }
        std::fflush(nullptr);
        _exit(code);
    }
    int status = 0;
    waitpid(child, &status, 0);
    QFile file(path);
    Ended ended;
    ended.printed = file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
    if (WIFEXITED(status))
        ended.code = WEXITSTATUS(status);
    else
        ended.signal = WTERMSIG(status);
    return ended;
}

// Stores 1.5 at place `at` of four floats, and says whether it arrived there.
int storeAt(int at)
{
    Device device(Device::choose(""));
    Buffer<float> buffer(device, 4, "the test's buffer");
    Queue queue(device);
    Kernel store = device.kernel(writes, "store");
    queue.launch(store, Range::groups(1), "store", buffer, at);
    std::vector<float> out(4);
    queue.read(buffer, std::span(out));
    return at < 4 && out[std::size_t(at)] == 1.5F ? 0 : 1;
}

} // namespace

// What depends on the environment of the process. The test's own process makes no OpenCL call.
class TestComputeEnvironment : public QObject
{
    Q_OBJECT

private slots:
    void twoDevicesAreTwo();
    void noDeviceIsNoError();
    void missingSysIsSaid();
    void missingLinkerIsSaid();
    void unusableCacheFolderIsReplaced();
    void withoutAnyFolderItWorks();
    void poisonIsReadAsNaN();
    void canaryCatchesWritesPastTheEnd();
};

void TestComputeEnvironment::twoDevicesAreTwo()
{
    const std::map<std::string, std::string> two{{"POCL_DEVICES", "basic pthread"}};
    const Ended ended = inChild(two, [] {
        const std::vector<DeviceInfo> all = Device::list();
        if (all.size() != 2 || all[0].name == all[1].name)
            return 1;
        for (const DeviceInfo& info : all) {
            if (!(Device::choose(info.name) == info))
                return 2;
        }
        if (Device::choose("BASIC").name.find("basic") == std::string::npos) // whatever the case
            return 3;
        Device basic(Device::choose("basic"));
        Device pthread(Device::choose("pthread"));
        Buffer<float> buffer(basic, 100);
        return basic.allocatedBytes() == 400 && pthread.allocatedBytes() == 0 ? 0 : 4;
    });
    QVERIFY2(ended.code == 0, qPrintable(QString("%1 %2").arg(ended.code).arg(ended.printed)));
    auto chosen = two;
    for (const char* name : {"basic", "pthread"}) {
        chosen["SUBQUAD_DEVICE"] = name;
        const Ended one = inChild(
            chosen, [name] { return Device::choose("").name.find(name) != std::string::npos ? storeAt(2) : 1; });
        QVERIFY2(one.code == 0, qPrintable(one.printed));
    }
}

void TestComputeEnvironment::noDeviceIsNoError()
{
    QTemporaryDir empty;
    const Ended ended = inChild({{"OCL_ICD_VENDORS", empty.path().toStdString()}}, [] {
        if (!Device::list().empty())
            return 1;
        Device::choose("");
        return 2;
    });
    QCOMPARE(ended.code, 99);
    QVERIFY2(ended.printed.startsWith(QString("fault %1: no OpenCL device").arg(int(Fault::Device))),
             qPrintable(ended.printed));
}

// PoCL ends the process there, as in a bare chroot.
void TestComputeEnvironment::missingSysIsSaid()
{
    const Ended ended = inChild({}, [] {
        // In a mount namespace of its own, so that nobody else misses it.
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("none", "/sys", "tmpfs", 0, nullptr) != 0)
            return 77;
        if (!Device::list().empty())
            return 1;
        Device::choose("");
        return 2;
    });
    if (ended.code == 77)
        QSKIP("only root may hide /sys");
    QCOMPARE(ended.code, 99);
    QVERIFY2(ended.printed.startsWith(QString("fault %1: ").arg(int(Fault::Device))), qPrintable(ended.printed));
    QVERIFY2(ended.printed.contains("mount /sys"), qPrintable(ended.printed));
}

void TestComputeEnvironment::missingLinkerIsSaid()
{
    const Ended ended = inChild({{"PATH", "/nonexistent"}}, [] { return storeAt(1); });
    QCOMPARE(ended.code, 99);
    QVERIFY2(ended.printed.contains("ld") && ended.printed.contains("/nonexistent"), qPrintable(ended.printed));
}

void TestComputeEnvironment::unusableCacheFolderIsReplaced()
{
    QTemporaryDir home;
    const Ended ended = inChild({{"POCL_CACHE_DIR", "/proc/no/such"}, {"XDG_CACHE_HOME", home.path().toStdString()}},
                                [] { return storeAt(1); });
    QVERIFY2(ended.code == 0, qPrintable(ended.printed));
    QVERIFY2(ended.printed.contains("/proc/no/such"), qPrintable(ended.printed));
    QVERIFY(!QDir(home.filePath("subquad")).isEmpty());
}

void TestComputeEnvironment::withoutAnyFolderItWorks()
{
    QTemporaryDir temporary;
    const Ended ended = inChild(
        {{"POCL_CACHE_DIR", ""}, {"XDG_CACHE_HOME", ""}, {"HOME", ""}, {"TMPDIR", temporary.path().toStdString()}},
        [] { return storeAt(3); });
    QVERIFY2(ended.code == 0, qPrintable(ended.printed));
    QVERIFY(!QDir(temporary.path()).isEmpty());
}

void TestComputeEnvironment::poisonIsReadAsNaN()
{
    const Ended ended = inChild({{"SUBQUAD_POISON", "1"}}, [] {
        Device device(Device::choose(""));
        Buffer<float> never(device, 5);
        Queue queue(device);
        std::vector<float> out(5);
        queue.read(never, std::span(out));
        return std::ranges::all_of(out, [](float x) { return std::isnan(x); }) ? 0 : 1;
    });
    QVERIFY2(ended.code == 0, qPrintable(ended.printed));
}

void TestComputeEnvironment::canaryCatchesWritesPastTheEnd()
{
    const std::map<std::string, std::string> poison{{"SUBQUAD_POISON", "1"}};
    const Ended inside = inChild(poison, [] { return storeAt(3); });
    QVERIFY2(inside.code == 0, qPrintable(inside.printed));
    const Ended past = inChild(poison, [] { return storeAt(4); });
    QCOMPARE(past.signal, SIGABRT);
    QVERIFY2(past.printed.contains("past the end of the test's buffer"), qPrintable(past.printed));
}

QTEST_GUILESS_MAIN(TestComputeEnvironment)
#include "tst_computeenvironment.moc"
