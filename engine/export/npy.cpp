// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/export/npy.h"

#include "engine/export/littleendian.h"
#include "engine/values/error.h"

#include <cstdint>
#include <string>

namespace engine {

void writeNpyHeader(std::ostream& out, std::span<const std::size_t> shape)
{
    std::string sides; // "(3, 4)", and "(3,)" of a single one
    for (const std::size_t side : shape) {
        if (!sides.empty())
            sides += ' ';
        sides.append(std::to_string(side)).append(",");
    }
    if (shape.size() > 1)
        sides.pop_back();
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + sides + "), }";
    // The data starts at a multiple of 64; the header's last byte is a line break.
    constexpr std::size_t before = 10, alignment = 64;
    header.resize((before + header.size() + 1 + alignment - 1) / alignment * alignment - before - 1, ' ');
    header += '\n';
    out.write("\x93NUMPY\x01\x00", 8);
    writeLittleEndian(out, std::uint16_t(header.size()));
    out << header;
    if (!out)
        throw Error(Fault::File, "the .npy file could not be written");
}

void writeNpyNumbers(std::ostream& out, std::span<const float> numbers)
{
    writeLittleEndian(out, numbers);
    if (!out.flush())
        throw Error(Fault::File, "the .npy file could not be written to its end");
}

void writeNpy(std::ostream& out, const Grid& grid)
{
    const std::size_t shape[] = {std::size_t(grid.rows()), std::size_t(grid.cols())};
    writeNpyHeader(out, shape);
    for (int row = 0; row < grid.rows(); ++row)
        writeLittleEndian(out, grid.row(row));
    if (!out.flush())
        throw Error(Fault::File, "the .npy file could not be written to its end");
}

} // namespace engine
