// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/layering/rules.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>

namespace layering {
namespace {

struct File
{
    std::string_view path;
    std::string folder;    // first part: engine, widgets, app, tests
    std::string subfolder; // second part, of engine: values, compute, …
    std::string method;    // third part below engine/methods, if it is a method's folder
    std::string text;
    std::vector<std::string> includes;
    const std::vector<std::string>* methodIds = nullptr;
};

std::vector<std::string> parts(std::string_view path)
{
    std::vector<std::string> found;
    for (std::size_t from = 0; from <= path.size();) {
        const std::size_t slash = std::min(path.find('/', from), path.size());
        found.emplace_back(path.substr(from, slash - from));
        from = slash + 1;
    }
    return found;
}

bool startsWith(std::string_view text, std::string_view start)
{
    return text.substr(0, start.size()) == start;
}

bool mentions(const File& file, const char* pattern)
{
    return std::regex_search(file.text, std::regex(pattern));
}

File read(std::string_view path, std::string_view text, const std::vector<std::string>& methodIds)
{
    File file{path, "", "", "", std::string(text), {}, &methodIds};
    const std::vector<std::string> names = parts(path);
    file.folder = names[0];
    if (names.size() > 2)
        file.subfolder = names[1];
    if (names.size() > 3 && file.subfolder == "methods" && names[2] != "common")
        file.method = names[2];
    const std::regex include(R"(#\s*include\s*[<"]([^>"]+)[>"])");
    for (std::sregex_iterator at(file.text.begin(), file.text.end(), include), end; at != end; ++at)
        file.includes.push_back((*at)[1]);
    return file;
}

using Found = std::vector<std::string>;

// 1: the engine has no Qt.
void engineHasNoQt(const File& file, Found& found)
{
    for (const std::string& include : file.includes) {
        if (file.folder == "engine" && std::regex_match(include, std::regex(R"((Qt?\w*/.*|Q[A-Z]\w*))")))
            found.push_back("rule 1: engine/ includes Qt: " + include);
    }
}

// 2: views see values only.
void widgetsSeeValuesOnly(const File& file, Found& found)
{
    for (const std::string& include : file.includes) {
        const bool foreign = (startsWith(include, "engine/") && !startsWith(include, "engine/values/")) ||
                             startsWith(include, "app/") || startsWith(include, "Eigen/");
        if (file.folder == "widgets" && foreign)
            found.push_back("rule 2: widgets/ includes " + include);
        if (file.folder == "engine" && (startsWith(include, "app/") || startsWith(include, "widgets/")))
            found.push_back("rule 2: engine/ includes " + include);
    }
}

// 3: OpenCL stays in one folder, and in the tests of that folder.
void openClStaysInCompute(const File& file, Found& found)
{
    if (startsWith(file.path, "engine/compute/") || startsWith(file.path, "tests/engine/tst_compute"))
        return;
    if (mentions(file, R"(#\s*include\s*<CL/)") || mentions(file, R"(\bcl::|\bcl_mem\b|\bcl[A-Z]\w*\s*\()"))
        found.push_back("rule 3: OpenCL outside engine/compute");
}

// 4: inside the engine, arrows go one way, and a method never sees another.
void engineArrowsGoOneWay(const File& file, Found& found)
{
    static const std::map<std::string, std::set<std::string>, std::less<>> allowed{
        {"values", {"values"}},
        {"jobs", {"values", "jobs"}},
        {"compute", {"values", "jobs", "compute"}},
        {"files", {"values", "jobs", "files"}},
        {"compare", {"values", "compare"}},
        {"export", {"values", "export"}},
        {"model", {"values", "jobs", "compute", "files", "model"}},
        {"methods", {"values", "jobs", "compute", "files", "model", "methods"}},
        {"session", {"values", "jobs", "compute", "files", "model", "methods", "compare", "session"}},
        {"measure", {"values", "jobs", "compute", "files", "model", "methods", "compare", "session", "measure"}},
    };
    const auto own = allowed.find(file.subfolder);
    if (file.folder != "engine" || own == allowed.end())
        return;
    for (const std::string& include : file.includes) {
        if (!startsWith(include, "engine/"))
            continue;
        const std::vector<std::string> names = parts(include);
        if (!own->second.contains(names[1]))
            found.push_back("rule 4: engine/" + file.subfolder + " includes " + include);
        if (file.method.empty() || names[1] != "methods")
            continue;
        const bool seam = include == "engine/methods/method.h" || include == "engine/methods/claims.h" ||
                          include == "engine/methods/recorder.h" || names[2] == "common" || names[2] == file.method;
        if (!seam)
            found.push_back("rule 4: the method " + file.method + " includes " + include);
    }
}

// 5: no method id outside its folder; the baseline has its one place.
void methodIdsStayAtHome(const File& file, Found& found)
{
    if (file.folder == "tests" || file.path == "engine/values/plan.h")
        return;
    for (const std::string& id : *file.methodIds) {
        if (file.method == id)
            continue;
        if (mentions(file, ("\"" + id + "[\":=.]").c_str()) || mentions(file, ("engine/methods/" + id + "/").c_str()) ||
            mentions(file, (id + "::").c_str()))
            found.push_back("rule 5: the method id " + id + " outside its folder");
    }
}

// 6: threads are made in one place.
void threadsAreMadeInJobs(const File& file, Found& found)
{
    if (file.subfolder == "jobs" || file.folder == "tests")
        return;
    if (mentions(
            file,
            R"(std::jthread|std::thread\b(?!::id)|std::async|pthread_create|\bQThread\s+\w|new QThread|QtConcurrent|QThreadPool)"))
        found.push_back("rule 6: a thread made outside engine/jobs");
}

// 7: no waiting on the GUI thread.
void theWindowNeverWaits(const File& file, Found& found)
{
    if (file.folder != "widgets" && file.folder != "app")
        return;
    if (mentions(file, R"(processEvents\s*\(|\.exec\(\)\s*;|->exec\(\)\s*;)") && file.path != "app/window.cpp" &&
        file.path != "app/tour.cpp" && file.path != "app/report.cpp" && file.path != "app/main.cpp")
        found.push_back("rule 7: a nested event loop");
}

// 8: every number drawn comes from a value.
void viewsInventNothing(const File& file, Found& found)
{
    if (file.folder == "widgets" &&
        mentions(file, R"(\brand\s*\(|std::mt19937|QRandomGenerator|#\s*include\s*<random>)"))
        found.push_back("rule 8: random numbers in widgets/");
}

// 9: each library that reads hostile input is included in one place.
void librariesHaveOnePlace(const File& file, Found& found)
{
    for (const std::string& include : file.includes) {
        if (startsWith(include, "nlohmann/") && !startsWith(file.path, "engine/files/json."))
            found.push_back("rule 9: " + include + " outside engine/files/json");
        if (startsWith(include, "Eigen/") && file.folder == "app")
            found.push_back("rule 9: " + include + " in app/");
    }
}

// 10: licence in the first line.
void firstLineIsTheLicence(const File& file, Found& found)
{
    if (!startsWith(file.text, "// SPDX-License-Identifier: GPL-3.0-or-later\n"))
        found.push_back("rule 10: the first line is not the SPDX line");
}

} // namespace

std::vector<std::string> violations(std::string_view path, std::string_view text,
                                    const std::vector<std::string>& methodIds)
{
    const File file = read(path, text, methodIds);
    Found found;
    for (const auto rule :
         {engineHasNoQt, widgetsSeeValuesOnly, openClStaysInCompute, engineArrowsGoOneWay, methodIdsStayAtHome,
          threadsAreMadeInJobs, theWindowNeverWaits, viewsInventNothing, librariesHaveOnePlace, firstLineIsTheLicence})
        rule(file, found);
    return found;
}

} // namespace layering
