// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/figures.h"

#include <iosfwd>

namespace app {

// The matrices that a view shows. `.csv`: one tidy table with a data dictionary and the provenance as comments. `.npy`:
// NAME.npy's stem and the matrix' name for each, a JSON with provenance and names of rows and columns beside it.
void writeCsv(std::ostream& out, const FigureSource& source, const std::string& view, const QByteArray& provenance);
void writeData(const std::filesystem::path& path, const FigureSource& source, const std::string& view,
               const QByteArray& provenance);

} // namespace app
