// SPDX-License-Identifier: GPL-3.0-or-later
// One libFuzzer target: SUBQUAD_READER says which reader. `--seeds FOLDER` writes what to begin from instead.
#include "tests/fuzz/readers.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv)
{
    const std::span<char*> arguments(*argv, std::size_t(*argc));
    if (arguments.size() != 3 || std::string_view(arguments[1]) != "--seeds")
        return 0;
    const std::filesystem::path folder = arguments[2];
    std::filesystem::create_directories(folder);
    int number = 0;
    for (const std::string& seed : fuzz::seeds(SUBQUAD_READER))
        std::ofstream(folder / ("seed" + std::to_string(number++)), std::ios::binary) << seed;
    std::exit(0); // NOLINT(concurrency-mt-unsafe): there is no other thread
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::open(SUBQUAD_READER, std::as_bytes(std::span(data, size))); // what it throws ends the process: a finding
    return 0;
}
