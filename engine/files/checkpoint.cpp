// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/checkpoint.h"

#include <algorithm>
#include <array>
#include <bit>

namespace engine {
namespace {

float floatOfHalf(std::uint16_t half)
{
    const std::uint32_t sign = std::uint32_t(half & 0x8000U) << 16U;
    const std::uint32_t exponent = (half >> 10U) & 0x1FU;
    std::uint32_t fraction = half & 0x3FFU;
    if (exponent == 0x1F)
        return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13U));
    if (exponent != 0)
        return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (fraction << 13U));
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F; // subnormal: fraction · 2^−24
    return sign != 0 ? -magnitude : magnitude;
}

// Elements of type T, a piece at a time: convert(values, place of the first in the whole).
template <typename T, typename Convert>
void inPieces(const TensorRef& tensor, std::size_t first, std::size_t count, Convert convert)
{
    constexpr std::size_t most = 16384;
    std::vector<T> piece(std::min(most, count));
    for (std::size_t done = 0; done < count;) {
        const std::span<T> values = std::span(piece).first(std::min(piece.size(), count - done));
        tensor.file->read(tensor.bytes.first + (first + done) * sizeof(T), std::as_writable_bytes(values));
        convert(std::span<const T>(values), done);
        done += values.size();
    }
}

void widenGroups(const TensorRef& tensor, std::size_t first, std::span<float> to)
{
    if (to.empty())
        return;
    const std::size_t firstGroup = first / tensor.group;
    std::vector<float> scales((first + to.size() - 1) / tensor.group - firstGroup + 1);
    tensor.file->read(tensor.scales.first + firstGroup * sizeof(float), std::as_writable_bytes(std::span(scales)));
    inPieces<std::int8_t>(tensor, first, to.size(), [&](std::span<const std::int8_t> values, std::size_t done) {
        for (std::size_t i = 0; i < values.size(); ++i)
            to[done + i] = static_cast<float>(values[i]) * scales[(first + done + i) / tensor.group - firstGroup];
    });
}

std::string knownFormats()
{
    std::string names;
    for (const Format* format : formats())
        names += (names.empty() ? "" : ", ") + std::string(format->name);
    return names;
}

// PyTorch's own files: a pickle, or a zip of one.
bool looksLikePickle(std::span<const std::byte> head)
{
    const auto at = [&](std::size_t place) { return std::to_integer<unsigned>(head[place]); };
    if (head.size() < 4)
        return false;
    const bool zip = at(0) == 'P' && at(1) == 'K' && at(2) == 3 && at(3) == 4;
    return zip || (at(0) == 0x80 && at(1) >= 2 && at(1) <= 5 && at(2) != 0); // a protocol, and what to do first
}

const Format* formatOf(const std::filesystem::path& path)
{
    const std::vector<std::byte> head = File(path).head();
    if (looksLikePickle(head))
        return nullptr; // whatever it is called
    for (const Format* format : formats()) {
        if (format->accepts(path, head))
            return format;
    }
    return nullptr;
}

std::vector<std::filesystem::path> filesIn(const std::filesystem::path& folder)
{
    std::vector<std::filesystem::path> files;
    std::error_code failed;
    constexpr std::size_t most = 100'000;
    for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        std::error_code unknown;
        if (entry->is_regular_file(unknown))
            files.push_back(entry->path());
        if (files.size() > most)
            throw Error(Fault::File, folder.string() + ": holds more than " + std::to_string(most) + " files");
    }
    if (failed)
        throw Error(Fault::File, folder.string() + ": cannot be listed: " + failed.message());
    std::ranges::sort(files);
    return files;
}

std::string listed(const std::vector<std::filesystem::path>& files)
{
    constexpr std::size_t most = 8;
    std::string names;
    for (std::size_t i = 0; i < std::min(most, files.size()); ++i)
        names += (i > 0 ? ", " : "") + files[i].filename().string();
    return files.size() > most ? names + ", …" : names;
}

// The one file of a folder that a format recognises. An index of shards stands for its shards, and "model.safetensors"
// wins over other weights beside it, as it does for the library that writes such folders.
std::filesystem::path mainFile(const std::filesystem::path& folder)
{
    const std::vector<std::filesystem::path> all = filesIn(folder);
    for (const std::string_view usual : {"model.safetensors.index.json", "model.safetensors"}) {
        const auto found =
            std::ranges::find_if(all, [&](const std::filesystem::path& file) { return file.filename() == usual; });
        if (found != all.end())
            return *found;
    }
    std::vector<std::filesystem::path> accepted;
    for (const std::filesystem::path& file : all) {
        std::error_code unknown;
        if (std::filesystem::file_size(file, unknown) > 0 && !unknown && formatOf(file) != nullptr)
            accepted.push_back(file);
    }
    if (accepted.size() == 1)
        return accepted.front();
    if (accepted.empty())
        throw Error(Fault::Format, folder.string() + ": holds no checkpoint of a known format (" + knownFormats() +
                                       ")" + (all.empty() ? "; it is empty" : "; found: " + listed(all)));
    throw Error(Fault::Format, folder.string() + ": holds " + std::to_string(accepted.size()) +
                                   " checkpoints; give one of them: " + listed(accepted));
}

} // namespace

std::size_t TensorRef::count() const
{
    std::size_t product = 1;
    for (const std::size_t side : shape)
        product = checkedProduct(product, side, "tensor " + name);
    return product;
}

void widen(const TensorRef& tensor, std::size_t first, std::span<float> to)
{
    switch (tensor.type) {
    case ElementType::F32:
        tensor.file->read(tensor.bytes.first + first * sizeof(float), std::as_writable_bytes(to));
        break;
    case ElementType::F16:
        inPieces<std::uint16_t>(tensor, first, to.size(), [&](std::span<const std::uint16_t> values, std::size_t done) {
            std::ranges::transform(values, to.begin() + std::ptrdiff_t(done), floatOfHalf);
        });
        break;
    case ElementType::BF16:
        inPieces<std::uint16_t>(tensor, first, to.size(), [&](std::span<const std::uint16_t> values, std::size_t done) {
            std::ranges::transform(values, to.begin() + std::ptrdiff_t(done),
                                   [](std::uint16_t half) { return std::bit_cast<float>(std::uint32_t(half) << 16U); });
        });
        break;
    case ElementType::Q8Groups:
        widenGroups(tensor, first, to);
        break;
    }
}

Checkpoint readCheckpoint(const std::filesystem::path& path, Job& job, const std::filesystem::path& tokenizer)
{
    std::error_code unknown;
    const std::filesystem::file_status status = std::filesystem::status(path, unknown);
    if (!std::filesystem::exists(status))
        throw Error(Fault::File, path.string() + ": " +
                                     (unknown == std::errc::too_many_symbolic_link_levels
                                          ? "is a link that leads in a circle; a file or a folder was expected"
                                          : "no such file or folder"));
    const bool folder = std::filesystem::is_directory(status);
    const FileSet files{path, folder ? mainFile(path) : path, tokenizer};
    const Format* format = formatOf(files.main);
    if (format == nullptr)
        throw Error(Fault::Format,
                    path.string() + ": is not a checkpoint of a known format (" + knownFormats() + ")" +
                        (looksLikePickle(File(files.main).head())
                             ? "; it is a pickle, which can run programs when it is loaded and is never opened: save "
                               "the model as safetensors"
                             : ""));
    job.report(0, "reading " + files.main.filename().string());
    Checkpoint checkpoint = format->read(files, job);
    checkpoint.path = path;
    // "folder/" has an empty file name.
    const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
    checkpoint.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
    return checkpoint;
}

} // namespace engine
