// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/export/npy.h"

#include "engine/export/littleendian.h"
#include "engine/values/error.h"

#include <cstdint>
#include <string>

namespace engine {

void writeNpy(std::ostream& out, const Grid& grid)
{
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(grid.rows()) + ", " +
                         std::to_string(grid.cols()) + "), }";
    // The data starts at a multiple of 64; the header's last byte is a line break.
    constexpr std::size_t before = 10, alignment = 64;
    header.resize((before + header.size() + 1 + alignment - 1) / alignment * alignment - before - 1, ' ');
    header += '\n';
    out.write("\x93NUMPY\x01\x00", 8);
    writeLittleEndian(out, std::uint16_t(header.size()));
    out << header;
    for (int row = 0; row < grid.rows(); ++row)
        writeLittleEndian(out, grid.row(row));
    if (!out.flush())
        throw Error(Fault::File, "the .npy file could not be written to its end");
}

} // namespace engine
