// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/layering/rules.h"

#include <QtCore/QProcess>
#include <QtCore/QSet>
#include <QtTest/QTest>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

const std::filesystem::path root = SUBQUAD_SOURCE_DIR;

std::vector<std::string> methodIds()
{
    std::vector<std::string> ids;
    for (const auto& entry : std::filesystem::directory_iterator(root / "engine/methods")) {
        if (entry.is_directory() && entry.path().filename() != "common")
            ids.push_back(entry.path().filename().string());
    }
    return ids;
}

std::string textOf(const std::filesystem::path& path)
{
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

} // namespace

// The dependency rules hold in every source file, and each rule can fail.
class TestLayering : public QObject
{
    Q_OBJECT

private slots:
    void everyFileKeepsTheRules();
    void everyRuleCanFail_data();
    void everyRuleCanFail();
    void topLevelIsFixed();
};

void TestLayering::everyFileKeepsTheRules()
{
    const std::vector<std::string> ids = methodIds();
    QStringList found;
    int files = 0;
    for (const char* folder : {"engine", "widgets", "app", "tests"}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
            const std::string extension = entry.path().extension().string();
            const std::string path = entry.path().lexically_relative(root).generic_string();
            if ((extension != ".h" && extension != ".cpp" && extension != ".cl") || path.starts_with("tests/layering/"))
                continue;
            ++files;
            for (const std::string& sentence : layering::violations(path, textOf(entry.path()), ids))
                found << QString::fromStdString(path + ": " + sentence);
        }
    }
    QVERIFY(files > 40);
    QVERIFY2(found.isEmpty(), qPrintable(found.join('\n')));
}

void TestLayering::everyRuleCanFail_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("rule"); // empty: must pass
    const auto row = [](const char* name, const char* path, const char* line, const char* rule) {
        QTest::newRow(name) << path << line << rule;
    };
    row("Qt in the engine", "engine/model/a.h", "#include <QString>", "rule 1");
    row("QtCore in the engine", "engine/model/a.h", "#include <QtCore/QString>", "rule 1");
    row("widgets see the engine", "widgets/a.cpp", "#include \"engine/model/model.h\"", "rule 2");
    row("widgets see values", "widgets/a.cpp", "#include \"engine/values/grid.h\"", "");
    row("widgets see app", "widgets/a.cpp", "#include \"app/document.h\"", "rule 2");
    row("engine sees widgets", "engine/model/a.cpp", "#include \"widgets/theme.h\"", "rule 2");
    row("OpenCL in a method", "engine/methods/softmax/a.cpp", "#include <CL/cl.h>", "rule 3");
    row("an OpenCL call in app", "app/a.cpp", "clFinish(queue);", "rule 3");
    row("values see files", "engine/values/a.h", "#include \"engine/files/bytes.h\"", "rule 4");
    row("compare sees model", "engine/compare/a.h", "#include \"engine/model/matrix.h\"", "rule 4");
    row("a method sees another", "engine/methods/softmax/a.cpp", "#include \"engine/methods/taylorshift/form.h\"",
        "rule 4");
    row("a method sees common", "engine/methods/softmax/a.cpp", "#include \"engine/methods/common/pack.h\"", "");
    row("model sees methods", "engine/model/a.cpp", "#include \"engine/methods/method.h\"", "rule 4");
    row("a method id in app", "app/a.cpp", "find(\"taylorshift\");", "rule 5");
    row("a method id in a spec", "engine/session/a.cpp", "parse(\"taylorshift:form=direct\");", "rule 5");
    row("a method id at home", "engine/methods/taylorshift/a.cpp", "find(\"taylorshift\");", "");
    row("a thread in app", "app/a.cpp", "std::jthread t(f);", "rule 6");
    row("QtConcurrent", "app/a.cpp", "QtConcurrent::run(f);", "rule 6");
    row("a thread's id", "app/a.cpp", "std::thread::id m_owner;", "");
    row("processEvents", "app/a.cpp", "QCoreApplication::processEvents();", "rule 7");
    row("exec of a dialog", "widgets/a.cpp", "dialog.exec();", "rule 7");
    row("random in a view", "widgets/a.cpp", "std::mt19937 random;", "rule 8");
    row("nlohmann elsewhere", "engine/model/a.cpp", "#include <nlohmann/json.hpp>", "rule 9");
    row("Eigen in app", "app/a.cpp", "#include <Eigen/Core>", "rule 9");
}

void TestLayering::everyRuleCanFail()
{
    QFETCH(QString, path);
    QFETCH(QString, line);
    QFETCH(QString, rule);
    const std::string text = "// SPDX-License-Identifier: GPL-3.0-or-later\n" + line.toStdString() + "\n";
    const auto found = layering::violations(path.toStdString(), text, {"softmax", "taylorshift"});
    if (rule.isEmpty()) {
        QVERIFY2(found.empty(), found.empty() ? "" : found.front().c_str());
    } else {
        QVERIFY(std::ranges::any_of(
            found, [&](const std::string& sentence) { return sentence.starts_with(rule.toStdString() + ":"); }));
    }
    QCOMPARE(layering::violations("engine/values/a.h", "#pragma once\n", {}).size(), 1U); // rule 10
}

void TestLayering::topLevelIsFixed()
{
    const QSet<QString> fixed{"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "app",
                              "engine",         "resources",         "samples", "tests",     "widgets"};
    // Git says what belongs to the project; without git (an unpacked archive) there is nothing to check against.
    QProcess git;
    git.setWorkingDirectory(QString::fromStdString(root.string()));
    git.start("git", {"ls-tree", "--name-only", "HEAD"});
    if (!git.waitForFinished() || git.exitCode() != 0)
        QSKIP("not a git checkout");
    const QStringList names = QString::fromUtf8(git.readAllStandardOutput()).split('\n', Qt::SkipEmptyParts);
    for (const QString& name : names)
        QVERIFY2(name.startsWith('.') || fixed.contains(name), qPrintable(name));
}

QTEST_GUILESS_MAIN(TestLayering)
#include "tst_layering.moc"
