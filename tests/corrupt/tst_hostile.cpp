// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/corrupt/hostile.h"
#include "tests/support/samples.h"

#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using hostile::Case;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

// Sanitizers make everything slower and larger.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool measured = false;
#else
constexpr bool measured = true;
#endif

constexpr auto longest = 4s;               // two on a machine of its own; threads that share a core take twice that
constexpr long mostKilobytes = 256 * 1024; // beyond what a good file takes

constexpr int noSuchUser = 126; // of a child that could not become the program

struct Ended
{
    int exitCode = -1; // -1: a signal, or it did not end
    std::string out, err;
    std::chrono::milliseconds time{};
    long kilobytes = 0;
};

// Runs the program on a path. Its output goes to files, which never make it wait.
Ended runOn(const fs::path& path, bool run, const fs::path& scratch, bool asNobody = false)
{
    const std::string out = (scratch / "out").string(), err = (scratch / "err").string();
    const auto begin = std::chrono::steady_clock::now();
    const pid_t child = fork();
    if (child == 0) {
        dup2(::open(out.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), 1);
        dup2(::open(err.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), 2);
        constexpr uid_t nobody = 65534;
        if (asNobody && (setgid(nobody) != 0 || setuid(nobody) != 0))
            _exit(noSuchUser);
        if (run)
            execl(SUBQUAD_PROGRAM, SUBQUAD_PROGRAM, "run", path.c_str(), "--backend", "reference", nullptr);
        else
            execl(SUBQUAD_PROGRAM, SUBQUAD_PROGRAM, "info", path.c_str(), nullptr);
        _exit(noSuchUser);
    }
    Ended ended;
    int status = 0;
    rusage used{};
    while (wait4(child, &status, WNOHANG, &used) == 0) {
        if (std::chrono::steady_clock::now() - begin > 60s)
            ::kill(child, SIGKILL); // it hangs
        std::this_thread::sleep_for(1ms);
    }
    const auto milliseconds = [](const timeval& time) {
        return std::chrono::milliseconds(time.tv_sec * 1000 + time.tv_usec / 1000);
    };
    // Of the processor, not of the clock: a busy machine is not the reader's fault.
    ended.time = milliseconds(used.ru_utime) + milliseconds(used.ru_stime);
    ended.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ended.kilobytes = used.ru_maxrss;
    ended.out = samples::readFile(out);
    ended.err = samples::readFile(err);
    return ended;
}

// One line for a person: it begins with the program's name and holds nothing that a terminal would obey.
bool isSentence(std::string_view text)
{
    if (!text.starts_with("subquad: ") || !text.ends_with('\n') || text.size() < 30)
        return false;
    text.remove_suffix(1);
    return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

} // namespace

// Files from strangers, opened by the program itself: one sentence, exit code 3, within two seconds and 256 MB.
class TestHostile : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();

    void safetensors() { each(hostile::safetensorsCases()); }

    void config() { each(hostile::configCases()); }

    void tokenizer() { each(hostile::tokenizerCases()); }

    void llama2c() { each(hostile::llama2cCases()); }

    void system() { each(hostile::systemCases()); }

    void unreadable();
    void vanishing();
    void cleanupTestCase();

private:
    void each(const std::vector<Case>& cases);
    void judge(const Case& made, const Ended& ended);

    QTemporaryDir m_folder;
    fs::path m_root;
    long m_ownKilobytes = 0; // of the program on a good file
    int m_count = 0;
    std::chrono::milliseconds m_slowest{};
    long m_largest = 0;
};

void TestHostile::initTestCase()
{
    m_root = m_folder.path().toStdString();
    samples::writeLlamaFolder(m_root / "good");
    for (const bool run : {false, true}) {
        const Ended ended = runOn(m_root / "good", run, m_root);
        QVERIFY2(ended.exitCode == 0, ended.err.c_str());
        m_ownKilobytes = std::max(m_ownKilobytes, ended.kilobytes);
    }
}

void TestHostile::each(const std::vector<Case>& cases)
{
    for (const Case& one : cases) {
        const fs::path folder = m_root / "case";
        fs::remove_all(folder);
        fs::create_directory(folder);
        judge(one, runOn(one.make(folder), one.run, m_root));
    }
}

