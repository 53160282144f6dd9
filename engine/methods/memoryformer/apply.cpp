// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/apply.h"

#include "engine/methods/memoryformer/device.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace engine::memoryformer {
namespace {

std::string shapeText(const PlainTensor& tensor)
{
    std::string text;
    for (const std::size_t side : tensor.shape)
        text += (text.empty() ? "" : ", ") + std::to_string(side);
    return "[" + text + "]";
}

[[noreturn]] void refuse(std::string_view name, const PlainTensor& tensor, const std::string& expected)
{
    throw Error(Fault::Shape, std::string(name) + " is " + shapeText(tensor) + "; " + expected + " was expected");
}

const PlainTensor& tensorOf(const PlainTensors& in, std::string_view name, const std::string& shape)
{
    const auto found = in.find(name);
    if (found == in.end())
        throw Error(Fault::Shape, "there is no tensor '" + std::string(name) + "' " + shape);
    return found->second;
}

bool finite(float value)
{
    return (std::bit_cast<std::uint32_t>(value) & 0x7f800000U) != 0x7f800000U;
}

void checkFinite(std::string_view name, const PlainTensor& tensor)
{
    const auto bad = std::ranges::find_if_not(tensor.numbers, finite);
    if (bad == tensor.numbers.end())
        return;
    const auto cols = std::ptrdiff_t(std::max<std::size_t>(tensor.shape.back(), 1));
    throw Error(Fault::Request, std::string(name) + ": the number at row " +
                                    std::to_string((bad - tensor.numbers.begin()) / cols) + ", column " +
                                    std::to_string((bad - tensor.numbers.begin()) % cols) +
                                    " is not finite; finite numbers were expected");
}

std::span<const float> vectorOf(const PlainTensors& in, std::string_view name, int count)
{
    const auto found = in.find(name);
    if (found == in.end())
        return {};
    if (found->second.shape != std::vector<std::size_t>{std::size_t(count)})
        refuse(name, found->second, "[" + std::to_string(count) + "]");
    return found->second.numbers;
}

TableView tablesFrom(const PlainTensors& in, const KnobValues& knobs, int width)
{
    const PlainTensor& cells = tensorOf(in, "tables", "[K, 2^tau, h]");
    if (cells.shape.size() != 3 || cells.shape[1] < 2 || !std::has_single_bit(cells.shape[1]) || cells.shape[2] < 1)
        refuse("tables", cells, "[K, 2^tau, h], a power of two of rows,");
    TableView tables;
    tables.chunks = {width, int(std::bit_width(cells.shape[1])) - 1};
    if (tables.chunks.bits > 24 || cells.shape[2] > std::size_t(std::numeric_limits<int>::max()))
        refuse("tables", cells, "at most 2^24 rows of a width below 2^31");
    const auto asked = knobs.find("tau");
    if (asked != knobs.end() && std::get<int>(asked->second) != tables.chunks.bits)
        throw Error(Fault::Request, "knob tau: " + std::to_string(std::get<int>(asked->second)) +
                                        " was given; the tables have 2^" + std::to_string(tables.chunks.bits) +
                                        " rows");
    if (cells.shape[0] != std::size_t(tables.chunks.count()))
        refuse("tables", cells,
               std::to_string(tables.chunks.count()) + " tables, one for every " + std::to_string(tables.chunks.bits) +
                   " of the " + std::to_string(width) + " entries of input,");
    tables.outputs = int(cells.shape[2]);
    tables.cells = cells.numbers;
    tables.bias = vectorOf(in, "bias", tables.outputs);
    tables.thresholds = vectorOf(in, "thresholds", width);
    return tables;
}

Matrix matrixFrom(const PlainTensor& tensor)
{
    using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const FloatMatrix>(tensor.numbers.data(), Eigen::Index(tensor.shape[0]),
                                         Eigen::Index(tensor.shape[1]))
        .cast<double>();
}

PlainTensor plain(const Matrix& matrix)
{
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> cells = matrix.cast<float>();
    return {{std::size_t(matrix.rows()), std::size_t(matrix.cols())}, {cells.data(), cells.data() + cells.size()}, {}};
}

// Output, codes and scales by the device.
PlainTensors onDevice(const PlainTensor& input, const TableView& tables, const HashRule& rule, DeviceContext& device)
{
    const int rows = int(input.shape[0]);
    const auto count = std::size_t(rows);
    Buffer<float> x(device.device, input.numbers.size(), "the input");
    Buffer<float> out(device.device, count * std::size_t(tables.outputs), "the output");
    device.queue.write(x, std::span<const float>(input.numbers));
    DeviceHash hash(tables.chunks, tables.thresholds, rule, device);
    DeviceTables onto(tables, device);
    const auto terms = std::size_t(hash.terms());
    PlainTensor output{{count, std::size_t(tables.outputs)}, std::vector<float>(out.count()), {}};
    PlainTensor codes{{count, terms}, {}, std::vector<std::int32_t>(count * terms)};
    PlainTensor scales{{count, terms}, std::vector<float>(count * terms), {}};
    try {
        hash.apply(x, rows, device.queue);
        onto.apply(hash, rows, out, false, device.queue);
        device.queue.read(out, std::span(output.numbers));
        device.queue.read(hash.codes(), std::span(codes.whole));
        device.queue.read(hash.scales(), std::span(scales.numbers));
    } catch (const Error&) {
        device.queue.finish(); // before the buffers of enqueued launches go
        throw;
    }
    return {{"output", std::move(output)}, {"codes", std::move(codes)}, {"scales", std::move(scales)}};
}

} // namespace

PlainTensors apply(const PlainTensors& in, const KnobValues& knobs, DeviceContext* device, Job& job)
{
    const PlainTensor& input = tensorOf(in, "input", "[N, d]");
    if (input.shape.size() != 2 || input.shape[1] < 1 || input.shape[0] > (std::size_t(1) << 30) ||
        input.shape[1] > (std::size_t(1) << 24))
        refuse("input", input, "[N, d] with up to 2^30 tokens and a width of 1 to 2^24");
    const TableView tables = tablesFrom(in, knobs, int(input.shape[1]));
    for (const auto& [name, tensor] : in)
        checkFinite(name, tensor);
    LayerContext context;
    context.plan.linear = {"memoryformer", knobs};
    check(context);
    const HashRule rule = ruleOf(knobs);
    job.check();
    if (input.shape[0] > 0 && device != nullptr)
        return onDevice(input, tables, rule, *device);

    const Hashed hashed = hash(matrixFrom(input), tables.chunks, tables.thresholds, rule);
    job.check();
    PlainTensor codes{{input.shape[0], std::size_t(hashed.scales.cols())}, {}, hashed.codes};
    return {{"output", plain(lookUp(hashed, tables))}, {"codes", std::move(codes)}, {"scales", plain(hashed.scales)}};
}

} // namespace engine::memoryformer
