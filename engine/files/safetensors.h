// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/checkpoint.h"

namespace engine {

// One entry of a safetensors file: its bytes lie inside the file and are as many as type and shape say.
struct SafetensorsEntry
{
    std::string name;
    std::string type; // as the file writes it: "F32", "BF16", "I64", …
    std::vector<std::size_t> shape;
    ByteRange bytes; // of the file
};

struct SafetensorsFile
{
    std::shared_ptr<const File> file;
    std::map<std::string, SafetensorsEntry, std::less<>> entries;
    std::map<std::string, std::string, std::less<>> metadata;

    // The tensor of that name as floats can be read from it. Throws Error{Format} if there is none, or for a type other
    // than F32, F16 and BF16.
    TensorRef tensor(std::string_view name) const;
};

// Reads and checks the header: its length, every type, shape and offset; gaps, overlaps and names given twice are
// refused.
SafetensorsFile readSafetensors(const std::filesystem::path& path);

} // namespace engine
