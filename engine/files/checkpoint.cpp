// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/checkpoint.h"

#include <algorithm>
#include <array>
#include <bit>

namespace engine {
namespace {

constexpr std::size_t headBytes = 4096;

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

template <typename T>
T loadAt(std::span<const std::byte> bytes, std::size_t index)
{
    T value;
    std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
    return value;
}

std::span<const std::byte> headOf(const MappedFile& file)
{
    return file.bytes().first(std::min(headBytes, file.bytes().size()));
}

std::string knownFormats()
{
    std::string names;
    for (const Format* format : formats())
        names += (names.empty() ? "" : ", ") + std::string(format->name);
    return names;
}

const Format* formatOf(const std::filesystem::path& path)
{
    const MappedFile file(path);
    for (const Format* format : formats()) {
        if (format->accepts(path, headOf(file)))
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
        std::memcpy(to.data(), tensor.bytes.data() + first * sizeof(float), to.size_bytes());
        break;
    case ElementType::F16:
        for (std::size_t i = 0; i < to.size(); ++i)
            to[i] = floatOfHalf(loadAt<std::uint16_t>(tensor.bytes, first + i));
        break;
    case ElementType::BF16:
        for (std::size_t i = 0; i < to.size(); ++i)
            to[i] = std::bit_cast<float>(std::uint32_t(loadAt<std::uint16_t>(tensor.bytes, first + i)) << 16U);
        break;
    case ElementType::Q8Groups:
        for (std::size_t i = 0; i < to.size(); ++i)
            to[i] = static_cast<float>(loadAt<std::int8_t>(tensor.bytes, first + i)) *
                    loadAt<float>(tensor.scales, (first + i) / tensor.group);
        break;
    }
}

Checkpoint readCheckpoint(const std::filesystem::path& path, Job& job, const std::filesystem::path& tokenizer)
{
    std::error_code unknown;
    const std::filesystem::file_status status = std::filesystem::status(path, unknown);
    if (!std::filesystem::exists(status))
        throw Error(Fault::File, path.string() + ": no such file or folder");
    const bool folder = std::filesystem::is_directory(status);
    const FileSet files{path, folder ? mainFile(path) : path, tokenizer};
    const Format* format = formatOf(files.main);
    if (format == nullptr)
        throw Error(Fault::Format, path.string() + ": is not a checkpoint of a known format (" + knownFormats() + ")");
    job.report(0, "reading " + files.main.filename().string());
    Checkpoint checkpoint = format->read(files, job);
    checkpoint.path = path;
    // "folder/" has an empty file name.
    const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
    checkpoint.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
    return checkpoint;
}

} // namespace engine
