// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/readers.h"
#include "tests/support/samples.h"

#include <QtTest/QTest>

// What fuzzing began from and what it found, in every build: findings/<reader>/ holds a file for each.
class TestFuzz : public QObject
{
    Q_OBJECT

private slots:
    void seedsAreGood();
    void findingsStayFixed();
};

void TestFuzz::seedsAreGood()
{
    for (const std::string_view reader : fuzz::readers()) {
        int models = 0;
        for (const std::string& seed : fuzz::seeds(reader))
            models += fuzz::open(reader, std::as_bytes(std::span(seed))).empty() ? 1 : 0;
        QVERIFY2(models > 0, std::string(reader).c_str()); // others are good beside other files
    }
}

void TestFuzz::findingsStayFixed()
{
    int count = 0;
    for (const std::string_view reader : fuzz::readers()) {
        const auto folder = std::filesystem::path(SUBQUAD_SOURCE_DIR) / "tests/fuzz/findings" / reader;
        if (!std::filesystem::is_directory(folder))
            continue;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const std::string bytes = samples::readFile(entry.path());
            const std::string sentence = fuzz::open(reader, std::as_bytes(std::span(bytes)));
            qInfo("%s: %s", entry.path().filename().c_str(), sentence.c_str());
            ++count;
        }
    }
    qInfo("%d findings replayed", count);
}

QTEST_APPLESS_MAIN(TestFuzz)
#include "tst_fuzz.moc"
