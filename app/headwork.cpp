// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headwork.h"

#include "engine/compare/metrics.h"
#include "engine/model/tokenizerfit.h"
#include "engine/session/fidelity.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

namespace app {

namespace {

using engine::Grid;
using engine::HeadIndex;
using engine::Job;
using engine::LayerIndex;
using engine::TokenPos;
using engine::TokenRange;

constexpr int tileRows = 64;

double secondsSince(std::chrono::steady_clock::time_point begin)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Grid difference(const Grid& other, const Grid& exact)
{
    std::vector<float> cells;
    cells.reserve(std::size_t(other.rows()) * std::size_t(other.cols()));
    for (int row = 0; row < other.rows(); ++row)
        for (int col = 0; col < other.cols(); ++col)
            cells.push_back(other.at(row, col) - exact.at(row, col));
    return {std::move(cells), other.rows(), other.cols()};
}

// The two maps' rows [first, first + count), tile by tile, whatever the pictures' reduction.
template <typename Visit>
void eachTile(const HeadLook& exact, const HeadLook& other, int rows, engine::DeviceContext* device, Job& job,
              Visit visit)
{
    const int keys = exact.map.tokens;
    for (int first = 0; first < rows; first += tileRows) {
        job.report(double(first) / rows, "comparing maps");
        const TokenRange queries{first, std::min(tileRows, rows - first)};
        const Grid a =
            engine::mapTile(exact.layer->attended, exact.layer->context, exact.head, queries, {0, keys}, device);
        const Grid b =
            engine::mapTile(other.layer->attended, other.layer->context, other.head, queries, {0, keys}, device);
        visit(queries, a, b);
    }
}

// Blocks of reduction × reduction cells hold the difference of largest magnitude: the difference of two pictures of
// largest values would be neither.
engine::MapPicture differencePicture(const HeadLook& exact, const HeadLook& other, engine::DeviceContext* device,
                                     Job& job)
{
    engine::MapPicture picture = other.map;
    if (picture.reduction == 1 && exact.map.reduction == 1) {
        picture.cells = difference(other.map.cells, exact.map.cells);
        return picture;
    }
    const int side = picture.cells.rows();
    std::vector<float> cells(std::size_t(side) * std::size_t(side), 0.0f);
    eachTile(exact, other, picture.tokens, device, job, [&](TokenRange queries, const Grid& a, const Grid& b) {
        for (int row = 0; row < queries.count; ++row) {
            const std::size_t line = std::size_t((queries.first + row) / picture.reduction) * std::size_t(side);
            for (int col = 0; col < a.cols(); ++col) {
                const float value = b.at(row, col) - a.at(row, col);
                float& cell = cells[line + std::size_t(col / picture.reduction)];
                if (std::abs(value) > std::abs(cell))
                    cell = value;
            }
        }
    });
    picture.cells = Grid(std::move(cells), side, side);
    return picture;
}

// The 99th percentile of the magnitudes of the cells that can be.
float highOf(const Grid& cells, bool causal)
{
    std::vector<float> values;
    for (int row = 0; row < cells.rows(); ++row)
        for (int col = 0; col < (causal ? std::min(row + 1, cells.cols()) : cells.cols()); ++col)
            values.push_back(std::abs(cells.at(row, col)));
    if (values.empty())
        return 0;
    const auto place = values.begin() + std::ptrdiff_t(double(values.size() - 1) * 0.99);
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

Grid outputOf(const HeadLook& look, int rows)
{
    const int width = look.layer->context.shape.valueWidth;
    return look.layer->attended.output().columns(look.head.value * width, width).rowRange(0, rows);
}

// The prompt of a model without a tokenizer: ids, by spaces or commas.
std::vector<engine::TokenId> idsIn(const std::string& prompt, const engine::Model& model)
{
    constexpr const char* apart = " ,\t\n\r";
    std::vector<engine::TokenId> ids;
    for (std::size_t first = prompt.find_first_not_of(apart); first != std::string::npos;) {
        const std::size_t end = std::min(prompt.find_first_of(apart, first), prompt.size());
        int id = -1;
        const auto [stopped, failed] = std::from_chars(prompt.data() + first, prompt.data() + end, id);
        const int most = model.config().vocabulary - 1;
        if (failed != std::errc() || stopped != prompt.data() + end || id < 0 || id > most)
            throw engine::Error(engine::Fault::Request, model.checkpoint().name + " has no tokenizer, and \"" +
                                                            prompt.substr(first, end - first) +
                                                            "\" is no token id; ids from 0 to " + std::to_string(most) +
                                                            " were expected as the prompt, or a tokenizer "
                                                            "(File > Choose a tokenizer…)");
        ids.push_back({id});
        first = prompt.find_first_not_of(apart, end);
    }
    return ids;
}

} // namespace

Opened openModel(const std::filesystem::path& path, const std::filesystem::path& tokenizer, Job& job)
{
    noteEngineWork("open");
    job.report(0, "reading " + path.filename().string());
    if (isHeadFile(path))
        return {readHeadFile(path), nullptr, {}, {}, {}};
    engine::Checkpoint checkpoint = engine::readCheckpoint(path, job, tokenizer);
    const std::string misfit = engine::tokenizerMisfit(checkpoint).value_or("");
    if (!misfit.empty())
        checkpoint.vocabulary.reset();
    Opened opened{nullptr,
                  std::make_shared<const engine::Model>(std::move(checkpoint), job),
                  engine::promptsBeside(path),
                  {},
                  misfit};
    if (opened.model->checkpoint().hasNative)
        opened.native = engine::nativePlan(opened.model->checkpoint());
    return opened;
}

std::shared_ptr<const Sequence> encodePrompt(const engine::Model& model, const std::string& prompt)
{
    noteEngineWork("encode");
    auto sequence = std::make_shared<Sequence>();
    if (const engine::Tokenizer* tokenizer = model.tokenizer()) {
        for (const engine::Token& token : tokenizer->encode(prompt))
            sequence->ids.push_back(token.id);
        if (sequence->ids.empty() && tokenizer->bos())
            sequence->ids.push_back(*tokenizer->bos());
        for (const engine::TokenId id : sequence->ids) {
            sequence->pieces.push_back(tokenizer->piece(id));
            sequence->special.push_back(tokenizer->special(id));
        }
    } else {
        sequence->ids = idsIn(prompt, model);
        if (sequence->ids.empty())
            sequence->ids.push_back(model.config().bos.value_or(engine::TokenId{0}));
        for (const engine::TokenId id : sequence->ids) {
            sequence->pieces.push_back(std::to_string(id.value));
            sequence->special.push_back(model.config().bos == id);
        }
    }
    if (sequence->ids.empty())
        throw engine::Error(engine::Fault::Request,
                            "the prompt is empty, and this tokenizer has no token that begins a "
                            "text: at least one token was expected");
    sequence->promptCount = int(sequence->ids.size());
    return sequence;
}

// The records of `now` from those of the same layer under an earlier plan; null: it has to be run.
static std::shared_ptr<const engine::Trace> retoldFrom(const LayerAttention& before, const LayerAttention& now)
{
    const bool kin = before.exact == now.exact && before.layer == now.layer && before.everyProbe == now.everyProbe &&
                     before.backend == now.backend && before.own->prepared.empty() && now.own->prepared.empty();
    return kin ? engine::retold(before.attended.trace, before.context, now.context) : nullptr;
}

std::shared_ptr<const LayerAttention> attendLayer(std::shared_ptr<const LaneRun> exact,
                                                  std::shared_ptr<const LaneRun> own, LayerIndex layer, bool everyProbe,
                                                  const std::shared_ptr<const LayerAttention>& before,
                                                  const Accelerator* accelerator, Job& job)
{
    engine::DeviceContext* device = LaneEngine::ofThisThread().context(accelerator);
    auto result = std::make_shared<LayerAttention>();
    result->layer = layer;
    result->context = engine::layerContext(*own->model, own->plan, layer, own->prepared);
    result->backend = device != nullptr ? engine::Backend::OpenCl : engine::Backend::Reference;
    result->fidelity = engine::attentionFidelity(*own->model, own->plan, layer);
    result->everyProbe = everyProbe;
    result->exact = std::move(exact);
    result->own = std::move(own);
    if (std::shared_ptr<const engine::Trace> trace = before ? retoldFrom(*before, *result) : nullptr) {
        noteEngineWork("retold");
        result->attended = before->attended;
        result->attended.trace = std::move(trace);
        result->seconds = before->seconds;
        return result;
    }
    noteEngineWork("attend");
    const auto begin = std::chrono::steady_clock::now();
    result->attended =
        engine::attend(engine::projected(engine::headTensors(*result->exact->trace, layer), result->context),
                       result->context, device, {.repeats = 0, .everyProbe = everyProbe}, job);
    result->seconds = secondsSince(begin);
    return result;
}

std::shared_ptr<const HeadLook> lookAtHead(const std::shared_ptr<const LayerAttention>& layer, HeadIndex head,
                                           const std::shared_ptr<const HeadLook>& exact, const Accelerator* accelerator,
                                           Job& job)
{
    noteEngineWork("look");
    engine::DeviceContext* device = LaneEngine::ofThisThread().context(accelerator);
    auto look = std::make_shared<HeadLook>();
    look->head = head;
    look->map = engine::mapPicture(layer->attended, layer->context, head, mapSide, device, job);
    look->proof = engine::proof(layer->attended, layer->context, head, device, job);
    look->layer = layer;
    const bool causal = layer->context.shape.causal;
    look->mapHigh = highOf(look->map.cells, causal);
    if (exact) {
        look->difference = differencePicture(*exact, *look, device, job);
        look->differenceHigh = highOf(look->difference.cells, causal);
        look->metrics = engine::headMetrics(exact->layer->attended, exact->layer->context, layer->attended,
                                            layer->context, head, device, job);
    }
    return look;
}

std::shared_ptr<const RowsMetrics> metricsOfRows(const std::shared_ptr<const HeadLook>& exact,
                                                 const std::shared_ptr<const HeadLook>& other, int rows,
                                                 const Accelerator* accelerator, Job& job)
{
    noteEngineWork("rows");
    auto result = std::make_shared<RowsMetrics>();
    result->look = other;
    result->rows = rows;
    const engine::MethodInfo& info = engine::findMethod(other->layer->context.plan.attention.method).info;
    engine::MapMetrics map({.nonNegative = info.nonNegative, .rowsSumToOne = info.rowsSumToOne});
    const bool causal = exact->layer->context.shape.causal;
    engine::DeviceContext* device = LaneEngine::ofThisThread().context(accelerator);
    eachTile(*exact, *other, rows, device, job, [&](TokenRange queries, const Grid& a, const Grid& b) {
        for (int row = 0; row < queries.count; ++row) {
            const std::size_t keys = causal ? std::size_t(queries.first + row) + 1 : std::size_t(a.cols());
            map.add(a.row(row).first(keys), b.row(row).first(keys));
        }
    });
    result->metrics = map.result();
    for (engine::Metric& metric : engine::outputMetrics(outputOf(*exact, rows), outputOf(*other, rows)))
        result->metrics.push_back(std::move(metric));
    return result;
}

std::shared_ptr<const RowWeights> weightsOfRow(std::shared_ptr<const HeadLook> look, TokenPos query,
                                               const Accelerator* accelerator)
{
    noteEngineWork("row");
    auto row = std::make_shared<RowWeights>();
    row->query = query;
    row->weights = engine::mapTile(look->layer->attended, look->layer->context, look->head, {query.value, 1},
                                   {0, look->map.tokens}, LaneEngine::ofThisThread().context(accelerator));
    row->look = std::move(look);
    return row;
}

std::shared_ptr<const LayerTiming> timeLayer(std::shared_ptr<const LayerAttention> layer,
                                             const Accelerator* accelerator, Job& job)
{
    noteEngineWork("time");
    constexpr double budget = 0.3; // seconds
    const int repeats = std::clamp(int(budget / std::max(layer->seconds, 1e-6)), 3, 50);
    const engine::Attended timed =
        engine::attend(engine::headTensors(*layer->exact->trace, layer->layer), layer->context,
                       LaneEngine::ofThisThread().context(accelerator), {.repeats = repeats}, job);
    auto result = std::make_shared<LayerTiming>();
    result->timing = timed.timing.value();
    result->layer = std::move(layer);
    return result;
}

} // namespace app
