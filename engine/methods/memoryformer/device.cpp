// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/device.h"

#include "engine/methods/common/tiles.h"
#include "engine/methods/memoryformer/reference.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <random>

namespace engine::memoryformer {
namespace {

constexpr std::string_view kernels = "methods/memoryformer/kernels.cl";
constexpr int lanes = 16;                            // LANES of prelude.cl
constexpr int slice = 4 * lanes;                     // SLICE of kernels.cl
constexpr int mostSlices = 8;                        // MOST_SLICES of kernels.cl
constexpr int fewTokens = 4;                         // hashed once more for every look-up
constexpr int mostTokens = 512;                      // of a panel: their sums are to stay in a cache, too
constexpr int cacheBytes = 512 * 1024;               // of tables that a processor keeps at hand
constexpr double perEntry = 20;                      // operations of hashing one entry
constexpr std::size_t atOnce = std::size_t(1) << 20; // numbers of an upload

// Projections of one group: each by tables, or dense by the baseline.
class TableLinear : public DeviceLinear
{
public:
    TableLinear(std::span<const Weight> which, const LayerContext& context, const DeviceModel& model,
                DeviceContext& device)
        : m_layer(context.layer)
        , m_first(which.front())
        , m_queue(device.queue)
    {
        const HashRule rule = ruleOf(context.plan.linear.knobs);
        std::optional<TableView> before;
        for (const Weight projection : which) {
            Part& part = m_parts.emplace_back();
            const std::optional<TableView> tables = tablesOf(context, projection);
            if (!tables) {
                part.dense = findMethod(baseline).deviceLinear(std::span(&projection, 1), context, model, device);
                continue;
            }
            if (!before || !sameHash(*before, *tables))
                m_hashes.emplace_back(tables->chunks, tables->thresholds, rule, device);
            before = tables;
            part.hash = &m_hashes.back();
            part.tables.emplace(*tables, device);
        }
    }

    // Buffers must outlive the launches that use them, also when an error ends a run early.
    ~TableLinear() override
    {
        try {
            m_queue.finish();
        } catch (const Error&) { // already on the way out with an error of its own
        }
    }

    TableLinear(const TableLinear&) = delete;
    TableLinear& operator=(const TableLinear&) = delete;

    void apply(const Buffer<float>& x, int rows, std::span<Buffer<float>* const> out, bool accumulate,
               DeviceContext& context, Recorder& recorder) override
    {
        assert(out.size() == m_parts.size());
        const bool inPassing = !m_hashes.empty() && m_hashes.front().inPassing(rows) &&
                               !m_hashes.front().wanted(m_first, m_layer, recorder);
        if (!m_hashes.empty() && !inPassing) {
            for (DeviceHash& hash : m_hashes)
                hash.apply(x, rows, context.queue);
            m_hashes.front().record(m_first, m_layer, rows, recorder, context.queue);
        }
        for (std::size_t i = 0; i < m_parts.size(); ++i) {
            if (m_parts[i].dense)
                m_parts[i].dense->apply(x, rows, out.subspan(i, 1), accumulate, context, recorder);
            else if (inPassing)
                m_parts[i].tables->lookUp(*m_parts[i].hash, x, rows, *out[i], accumulate, context.queue);
            else
                m_parts[i].tables->apply(*m_parts[i].hash, rows, *out[i], accumulate, context.queue);
        }
    }

    std::size_t stateBytes() const override { return 0; }

private:
    struct Part
    {
        std::unique_ptr<DeviceLinear> dense; // null: by tables
        DeviceHash* hash = nullptr;
        std::optional<DeviceTables> tables;
    };

    LayerIndex m_layer;
    Weight m_first;
    Queue& m_queue;
    std::deque<DeviceHash> m_hashes; // a deque: parts point into it
    std::vector<Part> m_parts;
};

class RandomTables : public DeviceLinear
{
public:
    RandomTables(const Tables& tables, const HashRule& rule, DeviceContext& device)
        : m_queue(device.queue)
        , m_hash(tables.chunks, {}, rule, device)
        , m_tables(tables.view(), device)
    {
    }

    ~RandomTables() override
    {
        try {
            m_queue.finish();
        } catch (const Error&) { // already on the way out with an error of its own
        }
    }

    RandomTables(const RandomTables&) = delete;
    RandomTables& operator=(const RandomTables&) = delete;

