// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/figuredata.h"

#include "app/timingreport.h"
#include "app/wording.h"
#include "engine/export/csv.h"
#include "engine/export/json.h"
#include "engine/export/npy.h"

#include <algorithm>
#include <fstream>

namespace app {

namespace {

using engine::Error;
using engine::Fault;

struct Matrix
{
    std::string name;
    engine::Grid cells;
};

// Maps and differences of the lanes, by the method's id; a second lane of one method has its number.
std::vector<Matrix> matricesOf(const FigureSource& source)
{
    std::vector<Matrix> all;
    for (std::size_t lane = 0; lane < source.lanes.size(); ++lane) {
        const auto& look = source.lanes[lane].look;
        if (!look)
            continue;
        std::string name = look->layer->context.plan.attention.method;
        if (std::any_of(all.begin(), all.end(), [&](const Matrix& other) { return other.name == name; }))
            name += "_" + std::to_string(lane);
        all.push_back({name, look->map.cells});
        if (!look->difference.cells.empty())
            all.push_back({name + "_difference", look->difference.cells});
    }
    if (all.empty())
        throw Error(Fault::Request, "there are no maps to write yet; open a checkpoint and run a prompt first");
    return all;
}

void close(std::ofstream& out, const std::filesystem::path& path)
{
    out.flush();
    if (!out)
        throw Error(Fault::File, path.string() + " cannot be written");
}

void writeCsv(std::ostream& out, const FigureSource& source, const QByteArray& provenance)
{
    const std::vector<Matrix> matrices = matricesOf(source);
    const HeadLook& exact = *source.lanes.front().look;
    const Sequence& sequence = *exact.layer->exact->sequence;
    const int by = std::max(1, exact.map.reduction);
    out << "# query, key: places in the sequence, counted from 0" << (by > 1 ? ", of the block's first token" : "")
        << "\n# query_token, key_token: their pieces of text\n";
    for (const Matrix& matrix : matrices)
        out << "# " << matrix.name << ": "
            << (matrix.name.ends_with("_difference") ? "that method's weight minus the exact one"
                                                     : "attention weight of the query on the key")
            << (by > 1 ? ", the farthest from 0 of its block of " + std::to_string(by) + " x " + std::to_string(by)
                       : "")
            << "\n";
    out << "# provenance: " << provenance.toStdString() << "\nquery,query_token,key,key_token";
    for (const Matrix& matrix : matrices)
        out << "," << engine::csvField(matrix.name);
    out << "\n";
    const bool causal = exact.layer->context.shape.causal;
    const int side = exact.map.cells.rows();
    for (int row = 0; row < side; ++row)
        for (int col = 0; col < (causal ? row + 1 : exact.map.cells.cols()); ++col) {
            out << row * by << "," << engine::csvField(sequence.pieces[std::size_t(row * by)]) << "," << col * by << ","
                << engine::csvField(sequence.pieces[std::size_t(col * by)]);
            for (const Matrix& matrix : matrices)
                out << "," << engine::shortestNumber(matrix.cells.at(row, col));
            out << "\n";
        }
}

void writeNpys(const std::filesystem::path& path, const FigureSource& source, const QByteArray& provenance)
{
    const HeadLook* exact = source.lanes.empty() ? nullptr : source.lanes.front().look.get();
    for (const Matrix& matrix : matricesOf(source)) {
        std::filesystem::path own = path;
        own.replace_filename(path.stem().string() + "-" + matrix.name + ".npy");
        std::ofstream out(own, std::ios::binary);
        engine::writeNpy(out, matrix.cells);
        close(out, own);
        own.replace_extension(".json");
        std::ofstream beside(own, std::ios::binary);
        engine::JsonWriter json(beside);
        json.object().field("matrix", matrix.name).field("rows", "query").field("columns", "key");
        json.field("reduction", exact->map.reduction).key("tokens").list(exact->layer->exact->sequence->pieces);
        json.field("provenance", std::string_view(provenance.constData(), std::size_t(provenance.size()))).end();
        close(beside, own);
    }
}

} // namespace

void writeData(const std::filesystem::path& path, const FigureSource& source, const std::string& view,
               const QByteArray& provenance)
{
    const bool csv = path.extension() == ".csv";
    if (view == "timing") {
        if (!csv)
            throw Error(Fault::Request, path.string() + ": the timing view shows no matrix; .csv was expected");
        if (!source.sweep)
            throw Error(Fault::Request, "nothing was timed yet; run a sweep first");
        writeTimingReport(path, *source.sweep, {});
        return;
    }
    if (!csv) {
        writeNpys(path, source, provenance);
        return;
    }
    std::ofstream out(path, std::ios::binary);
    writeCsv(out, source, provenance);
    close(out, path);
}

} // namespace app
