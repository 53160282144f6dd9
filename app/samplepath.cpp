// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/samplepath.h"

#include "engine/values/error.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace app {

namespace {

namespace fs = std::filesystem;

constexpr const char* sampleName = "stories-1m";
constexpr qint64 largestPrompts = 1 << 20; // bytes

} // namespace

fs::path samplePath()
{
    std::error_code ignored; // what cannot be looked at is not there
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const fs::path& samples : {program / "../share/subquad/samples", program / "samples", program / "../samples",
                                    fs::path(SUBQUAD_SOURCE_DIR) / "samples"})
        if (fs::exists(samples / sampleName / "config.json", ignored))
            return fs::weakly_canonical(samples / sampleName, ignored);
    return {};
}

std::vector<fs::path> bundledSamples()
{
    const fs::path first = samplePath();
    std::vector<fs::path> others;
    std::error_code failed;
    for (fs::directory_iterator entry(first.parent_path(), failed), end; !failed && entry != end;
         entry.increment(failed)) {
        std::error_code ignored;
        if (entry->path() != first && fs::exists(entry->path() / "config.json", ignored))
            others.push_back(entry->path());
    }
    std::ranges::sort(others);
    if (!first.empty())
        others.insert(others.begin(), first);
    return others;
}

std::vector<Prompt> promptsBeside(const fs::path& checkpoint)
{
    std::error_code ignored;
    const fs::path folder = fs::is_directory(checkpoint, ignored) ? checkpoint : checkpoint.parent_path();
    QFile file(QString::fromStdString((folder / "prompts.json").string()));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const std::string name = file.fileName().toStdString();
    if (file.size() > largestPrompts)
        throw engine::Error(engine::Fault::Format, name + " has " + std::to_string(file.size()) + " bytes; at most " +
                                                       std::to_string(largestPrompts) + " were expected");
    QJsonParseError wrong;
    const QJsonDocument document = QJsonDocument::fromJson(file.readAll(), &wrong);
    if (!document.isArray())
        throw engine::Error(engine::Fault::Format, name + ": at byte " + std::to_string(wrong.offset) +
                                                       R"(: a list of {"title", "text"} was expected)");
    std::vector<Prompt> prompts;
    for (const QJsonValue each : document.array()) {
        const QJsonValue text = each.toObject()["text"];
        if (!text.isString())
            throw engine::Error(engine::Fault::Format,
                                name + ": prompt " + std::to_string(prompts.size()) + " has no \"text\"");
        prompts.push_back({each.toObject()["title"].toString().toStdString(), text.toString().toStdString()});
    }
    return prompts;
}

std::string startPrompt(const std::vector<Prompt>& prompts)
{
    if (!prompts.empty())
        return prompts.front().text;
    return "Once upon a time, a little girl named Lily lived in a small house with her mom, dad, and her dog Spot.";
}

} // namespace app
