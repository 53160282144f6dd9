// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/selfcheck.h"

#include "app/cli/golden.h"
#include "app/cli/grammar.h"
#include "engine/session/attend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

using namespace engine;

namespace app::cli {
namespace {

// The largest |q·k|/√d: rounding of a score this large is rounding of its exponential.
double largestScore(const HeadTensors& in, const LayerShape& shape)
{
    double largest = 0;
    for (int head = 0; head < shape.heads; ++head) {
        const Matrix query = matrixOf(in.query.columns(head * shape.keyWidth, shape.keyWidth));
        const Matrix key = matrixOf(in.key.columns(shape.keyHeadOf(head) * shape.keyWidth, shape.keyWidth));
        largest = std::max(largest, (query * key.transpose()).cwiseAbs().maxCoeff());
    }
    return largest / std::sqrt(double(shape.keyWidth));
}

double allowedOnDevice(const HeadTensors& in, const LayerShape& shape)
{
    return std::max(1e-5, 2e-7 * largestScore(in, shape));
}

// max |a − b| over max |a|; infinite where `b` is not finite.
double relativeError(const Grid& exact, const Grid& other)
{
    double difference = 0, size = 0;
    for (int i = 0; i < exact.rows(); ++i) {
        for (int j = 0; j < exact.cols(); ++j) {
            if (!std::isfinite(other.at(i, j)))
                return HUGE_VAL;
            difference = std::max(difference, std::abs(double(exact.at(i, j)) - double(other.at(i, j))));
            size = std::max(size, std::abs(double(exact.at(i, j))));
        }
    }
    return difference == 0 ? 0 : difference / size;
}

struct Case
{
    LayerShape shape;
    int tokens = 0;
    std::string input; // "random", "zeros", "equal keys", "large scores"