    void apply(const Buffer<float>& x, int rows, std::span<Buffer<float>* const> out, bool accumulate,
               DeviceContext& context, Recorder& /*recorder*/) override
    {
        if (m_hash.inPassing(rows)) {
            m_tables.lookUp(m_hash, x, rows, *out.front(), accumulate, context.queue);
            return;
        }
        m_hash.apply(x, rows, context.queue);
        m_tables.apply(m_hash, rows, *out.front(), accumulate, context.queue);
    }

    std::size_t stateBytes() const override { return 0; }

private:
    Queue& m_queue;
    DeviceHash m_hash;
    DeviceTables m_tables;
};

} // namespace

std::unique_ptr<DeviceLinear> makeRandom(int width, int outputs, const KnobValues& knobs, std::uint64_t seed,
                                         DeviceContext& device)
{
    Tables tables{{width, intOf(memoryformer::knobs(), knobs, "tau")}, outputs, {}, {}, {}};
    tables.cells.resize(tableCells(tables.chunks, outputs, "random tables"));
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal;
    for (float& number : tables.cells)
        number = normal(random);
    return std::make_unique<RandomTables>(tables, ruleOf(knobs), device);
}

DeviceHash::DeviceHash(const Chunks& chunks, std::span<const float> thresholds, const HashRule& rule,
                       DeviceContext& device)
    : m_chunks(chunks)
    , m_rule(rule)
    , m_thresholds(device.device, std::size_t(chunks.width), "thresholds")
{
    Defines defines;
    if (rule.probes > 1)
        defines["PROBES"] = std::to_string(rule.probes);
    m_hash = device.device.kernel(kernelSource(kernels), rule.probes > 1 ? "hash_probes" : "hash", defines);
    m_numbers = device.device.kernel(kernelSource(kernels), "numbers", defines);
    std::vector<float> given(thresholds.begin(), thresholds.end());
    given.resize(std::size_t(chunks.width), 0.0F);
    device.queue.write(m_thresholds, std::span<const float>(given));
}

void DeviceHash::apply(const Buffer<float>& x, int rows, Queue& queue)
{
    const std::size_t cells = std::size_t(rows) * std::size_t(terms());
    ensure(m_codes, cells, queue, "addresses");
    ensure(m_scales, cells, queue, "scales");
    const float steepness = float(2 / m_rule.temperature);
    if (m_rule.probes > 1)
        launchInPieces(queue, m_hash, rows * m_chunks.count(),
                       perEntry * m_chunks.bits + 2.0 * m_rule.probes * (m_rule.probes + m_chunks.bits),
                       "memoryformer hash", x, m_thresholds, m_codes, m_scales, m_chunks.width, m_chunks.count(),
                       m_chunks.bits, steepness);
    else
        launchInPieces(queue, m_hash, rows, perEntry * m_chunks.width, "memoryformer hash", x, m_thresholds, m_codes,
                       m_scales, m_chunks.width, m_chunks.count(), m_chunks.bits, int(m_rule.weighting), steepness);
}

bool DeviceHash::inPassing(int rows) const
{
    return m_rule.probes == 1 && rows <= fewTokens;
}

bool DeviceHash::wanted(Weight first, LayerIndex layer, const Recorder& recorder) const
{
    return recorder.wants(codesProbe(first), layer) || recorder.wants(scalesProbe(first), layer);
}

void DeviceHash::record(Weight first, LayerIndex layer, int rows, Recorder& recorder, Queue& queue)
{
    if (recorder.wants(codesProbe(first), layer)) {
        const int count = rows * terms();
        ensure(m_codeNumbers, std::size_t(count), queue, "addresses to record");
        queue.launch(m_numbers, Range::groups(std::size_t((count + 255) / 256)), "memoryformer record", m_codes,
                     m_codeNumbers, count);
        recorder.append(codesProbe(first), layer, m_codeNumbers, rows, terms(), queue);
    }
    if (recorder.wants(scalesProbe(first), layer))
        recorder.append(scalesProbe(first), layer, m_scales, rows, terms(), queue);
}

DeviceTables::DeviceTables(const TableView& tables, DeviceContext& device)
    : m_chunks(tables.chunks)
    , m_outputs(tables.outputs)
    , m_padded(roundUp(tables.outputs, lanes))
    , m_units(std::max(device.device.info().computeUnits, 1))
    , m_gather(device.device.kernel(kernelSource(kernels), "gather"))
    , m_lookUp(device.device.kernel(kernelSource(kernels), "look_up"))
{
    const auto outputs = std::size_t(m_outputs), padded = std::size_t(m_padded);
    const std::size_t rows = tables.cells.size() / outputs;
    m_cells = Buffer<float>(device.device, rows * padded, "the tables of a Memory Layer");
    std::vector<float> some;
    for (std::size_t column = 0; column < padded; column += slice) {
        const std::size_t width = std::min<std::size_t>(slice, padded - column),
                          own = std::min(width, outputs - column);
        // Some rows at a time, so that large tables are not held twice on the host.
        for (std::size_t first = 0; first < rows; first += atOnce / width) {
            const std::size_t count = std::min(atOnce / width, rows - first);
            some.assign(count * width, 0.0F);
            for (std::size_t row = 0; row < count; ++row)
                std::ranges::copy(tables.cells.subspan((first + row) * outputs + column, own),
                                  some.begin() + std::ptrdiff_t(row * width));
            device.queue.write(m_cells, std::span<const float>(some), column * rows + first * width);
        }
    }
    std::vector<float> bias(tables.bias.begin(), tables.bias.end());
    bias.resize(padded, 0.0F);
    m_bias = Buffer<float>(device.device, padded, "the bias of a Memory Layer");
    device.queue.write(m_bias, std::span<const float>(bias));
    m_sums = Buffer<float>(device.device, 1, "sums of a Memory Layer");
}

int DeviceTables::panelOf(int rows) const
{
    const int slices = (m_padded + slice - 1) / slice, groups = 4 * m_units; // enough to balance
    return std::clamp(rows * slices / groups, std::min(rows, lanes), std::min(rows, mostTokens));
}

int DeviceTables::blockOf(int panel) const
{
    // Few tokens seldom share a row: their sums stay in registers from the first table to the last.
    constexpr int fewest = 4;
    const std::int64_t table = std::int64_t(m_chunks.stride()) * slice * std::int64_t(sizeof(float));
    if (panel * fewest < m_chunks.stride() || table > cacheBytes)
        return m_chunks.count();
    return int(std::min<std::int64_t>(cacheBytes / table, m_chunks.count()));
}

void DeviceTables::apply(const DeviceHash& hash, int rows, Buffer<float>& out, bool accumulate, Queue& queue)
{
    if (rows == 0)
        return;
    const int slices = (m_padded + slice - 1) / slice, panel = panelOf(rows), block = blockOf(panel);
    if (block < m_chunks.count())
        ensure(m_sums, std::size_t(rows) * std::size_t(m_padded), queue, "sums of a Memory Layer");
    launchInPieces(queue, m_gather, (rows + panel - 1) / panel * slices, 2.0 * panel * slice * hash.terms(),
                   "memoryformer gather", hash.codes(), hash.scales(), m_cells, m_bias, m_sums, out, rows, m_outputs,
                   m_padded, m_chunks.count(), hash.probes(), m_chunks.stride(), panel, block, int(accumulate));
}

void DeviceTables::lookUp(const DeviceHash& hash, const Buffer<float>& x, int rows, Buffer<float>& out, bool accumulate,
                          Queue& queue)
{
    if (rows == 0)
        return;
    const HashRule& rule = hash.rule();
    const int slices = (m_padded + slice - 1) / slice;
    const int share = std::clamp(rows * slices / m_units, 1, std::min(slices, mostSlices));
    launchInPieces(queue, m_lookUp, (slices + share - 1) / share * rows,
                   perEntry * m_chunks.width + 2.0 * slice * share * hash.terms(), "memoryformer look-up", x,
                   hash.thresholds(), m_cells, m_bias, out, m_chunks.width, m_chunks.count(), m_chunks.bits,
                   int(rule.weighting), float(2 / rule.temperature), m_outputs, m_padded, m_chunks.stride(), share,
                   int(accumulate));
}

std::unique_ptr<DeviceLinear> makeDevice(std::span<const Weight> which, const LayerContext& context,
                                         const DeviceModel& model, DeviceContext& device)
{
    return std::make_unique<TableLinear>(which, context, model, device);
}

} // namespace engine::memoryformer
