// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/grammar.h"
#include "app/cli/selfcheck.h"
#include "app/cli/table.h"
#include "engine/export/json.h"

#include <algorithm>

using namespace engine;

namespace app::cli {
namespace {

void writeJson(const std::vector<Check>& checks, bool passed, Machine& machine, Context& context)
{
    JsonWriter json(context.out);
    json.object().field("passed", passed).field("device", machine.deviceName()).key("rows").array();
    for (const Check& check : checks) {
        json.object().field("check", check.what).field("method", check.spec).field("cases", check.cases);
        json.field("error", check.error).field("allowed", check.allowed).field("passed", check.passed());
        json.field("worst_case", check.worst).end();
    }
    json.end().end();
}

void writeText(const std::vector<Check>& checks, bool passed, Machine& machine, Context& context)
{
    Table table({"check", "method", "cases", "error", "allowed", "", "nearest to its limit"});
    for (const Check& check : checks)
        table.add({check.what, check.spec, std::to_string(check.cases), rounded(check.error, 2),
                   rounded(check.allowed, 2), check.passed() ? "ok" : "FAILED", check.worst});
    table.print(context.out);
    context.out << (passed ? "passed" : "FAILED") << " (" << machine.deviceName() << ")\n";
}

} // namespace

int selftest(const MachineChoice& where, Context& context)
{
    return onMachine(where, context, [&](Machine& machine) {
        const std::vector<Check> checks = selfChecks(machine, context.job);
        const bool passed = std::ranges::all_of(checks, &Check::passed);
        (context.json ? writeJson : writeText)(checks, passed, machine, context);
        return passed ? exitOk : exitTolerance;
    });
}

} // namespace app::cli