void TestHostile::judge(const Case& made, const Ended& ended)
{
    const std::string told = made.name + ": exit code " + std::to_string(ended.exitCode) + ", " + ended.err;
    QVERIFY2(ended.exitCode == 3, told.c_str());
    const std::size_t before = ended.err.rfind('\n', ended.err.size() - 2);
    const std::string last = before == std::string::npos ? ended.err : ended.err.substr(before + 1);
    QVERIFY2(isSentence(last), told.c_str());
    QVERIFY2(ended.out.empty(), told.c_str());
    for (const std::string& word : made.words)
        QVERIFY2(last.find(word) != std::string::npos, (told + " lacks " + word).c_str());
    ++m_count;
    m_slowest = std::max(m_slowest, ended.time);
    m_largest = std::max(m_largest, ended.kilobytes - m_ownKilobytes);
    if (measured) {
        QVERIFY2(ended.time < longest, (told + std::to_string(ended.time.count()) + " ms").c_str());
        const long beyond = ended.kilobytes - m_ownKilobytes;
        QVERIFY2(beyond < mostKilobytes, (told + std::to_string(beyond) + " kB").c_str());
    }
    if (qEnvironmentVariableIsSet("SUBQUAD_SENTENCES")) // for the eye
        qInfo("%s\n  %s", made.name.c_str(), last.c_str());
}

// Root may read everything, so the program is run as nobody.
void TestHostile::unreadable()
{
    const bool root = geteuid() == 0;
    fs::permissions(m_root, fs::perms::all);
    const fs::path folder = m_root / "unreadable";
    samples::writeLlamaFolder(folder);
    if (const Ended good = runOn(folder, false, m_root, root); good.exitCode != 0)
        QSKIP(("as nobody: " + good.err + std::to_string(good.exitCode)).c_str());
    for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"}) {
        fs::permissions(folder / name, fs::perms::none);
        judge({std::string("unreadable ") + name, {}, {name, "cannot be opened"}}, runOn(folder, false, m_root, root));
        fs::permissions(folder / name, fs::perms::owner_all | fs::perms::others_read);
    }
    fs::permissions(folder, fs::perms::none);
    judge({"an unreadable folder", {}, {"unreadable"}}, runOn(folder, false, m_root, root));
    fs::permissions(folder, fs::perms::owner_all);
}

// Files that come and go, shrink and grow while they are read: the model or one sentence, whatever was met.
void TestHostile::vanishing()
{
    const fs::path folder = m_root / "vanishing";
    samples::writeLlamaFolder(folder);
    const std::string weights = samples::readFile(folder / "model.safetensors");
    const std::string tokenizer = samples::readFile(folder / "tokenizer.json");
    std::jthread other([&](const std::stop_token& stop) { // NOLINT: the one that is someone else
        for (unsigned turn = 0; !stop.stop_requested(); ++turn) {
            std::error_code gone;
            fs::resize_file(folder / "model.safetensors", turn * 997 % weights.size(), gone);
            fs::remove(folder / "tokenizer.json", gone);
            std::this_thread::sleep_for(300us);
            samples::writeFile(folder / "model.safetensors", weights);
            samples::writeFile(folder / "tokenizer.json", tokenizer);
            std::this_thread::sleep_for(500us);
        }
    });
    int read = 0, refused = 0;
    for (int turn = 0; turn < 40; ++turn) {
        const Ended ended = runOn(folder, true, m_root);
        QVERIFY2(ended.exitCode == 0 || ended.exitCode == 3, ended.err.c_str());
        ++(ended.exitCode == 0 ? read : refused);
    }
    qInfo("while someone else wrote: %d times read, %d times refused", read, refused);
}

void TestHostile::cleanupTestCase()
{
    qInfo("%d hostile inputs refused; the slowest took %lld ms, the largest %ld kB beyond a good file's %ld kB",
          m_count, static_cast<long long>(m_slowest.count()), m_largest, m_ownKilobytes);
}

QTEST_APPLESS_MAIN(TestHostile)
#include "tst_hostile.moc"
