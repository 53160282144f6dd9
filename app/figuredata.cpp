// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/figuredata.h"

#include "app/attention/mapwords.h"
#include "app/longmaps/longmapfigure.h"
#include "app/studydata.h"
#include "app/timingreport.h"
#include "engine/export/csv.h"
#include "engine/export/json.h"
#include "engine/export/npy.h"
#include "engine/export/wholefile.h"

#include <algorithm>
#include <cmath>
#include <ostream>

namespace app {

namespace {

using engine::Error;
using engine::Fault;
using Kind = MapColumn::Kind;

const AttentionMaps& mapsOf(const FigureSource& source)
{
    if (!source.maps || source.maps->columns.empty())
        throw Error(Fault::Request, "there are no maps to write yet; open a checkpoint and run a prompt first");
    return *source.maps;
}

std::string suffixOf(Kind kind)
{
    switch (kind) {
    case Kind::Weights:
        break;
    case Kind::Difference:
        return "_difference";
    case Kind::Ratio:
        return "_log2_ratio";
    case Kind::RawProducts:
        return "_raw_products";
    case Kind::TurnedProducts:
        return "_turned_products";
    }
    return {};
}

std::string meaningOf(Kind kind)
{
    switch (kind) {
    case Kind::Weights:
        break;
    case Kind::Difference:
        return "that method's weight minus the reference's";
    case Kind::Ratio:
        return "log2 of that method's weight over the reference's; empty where a weight is below 0";
    case Kind::RawProducts:
        return "q times k by dimension before positions";
    case Kind::TurnedProducts:
        return "q times k by dimension after positions";
    }
    return "attention weight of the query on the key";
}

// The maps on screen, by the method's id; a second lane of one method has its number.
std::vector<DataMatrix> attentionMatrices(const AttentionMaps& maps)
{
    const Sequence& sequence = *maps.look(0).layer->exact->sequence;
    std::vector<int> places;
    std::vector<std::string> pieces;
    places.reserve(maps.groups.size());
    pieces.reserve(maps.groups.size());
    for (const engine::TokenRange& group : maps.groups) {
        places.push_back(group.first);
        pieces.emplace_back();
        const int end = maps.request.view.words ? group.end() : group.first + 1;
        for (int token = group.first; token < end; ++token)
            pieces.back() += sequence.pieces[std::size_t(token)];
    }
    const int by = std::max(1, maps.look(0).map.reduction);
    std::vector<DataMatrix> all;
    all.reserve(maps.columns.size());
    for (const MapColumn& column : maps.columns) {
        DataMatrix matrix;
        matrix.name = maps.look(column.lane).layer->context.plan.shown().method + suffixOf(column.kind);
        if (std::any_of(all.begin(), all.end(), [&](const DataMatrix& other) { return other.name == matrix.name; }))
            matrix.name += "_" + std::to_string(column.lane);
        matrix.meaning = meaningOf(column.kind);
        if (by > 1)
            matrix.meaning +=
                ", the farthest from 0 of its block of " + std::to_string(by) + " x " + std::to_string(by);
        matrix.cells = column.cells;
        matrix.lower = maps.shape() == widgets::GridShape::LowerTriangle;
        if (isNeurons(maps)) {
            matrix.rows = {"key", {}, sequence.pieces};
            matrix.cols = {"dimension", {}, {}};
        } else {
            matrix.rows = {"query", places, pieces};
            matrix.cols = {"key", places, pieces};
        }
        all.push_back(std::move(matrix));
    }
    return all;
}

// What the row plot shows where it shows means: of every lane a line over the keys.
std::vector<DataMatrix> meanMatrices(const AttentionMaps& maps)
{
    std::vector<DataMatrix> all;
    for (std::size_t lane = 0; lane < maps.keyMeans.size(); ++lane) {
        const std::vector<float>& means = maps.keyMeans[lane];
        if (means.empty())
            continue;
        const LayerAttention& layer = *maps.look(int(lane)).layer;
        DataMatrix matrix;
        matrix.name = layer.context.plan.shown().method + "_key_mean";
        if (std::any_of(all.begin(), all.end(), [&](const DataMatrix& other) { return other.name == matrix.name; }))
            matrix.name += "_" + std::to_string(lane);
        matrix.meaning = layer.context.shape.causal
                             ? "mean weight on the key of the queries from it to the last in view"
                             : "mean weight on the key of the queries in view";
        matrix.rows = {"query", {}, {}};
        matrix.cols = {"key", {}, maps.look(0).layer->exact->sequence->pieces};
        matrix.cells = engine::Grid(means, 1, int(means.size()));
        all.push_back(std::move(matrix));
    }
    return all;
}

int placeOf(const DataAxis& axis, int cell)
{
    return cell < int(axis.places.size()) ? axis.places[std::size_t(cell)] : cell;
}

std::string pieceOf(const DataAxis& axis, int cell)
{
    return cell < int(axis.pieces.size()) ? axis.pieces[std::size_t(cell)] : std::string();
}

std::string numberOf(float value)
{
    return std::isnan(value) ? std::string() : engine::shortestNumber(value);
}

// One tidy table: every matrix a column, every cell that can be a line; then a line without a query for each key's
// means, in columns of their own.
void writeWide(std::ostream& out, const std::vector<DataMatrix>& matrices, const std::vector<DataMatrix>& means)
{
    const DataMatrix& first = matrices.front();
    const std::string row = first.rows.name, col = first.cols.name;
    out << "# " << row << ", " << col << ": places, counted from 0, of a block its first\n# " << row << "_token, "
        << col << "_token: their pieces of text\n";
    for (const auto* columns : {&matrices, &means})
        for (const DataMatrix& matrix : *columns)
            out << "# " << matrix.name << ": " << matrix.meaning << "\n";
    out << row << "," << row << "_token," << col << "," << col << "_token";
    for (const auto* columns : {&matrices, &means})
        for (const DataMatrix& matrix : *columns)
            out << "," << engine::csvField(matrix.name);
    out << "\n";
    for (int y = 0; y < first.cells.rows(); ++y)
        for (int x = 0; x < (first.lower ? y + 1 : first.cells.cols()); ++x) {
            out << placeOf(first.rows, y) << "," << engine::csvField(pieceOf(first.rows, y)) << ","
                << placeOf(first.cols, x) << "," << engine::csvField(pieceOf(first.cols, x));
            for (const DataMatrix& matrix : matrices)
                out << "," << numberOf(matrix.cells.at(y, x));
            out << std::string(means.size(), ',') << "\n";
        }
    const int keys = means.empty() ? 0 : means.front().cells.cols();
    for (int key = 0; key < keys; ++key) {
        out << ",," << key << "," << engine::csvField(pieceOf(means.front().cols, key))
            << std::string(matrices.size(), ',');
        for (const DataMatrix& matrix : means)
            out << "," << numberOf(matrix.cells.at(0, key));
        out << "\n";
    }
}

// What the rows and columns of a .npy are.
void writeDictionary(std::ostream& out, const DataMatrix& matrix, const QByteArray& provenance)
{
    engine::JsonWriter json(out);
    json.object().field("matrix", matrix.name).field("meaning", matrix.meaning);
    for (const auto& [what, axis] : {std::pair("rows", &matrix.rows), std::pair("columns", &matrix.cols)}) {
        json.key(what).object().field("name", axis->name);
        json.key("places").list(axis->places).key("tokens").list(axis->pieces).end();
    }
    json.key("provenance").raw({provenance.constData(), std::size_t(provenance.size())}).end();
}

void writeNpys(const std::filesystem::path& path, const std::vector<DataMatrix>& matrices, const QByteArray& provenance)
{
    for (const DataMatrix& matrix : matrices) {
        std::filesystem::path own = path;
        own.replace_filename(path.stem().string() + "-" + matrix.name + ".npy");
        engine::writeWhole(own, [&](std::ostream& out) { engine::writeNpy(out, matrix.cells); });
        own.replace_extension(".json");
        engine::writeWhole(own, [&](std::ostream& beside) { writeDictionary(beside, matrix, provenance); });
    }
}

} // namespace

void writeCsv(std::ostream& out, const FigureSource& source, const std::string& view, const QByteArray& provenance)
{
    if (view == "timing") {
        if (!source.sweep)
            throw Error(Fault::Request, "nothing was timed yet; run a sweep first");
        writeTimingCsv(out, *source.sweep, provenance);
        return;
    }
    out << "# provenance: " << provenance.toStdString() << "\n";
    if (view == "attention")
        writeWide(out, attentionMatrices(mapsOf(source)), meanMatrices(mapsOf(source)));
    else if (view == mapTab)
        writeWide(out, longMapMatrices(source), {});
    else
        writeStudyCsv(out, source, view);
}

void writeData(const std::filesystem::path& path, const FigureSource& source, const std::string& view,
               const QByteArray& provenance)
{
    if (path.extension() == ".csv") {
        engine::writeWhole(path, [&](std::ostream& out) { writeCsv(out, source, view, provenance); });
        return;
    }
    if (view == "timing")
        throw Error(Fault::Request, path.string() + ": the timing view shows no matrix; .csv was expected");
    if (view == "attention") {
        writeNpys(path, attentionMatrices(mapsOf(source)), provenance);
        writeNpys(path, meanMatrices(mapsOf(source)), provenance);
        return;
    }
    writeNpys(path, view == mapTab ? longMapMatrices(source) : studyMatrices(source, view), provenance);
}

} // namespace app