    std::string name() const
    {
        return std::to_string(tokens) + " tokens, heads " + std::to_string(shape.heads) + "/" +
               std::to_string(shape.keyHeads) + " of " + std::to_string(shape.keyWidth) +
               (shape.causal ? ", causal, " : ", full, ") + input;
    }
};

std::vector<Case> hardCases()
{
    const std::vector<std::pair<LayerShape, int>> shapes{
        {{1, 1, 2, 2, true}, 1},      {{1, 1, 2, 2, false}, 2},   {{8, 8, 8, 8, true}, 65},
        {{8, 2, 8, 8, false}, 64},    {{3, 1, 12, 5, true}, 63},  {{4, 4, 16, 16, true}, 257},
        {{4, 2, 16, 16, false}, 130}, {{2, 1, 64, 64, true}, 65},
    };
    std::vector<Case> cases;
    for (const auto& [shape, tokens] : shapes) {
        for (const char* input : {"random", "large scores"})
            cases.push_back({shape, tokens, input});
        if (tokens <= 65 && shape.keyWidth <= 16) {
            for (const char* input : {"zeros", "equal keys"})
                cases.push_back({shape, tokens, input});
        }
    }
    return cases;
}

HeadTensors tensorsOf(const Case& one)
{
    std::mt19937_64 random(std::uint64_t(one.tokens) * 1000 + std::uint64_t(one.shape.keyWidth));
    // A product of d such numbers, over √d, is about 1; the largest of a few thousand scores stays below 10 times that.
    const double scale = one.input == "large scores" ? 7 : one.input == "zeros" ? 0 : 1;
    const auto cells = [&](int slots, int width, double size, bool equalRows) {
        std::vector<float> numbers;
        for (int i = 0; i < one.tokens * slots * width; ++i) {
            const bool repeat = equalRows && i >= slots * width;
            numbers.push_back(repeat ? numbers[std::size_t(i - slots * width)]
                                     : float((double(random() >> 11U) * 0x1p-53 * 2 - 1) * std::sqrt(3.0) * size));
        }
        return Grid(std::move(numbers), one.tokens, slots * width);
    };
    const LayerShape& shape = one.shape;
    return {cells(shape.heads, shape.keyWidth, scale, false),
            cells(shape.keyHeads, shape.keyWidth, scale, one.input == "equal keys"),
            cells(shape.keyHeads, shape.valueWidth, 1, false),
            {}};
}

// A method with each of the choices that must not change its result.
std::vector<Part> formsOf(const Method& method)
{
    std::vector<Part> forms{{std::string(method.info.id), {}}};
    for (const Knob& knob : method.info.knobs) {
        const auto* choice = std::get_if<Choice>(&knob.domain);
        if (choice == nullptr || !choice->sameResult)
            continue;
        for (int option = 0; option < int(choice->options.size()); ++option) {
            if (option != choice->preset)
                forms.push_back({std::string(method.info.id), {{std::string(knob.id), option}}});
        }
    }
    return forms;
}

bool accepted(const LayerContext& context)
{
    try {
        checkPlan(context);
    } catch (const Error& error) {
        if (error.fault() == Fault::Request)
            return false; // a form that this shape does not have
        throw;
    }
    return true;
}

void addGolden(std::vector<Check>& checks, const Method& method, DeviceContext* device, Job& job)
{
    Check reference("golden, reference", std::string(method.info.id));
    Check onDevice("golden, device", std::string(method.info.id));
    for (const GoldenCase& golden : goldenCases(method.info.id)) {
        job.check();
        LayerContext context;
        context.shape = golden.shape;
        context.positions = golden.positions;
        context.plan.attention = golden.part;
        context.plan.parameters = {golden.parameters.begin(), golden.parameters.end()};
        Recorder nothing;
        const Matrix exact = method.attention(golden.input(), context, nothing);
        reference.add((exact - golden.mixed).cwiseAbs().maxCoeff() / golden.mixed.cwiseAbs().maxCoeff(),
                      golden.tolerance, golden.name);
        if (device == nullptr)
            continue;
        const HeadTensors tensors = golden.tensors();
        onDevice.add(relativeError(gridOf(golden.mixed), attend(tensors, context, device, {}, job).output()),
                     allowedOnDevice(tensors, golden.shape), golden.name);
    }
    checks.push_back(reference);
    if (device != nullptr)
        checks.push_back(onDevice);
}

// Largest difference over the largest number; infinite where shapes differ, whole numbers do, or a number is missing.
double errorOf(const PlainTensors& expected, const PlainTensors& found)
{
    double worst = 0;
    for (const auto& [name, wanted] : expected) {
        const auto same = found.find(name);
        if (same == found.end() || same->second.shape != wanted.shape)
            return HUGE_VAL;
        const bool whole = !same->second.whole.empty();
        double difference = 0, size = 0;
        for (std::size_t i = 0; i < wanted.numbers.size(); ++i) {
            const double number = whole ? double(same->second.whole[i]) : double(same->second.numbers[i]);
            if (!std::isfinite(number))
                return HUGE_VAL;
            difference = std::max(difference, std::abs(number - double(wanted.numbers[i])));
            size = std::max(size, std::abs(double(wanted.numbers[i])));
        }
        if (whole && difference > 0)
            return HUGE_VAL;
        worst = std::max(worst, size > 0 ? difference / size : difference);
    }
    return worst;
}

void addGoldenTensors(std::vector<Check>& checks, const Method& method, DeviceContext* device, Job& job)
{
    Check reference("golden, reference", std::string(method.info.id));
    Check onDevice("golden, device", std::string(method.info.id));
    for (const GoldenTensors& golden : goldenTensors(method.info.id)) {
        job.check();
        reference.add(errorOf(golden.expected, method.apply(golden.in, golden.knobs, nullptr, job)), golden.tolerance,
                      golden.name);
        if (device != nullptr)
            onDevice.add(errorOf(golden.expected, method.apply(golden.in, golden.knobs, device, job)),
                         std::max(golden.tolerance, 1e-5), golden.name);
    }
    checks.push_back(reference);
    if (device != nullptr)
        checks.push_back(onDevice);
}

// Every form on one input, against one run of the reference.
void addCase(std::vector<std::pair<Part, std::array<Check, 2>>>& forms, const Case& one, DeviceContext& device,
             Job& job)
{
    const HeadTensors tensors = tensorsOf(one);
    const double allowed = allowedOnDevice(tensors, one.shape);
    LayerContext context;
    context.shape = one.shape;
    context.plan.attention = forms.front().first;
    if (!accepted(context))
        return; // a method may need a mask
    const Grid exact = attend(tensors, context, nullptr, {}, job).output();
    for (auto& [part, checks] : forms) {
        context.plan.attention = part;
        if (!accepted(context))
            continue;
        const Attended other = attend(tensors, context, &device, {}, job);
        checks[0].add(relativeError(exact, other.output()), allowed, one.name());
        checks[1].add(proof(other, context, HeadIndex{one.shape.heads - 1}, &device, job), allowed, one.name());
    }
}

void addHardCases(std::vector<Check>& checks, const Method& method, DeviceContext& device, Job& job)
{
    std::vector<std::pair<Part, std::array<Check, 2>>> forms;
    for (const Part& part : formsOf(method))
        forms.push_back(
            {part, {Check("device = reference", printSpec(part)), Check("map × values = output", printSpec(part))}});
    const std::vector<Case> cases = hardCases();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        job.report(double(i) / double(cases.size()), std::string(method.info.id) + ", " + cases[i].name());
        addCase(forms, cases[i], device, job);
    }
    for (const auto& [part, pair] : forms)
        checks.insert(checks.end(), pair.begin(), pair.end());
}

} // namespace

void Check::add(double caseError, double caseAllowed, const std::string& name)
{
    if (cases++ > 0 && !(caseError * allowed > error * caseAllowed) && std::isfinite(caseError))
        return;
    error = caseError;
    allowed = caseAllowed;
    worst = name;
}

std::vector<Check> selfChecks(Machine& machine, Job& job)
{
    std::vector<Check> checks;
    for (const Method& method : engine::methods()) {
        if (method.apply != nullptr)
            addGoldenTensors(checks, method, machine.device(), job);
        if (!replacesAttention(method))
            continue;
        addGolden(checks, method, machine.device(), job);
        if (machine.device() == nullptr)
            continue;
        addHardCases(checks, method, *machine.device(), job);
    }
    return checks;
}

} // namespace app::cli
