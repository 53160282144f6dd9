// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/pass.h"

#include "engine/measure/load.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

namespace engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int mapSide = 1024; // as the window draws it

std::int64_t now()
{
    return Clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

// The stages of one pass: samples of all rounds, spans of the last.
class Stages
{
public:
    void beginRound(bool counts)
    {
        m_counts = counts;
        m_spans.clear();
    }

    template <typename Work>
    void time(const char* label, std::vector<std::int64_t>& samples, Work work)
    {
        const std::int64_t begin = now();
        work();
        const std::int64_t end = now();
        m_spans.push_back({label, stageTrack, begin, end});
        if (m_counts)
            samples.push_back(end - begin);
    }

    std::vector<Span> take() { return std::move(m_spans); }

    std::vector<std::int64_t> uploads, attentions, downloads, maps;

private:
    bool m_counts = false;
    std::vector<Span> m_spans;
};

std::vector<float> packed(const Grid& grid)
{
    std::vector<float> cells;
    cells.reserve(std::size_t(grid.rows()) * std::size_t(grid.cols()));
    for (int row = 0; row < grid.rows(); ++row)
        cells.insert(cells.end(), grid.row(row).begin(), grid.row(row).end());
    return cells;
}

// q, k, v and what comes of them on a device, made once and filled anew each round.
class OnDevice
{
public:
    OnDevice(const HeadTensors& in, const LayerContext& context, DeviceContext& device)
        : m_device(device)
        , m_tokens(in.tokens())
        , m_from{packed(in.query), packed(in.key), packed(in.value), packed(in.x)}
        , m_result(std::size_t(in.tokens()) * std::size_t(context.shape.heads * context.shape.valueWidth))
        , m_out(device.device, m_result.size(), "the mixed rows")
    {
        const Method& method = findMethod(context.plan.attention.method);
        if (method.deviceAttention == nullptr)
            throw Error(Fault::Request, std::string(method.info.title) +
                                            " has no kernels for a device; the reference back end was expected");
        for (std::size_t i = 0; i < m_from.size(); ++i)
            if (!m_from[i].empty())
                m_to[i] = Buffer<float>(device.device, m_from[i].size(), "a pass's input");
        m_attention = method.deviceAttention(context, device, m_tokens);
    }

    // No launch may outlive its buffers.
    ~OnDevice()
    {
        try {
            m_device.queue.finish();
        } catch (const Error&) { // NOLINT(bugprone-empty-catch): reported where it happened
        }
    }

    OnDevice(const OnDevice&) = delete;
    OnDevice& operator=(const OnDevice&) = delete;

    void upload()
    {
        for (std::size_t i = 0; i < m_from.size(); ++i)
            if (!m_from[i].empty())
                m_device.queue.write(m_to[i], std::span<const float>(m_from[i]));
        m_device.queue.finish();
    }

    void reset()
    {
        m_attention->reset(m_device.queue);
        m_device.queue.finish();
        m_device.queue.drainSpans(); // of whatever ran before
    }

    void attend()
    {
        Recorder nothing;
        const LayerRows rows{m_to[0], m_to[1], m_to[2], m_from[3].empty() ? nullptr : &m_to[3], 0, m_tokens};
        m_attention->append(rows, m_out, m_device, nothing);
        m_device.queue.finish();
    }

    void download() { m_device.queue.read(m_out, std::span<float>(m_result)); }

    std::vector<Span> launches() { return m_device.queue.drainSpans(); }

    std::string form() const { return m_attention->form(); }

private:
    DeviceContext& m_device;
    int m_tokens;
    std::array<std::vector<float>, 4> m_from; // query, key, value, x
    std::vector<float> m_result;
    std::array<Buffer<float>, 4> m_to;
    Buffer<float> m_out;
    std::unique_ptr<DeviceAttention> m_attention;
};

std::vector<Matrix> headsOf(const Grid& grid, int heads)
{
    const int width = grid.cols() / heads;
    std::vector<Matrix> all;
    for (int head = 0; head < heads; ++head)
        all.push_back(matrixOf(grid.columns(head * width, width)));
    return all;
}

// From the begin of the first span, tracks set.
void fromZero(PassTimes& times)
{
    std::int64_t begin = std::numeric_limits<std::int64_t>::max();
    for (const std::vector<Span>* spans : {&times.stages, &times.launches})
        for (const Span& span : *spans)
            begin = std::min(begin, span.beginNs);
    for (std::vector<Span>* spans : {&times.stages, &times.launches})
        for (Span& span : *spans) {
            span.track = spans == &times.stages ? stageTrack : launchTrack;
            span.beginNs -= begin;
            span.endNs -= begin;
        }
}

} // namespace

PassTimes measurePass(const HeadTensors& in, const Attended& attended, const LayerContext& context, HeadIndex head,
                      DeviceContext* device, int repeats, Job& job)
{
    const Method& method = findMethod(context.plan.attention.method);
    LayerContext ready = context;
    if (ready.prepared == nullptr)
        ready.prepared = attended.prepared.get();
    PassTimes times;
    times.cost = attended.cost;
    times.form = attended.form;
    times.tokens = in.tokens();
    std::unique_ptr<OnDevice> parts;
    LayerInput input;
    if (device != nullptr)
        parts = std::make_unique<OnDevice>(in, ready, *device);
    else
        input = {matrixOf(in.x), headsOf(in.query, ready.shape.heads), headsOf(in.key, ready.shape.keyHeads),
                 headsOf(in.value, ready.shape.keyHeads)};
    Stages stages;
    OtherLoad others;
    for (int round = -1; round < repeats; ++round) {
        job.report(double(round + 1) / (repeats + 1), "timing " + std::string(method.info.title));
        if (round == 0)
            others = OtherLoad();
        stages.beginRound(round >= 0);
        if (parts) {
            stages.time("upload", stages.uploads, [&] { parts->upload(); });
            parts->reset();
            stages.time("attention", stages.attentions, [&] { parts->attend(); });
            times.launches = parts->launches();
            stages.time("download", stages.downloads, [&] { parts->download(); });
        } else {
            Recorder nothing;
            stages.time("attention", stages.attentions, [&] { method.attention(input, ready, nothing); });
        }
        if (method.weights != nullptr)
            stages.time("map", stages.maps, [&] { mapPicture(attended, ready, head, mapSide, device, job); });
    }
    times.stages = stages.take();
    if (parts && !parts->form().empty())
        times.form = parts->form();
    const auto summary = [&, disturbed = others.disturbed()](std::vector<std::int64_t>& samples) {
        Timing timing;
        if (!samples.empty())
            timing = summarise(std::move(samples), false);
        timing.disturbed = disturbed;
        return timing;
    };
    times.upload = summary(stages.uploads);
    times.attention = summary(stages.attentions);
    times.download = summary(stages.downloads);
    times.map = summary(stages.maps);
    fromZero(times);
    return times;
}

} // namespace engine
