// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/tensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace engine {
namespace {

constexpr std::size_t pieceNumbers = std::size_t(1) << 16;

// On the bits, so that no compiler option can reason it away.
bool finite(float value)
{
    return (std::bit_cast<std::uint32_t>(value) & 0x7f800000u) != 0x7f800000u;
}

// Mean and squared deviations of a piece joined to those before it (Chan et al. 1983): exact where a sum of squares
// would cancel.
struct Moments
{
    double count = 0, mean = 0, squares = 0;

    void join(const Moments& more)
    {
        if (more.count == 0)
            return;
        const double all = count + more.count;
        const double distance = more.mean - mean;
        squares += more.squares + distance * distance * count * more.count / all;
        mean += distance * more.count / all;
        count = all;
    }
};

Moments momentsOf(std::span<const float> numbers)
{
    Moments moments;
    double sum = 0;
    for (const float number : numbers) {
        if (!finite(number))
            continue;
        sum += double(number);
        ++moments.count;
    }
    if (moments.count == 0)
        return moments;
    moments.mean = sum / moments.count;
    for (const float number : numbers)
        if (finite(number))
            moments.squares += (double(number) - moments.mean) * (double(number) - moments.mean);
    return moments;
}

std::size_t rowsOf(const TensorRef& tensor)
{
    return tensor.shape.size() < 2 ? 1 : tensor.shape.front();
}

// Numbers in names count as numbers: "layer.2" comes before "layer.10".
bool inOrder(const TensorEntry& a, const TensorEntry& b)
{
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    std::size_t i = 0, j = 0;
    while (i < a.name.size() && j < b.name.size()) {
        if (digit(a.name[i]) && digit(b.name[j])) {
            const auto end = [&](const std::string& name, std::size_t from) {
                while (from < name.size() && digit(name[from]))
                    ++from;
                return from;
            };
            const std::size_t iEnd = end(a.name, i), jEnd = end(b.name, j);
            const std::string_view one = std::string_view(a.name).substr(i, iEnd - i);
            const std::string_view other = std::string_view(b.name).substr(j, jEnd - j);
            if (one != other)
                return one.size() != other.size() ? one.size() < other.size() : one < other;
            i = iEnd;
            j = jEnd;
        } else if (a.name[i] != b.name[j]) {
            return a.name[i] < b.name[j];
        } else {
            ++i;
            ++j;
        }
    }
    return a.name.size() - i < b.name.size() - j;
}

} // namespace

std::string_view nameOf(ElementType type)
{
    switch (type) {
    case ElementType::F32:
        return "F32";
    case ElementType::F16:
        return "F16";
    case ElementType::BF16:
        return "BF16";
    case ElementType::Q8Groups:
        break;
    }
    return "Q8";
}

std::vector<TensorEntry> tensorEntries(const Checkpoint& checkpoint)
{
    std::vector<TensorEntry> entries;
    for (const auto& [name, tensor] : checkpoint.tensors)
        entries.push_back({name, tensor.name, std::string(nameOf(tensor.type)), tensor.shape});
    std::ranges::sort(entries, inOrder);
    return entries;
}

void eachPiece(const TensorRef& tensor, Job& job,
               const std::function<void(std::size_t first, std::span<const float>)>& visit)
{
    const std::size_t count = tensor.count();
    std::vector<float> piece(std::min(pieceNumbers, count));
    for (std::size_t first = 0; first < count; first += pieceNumbers) {
        job.report(double(first) / double(count), "reading " + tensor.name);
        const std::span<float> numbers(piece.data(), std::min(pieceNumbers, count - first));
        widen(tensor, first, numbers);
        visit(first, numbers);
    }
}

TensorStats tensorStats(const TensorRef& tensor, int bins, Job& job)
{
    TensorStats stats;
    stats.count = tensor.count();
    Moments moments;
    float low = std::numeric_limits<float>::max(), high = std::numeric_limits<float>::lowest();
    eachPiece(tensor, job, [&](std::size_t, std::span<const float> numbers) {
        moments.join(momentsOf(numbers));
        for (const float number : numbers) {
            if (!finite(number))
                continue;
            stats.zeros += number == 0.0F;
            low = std::min(low, number);
            high = std::max(high, number);
        }
    });
    const auto finiteCount = std::size_t(moments.count);
    stats.nonFinite = stats.count - finiteCount;
    stats.histogram.assign(std::size_t(std::max(1, bins)), 0);
    if (finiteCount == 0)
        return stats;
    stats.mean = moments.mean;
    stats.deviation = std::sqrt(moments.squares / moments.count);
    stats.low = double(low);
    stats.high = double(high);
    const double width = stats.high - stats.low, last = double(stats.histogram.size()) - 1;
    eachPiece(tensor, job, [&](std::size_t, std::span<const float> numbers) {
        for (const float number : numbers) {
            if (!finite(number))
                continue;
            const double place = width > 0 ? (double(number) - stats.low) / width * (last + 1) : 0;
            ++stats.histogram[std::size_t(std::clamp(place, 0.0, last))];
        }
    });
    return stats;
}

TensorPicture tensorPicture(const TensorRef& tensor, int maxSide, Job& job)
{
    TensorPicture picture;
    picture.rows = rowsOf(tensor);
    picture.cols = picture.rows > 0 ? tensor.count() / picture.rows : 0;
    const auto side = std::size_t(std::max(1, maxSide));
    const std::size_t reduction = std::max<std::size_t>(1, (std::max(picture.rows, picture.cols) + side - 1) / side);
    picture.reduction = int(reduction);
    const std::size_t rows = (picture.rows + reduction - 1) / reduction;
    const std::size_t cols = (picture.cols + reduction - 1) / reduction;
    std::vector<float> cells(rows * cols, 0.0F);
    eachPiece(tensor, job, [&](std::size_t first, std::span<const float> numbers) {
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const std::size_t row = (first + i) / picture.cols, col = (first + i) % picture.cols;
            float& cell = cells[row / reduction * cols + col / reduction];
            if (!finite(numbers[i]))
                cell = std::numeric_limits<float>::quiet_NaN();
            else if (finite(cell) && std::abs(numbers[i]) > std::abs(cell))
                cell = numbers[i];
        }
    });
    picture.cells = Grid(std::move(cells), int(rows), int(cols));
    return picture;
}

} // namespace engine
