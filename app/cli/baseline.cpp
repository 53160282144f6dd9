// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/baseline.h"

#include "app/cli/opened.h"
#include "app/cli/table.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

using namespace engine;

namespace app::cli {

std::vector<BaselineRow> readBaseline(const std::string& path)
{
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(readText(path)), &error);
    if (error.error != QJsonParseError::NoError)
        throw Error(Fault::Format, path + " at byte " + std::to_string(error.offset) + ": " +
                                       error.errorString().toStdString() + "; the output of bench --json was expected");
    if (!document.object()["rows"].isArray())
        throw Error(Fault::Format, path + ": 'rows' is missing; the output of bench --json was expected");
    std::vector<BaselineRow> rows;
    for (const QJsonValue value : document.object()["rows"].toArray()) {
        const QJsonObject row = value.toObject();
        const int heads = row["heads"].toInt(), width = row["head_dim"].toInt();
        const double median = row["median_ns"].toDouble();
        if (median > 0) // null where it could not be run
            rows.push_back({row["method"].toString().toStdString(),
                            row["form"].toString().toStdString(),
                            {heads, heads, width, width, row["causal"].toBool()},
                            row["tokens"].toInt(),
                            median});
    }
    return rows;
}

double worstSlowdown(const std::vector<BaselineRow>& base, const Sweep& now, std::ostream& log)
{
    double worst = 0;
    bool any = false;
    for (const SweepRow& row : now.rows) {
        const auto earlier = std::ranges::find_if(base, [&](const BaselineRow& other) {
            return other.method == row.method && other.form == row.form && other.shape == row.shape &&
                   other.tokens == row.tokens;
        });
        if (earlier == base.end() || !row.failure.empty())
            continue;
        any = true;
        const double slowdown = double(row.timing.medianNs) / earlier->medianNs - 1;
        worst = std::max(worst, slowdown);
        log << row.method << " at " << row.tokens << " tokens: " << timeText(earlier->medianNs) << " before, "
            << timeText(double(row.timing.medianNs)) << " now (" << (slowdown > 0 ? "+" : "")
            << rounded(slowdown * 100, 3) << " %)\n";
    }
    if (!any)
        throw Error(Fault::Format, "the earlier measurement has no row with the same method, form and shape");
    return worst;
}

} // namespace app::cli
