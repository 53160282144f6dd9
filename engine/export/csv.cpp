// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/export/csv.h"

#include "engine/export/json.h"

namespace engine {
namespace {

std::string field(std::optional<int> number)
{
    return number ? std::to_string(*number) : std::string();
}

// Joins fields that were quoted already.
void line(std::ostream& out, std::initializer_list<std::string> fields)
{
    bool first = true;
    for (const std::string& text : fields) {
        if (!first)
            out << ',';
        out << text;
        first = false;
    }
    out << '\n';
}

} // namespace

std::string csvField(std::string_view text)
{
    if (text.find_first_of(",\"\r\n") == std::string_view::npos && !text.starts_with('#'))
        return std::string(text);
    std::string quoted = "\"";
    for (const char character : text) {
        if (character == '"')
            quoted += '"';
        quoted += character;
    }
    return quoted + '"';
}

void writeMetricsCsv(std::ostream& out, const std::vector<MetricRow>& rows)
{
    out << "# run_id: names the run these rows are of\n"
           "# checkpoint: the file or folder that was opened\n"
           "# method, params: what was compared with exact softmax attention, and its knobs\n"
           "# fidelity: DROP-IN (formula on weights trained for softmax), CALIBRATED or TRAINED\n"
           "# seed: of the method's random draws\n"
           "# layer, head, query, key: counted from 0; empty: all of them\n"
           "# n: tokens of the sequence\n"
           "# metric, value, unit: empty value: the metric does not apply, and the unit column says why\n"
           "# prov: where the number comes from\n"
           "run_id,checkpoint,method,params,fidelity,seed,layer,head,n,query,key,metric,value,unit,prov\n";
    for (const MetricRow& row : rows) {
        const MetricSource& from = row.source;
        const Metric& metric = row.metric;
        line(out,
             {csvField(from.runId), csvField(from.checkpoint), csvField(from.method), csvField(from.params),
              std::string(nameOf(from.fidelity)), std::to_string(from.seed), field(row.layer), field(row.head),
              std::to_string(from.tokens), field(row.query), field(row.key), csvField(metric.id),
              metric.applies() ? shortestNumber(metric.value) : "",
              csvField(metric.applies() ? metric.unit : "n/a: " + metric.reason), std::string(nameOf(row.provenance))});
    }
}

void writeTimingsCsv(std::ostream& out, const std::vector<TimingRow>& rows)
{
    out << "# run_id: names the run these rows are of\n"
           "# method, stage: what ran\n"
           "# layer: counted from 0; empty: all of them\n"
           "# n: tokens of the sequence\n"
           "# device, dtype: where and in which number format it ran\n"
           "# rep, time_ns: one raw sample per line, in the order they were taken\n"
           "# bytes, flops: predicted bytes moved and operations of one repeat\n"
           "# prov: where the time comes from\n"
           "run_id,method,stage,layer,n,device,dtype,rep,time_ns,bytes,flops,prov\n";
    for (const TimingRow& row : rows) {
        for (std::size_t rep = 0; rep < row.timing.samplesNs.size(); ++rep) {
            line(out, {csvField(row.runId), csvField(row.method), csvField(row.stage), field(row.layer),
                       std::to_string(row.tokens), csvField(row.device), csvField(row.dtype), std::to_string(rep),
                       std::to_string(row.timing.samplesNs[rep]), std::to_string(row.bytes),
                       std::to_string(row.operations), std::string(nameOf(Provenance::Measured))});
        }
    }
}

} // namespace engine
