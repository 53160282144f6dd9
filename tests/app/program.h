// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QProcessEnvironment>
#include <QString>
#include <QStringList>

#include <utility>
#include <vector>

// What the built program did.
struct Ran
{
    int exitCode = -1; // -1: it crashed, or did not end
    QByteArray out, err;

    QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
};

using Environment = std::vector<std::pair<QString, QString>>;

inline QProcessEnvironment environmentWith(const Environment& variables)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const auto& [name, value] : variables)
        environment.insert(name, value);
    return environment;
}

// Waits for the end of a program that was started.
inline Ran resultOf(QProcess& process)
{
    constexpr int longestMs = 240000;
    if (process.state() != QProcess::NotRunning && !process.waitForFinished(longestMs)) {
        process.kill();
        process.waitForFinished();
        return {-1, process.readAllStandardOutput(), "did not end"};
    }
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1, process.readAllStandardOutput(),
            process.readAllStandardError()};
}

// Runs `subquad` to its end, with variables set besides those of the test.
inline Ran runProgram(const QStringList& arguments, const Environment& variables = {})
{
    QProcess process;
    process.setProcessEnvironment(environmentWith(variables));
    process.start(QStringLiteral(SUBQUAD_PROGRAM), arguments);
    process.closeWriteChannel();
    return resultOf(process);
}

// The arguments of a line, with paths for the words that begin them (OUT.pdf: the path of OUT and the suffix). Each is
// filled in once: the random name of a folder may spell another word.
inline QStringList filledIn(const QString& line, const std::vector<std::pair<QString, QString>>& paths)
{
    QStringList arguments = line.split(u' ');
    for (QString& argument : arguments)
        for (const auto& [word, path] : paths)
            if (argument.startsWith(word)) {
                argument.replace(0, word.size(), path);
                break;
            }
    return arguments;
}

// One line that begins with the program's name.
inline bool isOneSentence(const QByteArray& err)
{
    const QByteArray text = err.trimmed();
    return text.startsWith("subquad: ") && !text.contains('\n') && text.size() > 20;
}
