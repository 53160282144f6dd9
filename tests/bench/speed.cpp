// SPDX-License-Identifier: GPL-3.0-or-later
// How near the program comes to what the machine can do: every row a fraction of the multiply-add peak or the read
// bandwidth that are measured beside it in the same round, or a ratio of two times of one round. Rounds go through all
// rows, so that a slow moment of the machine falls on each. The window's rows come last, from subquad_window_bench,
// where it was built. Nothing is printed when the tests of the methods fail.
//   subquad_speed [--rounds N] [--only WORD] [--json FILE] [--compare FILE --tolerance 0.05]
#include "engine/export/json.h"
#include "engine/files/json.h"
#include "engine/measure/sweep.h"
#include "tests/bench/speedrows.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QProcess>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

using namespace engine;
using namespace bench;

namespace {

// Nearest rank, of sorted numbers.
double quantile(const std::vector<double>& sorted, double fraction)
{
    return sorted[std::size_t(fraction * double(sorted.size() - 1) + 0.5)];
}

struct Result
{
    const SpeedRow* row = nullptr;
    std::vector<double> samples; // sorted at the end
    std::string missing;         // why there are none
};

std::string verdictOf(const Result& result)
{
    if (result.samples.empty())
        return "n/a: " + result.missing;
    if (!result.row->aim)
        return "";
    const double median = quantile(result.samples, 0.5);
    return (result.row->atMost ? median <= *result.row->aim : median >= *result.row->aim) ? "reached" : "short";
}

void measure(std::vector<Result>& results, int rounds, Bench& bench)
{
    for (int round = 0; round < rounds; ++round)
        for (Result& result : results) {
            if (!result.missing.empty())
                continue;
            try {
                result.samples.push_back(result.row->measure(bench));
            } catch (const Missing& missing) {
                result.missing = missing.why;
            }
        }
    for (Result& result : results)
        std::ranges::sort(result.samples);
}

// What a person waits for at the window, in milliseconds: its bench is a program of its own.
std::vector<Result> windowRows(const QString& only)
{
    static const std::vector<SpeedRow> rows = [] {
        const auto row = [](const char* work, std::optional<double> aim) {
            return SpeedRow{work, aim, "ms", true, {}};
        };
        return std::vector{row("start to first picture, kernels cached", 1000),
                           row("start to first picture, no kernel cached", 4000),
                           row("hover, every linked map and panel repainted", std::nullopt),
                           row("one layer's method, 512 tokens, until all is current", std::nullopt),
                           row("65536 tokens: first picture after it", 50),
                           row("65536 tokens: a pan step on the GUI thread", 16)};
    }();
    std::vector<Result> results;
    for (const SpeedRow& row : rows)
        if (QString::fromStdString(row.work).contains(only))
            results.push_back({&row, {}, {}});
    if (results.empty())
        return results;
    const QTemporaryDir folder;
    const QString file = folder.filePath("window.json"), program = SUBQUAD_WINDOW_BENCH;
    const bool ran = QFile::exists(program) && QProcess::execute(program, {"--json", file}) == 0;
    std::map<std::string, std::vector<double>> measured;
    if (ran)
        for (const Json& row : Json::read(file.toStdString())["rows"].elements())
            for (const Json& sample : row["samples"].elements())
                measured[row["work"].string()].push_back(sample.number());
    for (Result& result : results) {
        result.samples = measured[result.row->work];
        std::ranges::sort(result.samples);
        if (result.samples.empty())
            result.missing = ran ? "it was not measured" : "subquad_window_bench did not run";
    }
    return results;
}

void print(const std::vector<Result>& results)
{
    std::printf("%-58s %-24s %9s %9s %9s %3s\n", "work", "aim", "median", "p20", "p80", "n");
    for (const Result& result : results) {
        const SpeedRow& row = *result.row;
        const std::string aim =
            row.aim ? (row.atMost ? "<= " : ">= ") + std::to_string(*row.aim).substr(0, 4) + " " + row.unit : row.unit;
        std::printf("%-58s %-24s ", row.work.c_str(), aim.c_str());
        if (!result.samples.empty())
            std::printf("%9.3f %9.3f %9.3f %3zu ", quantile(result.samples, 0.5), quantile(result.samples, 0.2),
                        quantile(result.samples, 0.8), result.samples.size());
        std::printf("%s\n", verdictOf(result).c_str());
    }
}

void writeJson(const std::string& path, const std::vector<Result>& results, const std::string& machine)
{
    std::ofstream out(path);
    JsonWriter json(out);
    json.object().field("machine", machine).key("rows").array();
    for (const Result& result : results) {
        if (result.samples.empty())
            continue;
        json.object().field("work", result.row->work).field("unit", result.row->unit);
        json.field("at_most", result.row->atMost).field("median", quantile(result.samples, 0.5));
        json.field("p20", quantile(result.samples, 0.2)).field("p80", quantile(result.samples, 0.8));
        json.key("samples").list(result.samples).end();
    }
    json.end().end();
}

// Rows that are worse than an earlier table by more than the tolerance, each said; their number.
int regressions(const std::string& path, double tolerance, const std::vector<Result>& results)
{
    std::map<std::string, double> earlier;
    for (const Json& row : Json::read(path)["rows"].elements())
        earlier[row["work"].string()] = row["median"].number();
    int worse = 0;
    for (const Result& result : results) {
        const auto before = earlier.find(result.row->work);
        if (before == earlier.end() || result.samples.empty())
            continue;
        const double now = quantile(result.samples, 0.5);
        const double loss = result.row->atMost ? now / before->second - 1 : 1 - now / before->second;
        if (loss <= tolerance)
            continue;
        std::printf("worse: %s, %.3f before, %.3f now\n", result.row->work.c_str(), before->second, now);
        ++worse;
    }
    return worse;
}

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication program(argc, argv);
    QCommandLineParser options;
    options.addOptions({{"rounds", "Rounds", "n", "9"},
                        {"only", "Rows whose work has this word", "word"},
                        {"json", "Write the table to a file", "file"},
                        {"compare", "An earlier table", "file"},
                        {"tolerance", "Share that a row may have lost since", "share", "0.05"},
                        {"untested", "Do not run the tests of the methods first"}});
    options.addHelpOption();
    options.process(program);
    // A wrong answer is not worth timing.
    if (!options.isSet("untested") &&
        QProcess::execute(QStringLiteral(SUBQUAD_METHOD_TESTS), {QStringLiteral("-silent")}) != 0) {
        std::fprintf(stderr, "the tests of the methods fail: no times are printed\n");
        return 1;
    }
    try {
        Bench bench;
        const std::vector<SpeedRow> rows = speedRows();
        std::vector<Result> results;
        for (const SpeedRow& row : rows)
            if (QString::fromStdString(row.work).contains(options.value("only")))
                results.push_back({&row, {}, {}});
        const std::string machine = machineLine(&bench.context);
        std::printf("# %s\n", machine.c_str());
        measure(results, options.value("rounds").toInt(), bench);
        for (Result& result : windowRows(options.value("only")))
            results.push_back(std::move(result));
        print(results);
        if (options.isSet("json"))
            writeJson(options.value("json").toStdString(), results, machine);
        if (options.isSet("compare"))
            return regressions(options.value("compare").toStdString(), options.value("tolerance").toDouble(), results) >
                           0
                       ? 1
                       : 0;
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
