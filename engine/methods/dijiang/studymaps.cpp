// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/forms.h"
#include "engine/methods/dijiang/subject.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

// How much attention the map moves as rows of it are kept, and the maps themselves.

namespace engine::dijiang {
namespace {

constexpr int mostRows = 160;  // of the map that the shares are taken over
constexpr int mostPlaces = 20; // numbers of rows that are tried
constexpr int mostCells = 192; // side of a map to draw: longer ones are reduced to their largest weights

// Evenly taken queries, the last one included.
std::vector<int> sampled(int tokens)
{
    std::vector<int> queries;
    const int count = std::min(tokens, mostRows);
    for (int i = 0; i < count; ++i)
        queries.push_back(int(std::int64_t(i + 1) * tokens / count) - 1);
    return queries;
}

// 1, 2, … as far as there is room for, and what the reader picked.
std::vector<int> placesOf(int rows, int keep)
{
    std::set<int> places{1, std::min(2, rows), keep, rows};
    const int step = std::max(1, (rows + mostPlaces - 1) / mostPlaces);
    for (int place = step; place <= rows; place += step)
        places.insert(place);
    return {places.begin(), places.end()};
}

Matrix rowsAt(const Matrix& all, const std::vector<int>& places)
{
    Matrix rows(Eigen::Index(places.size()), all.cols());
    for (std::size_t i = 0; i < places.size(); ++i)
        rows.row(Eigen::Index(i)) = all.row(places[i]);
    return rows;
}

Matrix exactRows(const Subject& subject, const std::vector<int>& queries)
{
    if (int(queries.size()) == subject.tokens)
        return subject.input.exactWeights({0, subject.tokens}, {0, subject.tokens});
    Matrix rows(Eigen::Index(queries.size()), subject.tokens);
    for (std::size_t i = 0; i < queries.size(); ++i) {
        subject.job.check();
        rows.row(Eigen::Index(i)) = subject.input.exactWeights({queries[i], 1}, {0, subject.tokens});
    }
    return rows;
}

// The map that another seed would have drawn.
FeatureMap drawnWith(const Subject& subject, int seed)
{
    LayerContext context = subject.input.context;
    context.plan.attention.knobs["seed"] = seed;
    return mapsOf(context).of(subject.input.head, subject.shape);
}

// ½ Σ |a − â| of one row.
double distanceOf(const Eigen::RowVectorXd& a, const Eigen::RowVectorXd& b)
{
    return 0.5 * (a - b).cwiseAbs().sum();
}

// Largest cells of square blocks; what cannot be is no number.
Grid reduced(const Matrix& rows, int firstRow, bool causal, int side, int block, Grid before)
{
    std::vector<float> cells(std::size_t(side) * std::size_t(side), std::numeric_limits<float>::quiet_NaN());
    for (int row = 0; row < before.rows(); ++row)
        std::copy_n(before.row(row).data(), side, cells.data() + std::size_t(row) * std::size_t(side));
    for (int row = 0; row < int(rows.rows()); ++row) {
        const int keys = causal ? firstRow + row + 1 : int(rows.cols());
        for (int key = 0; key < keys; ++key) {
            float& cell = cells[std::size_t((firstRow + row) / block) * std::size_t(side) + std::size_t(key / block)];
            const auto weight = float(rows(row, key));
            cell = std::isnan(cell) ? weight : std::max(cell, weight);
        }
    }
    return {std::move(cells), side, side};
}

// A whole map in bands of rows.
template <typename Band>
Grid picture(const Subject& subject, const Band& band)
{
    const int block = (subject.tokens + mostCells - 1) / mostCells, side = (subject.tokens + block - 1) / block;
    Grid cells;
    for (int first = 0; first < subject.tokens; first += mostCells) {
        subject.job.check();
        const int count = std::min(mostCells, subject.tokens - first);
        cells = reduced(band(first, count), first, subject.shape.causal, side, block, cells);
    }
    return cells;
}

// Weights as they are: not divided by the row's sum, relative to the largest of all.
Matrix rawRows(const Subject& subject, const FeatureMap& map, int first, int count, double shift)
{
    return pairWeights(map.logs(subject.queries.middleRows(first, count)), map.logs(subject.keys),
                       Vector::Constant(count, shift), subject.decay, first, 0, subject.shape.causal);
}

Grid pictureOf(const Subject& subject, const FeatureMap& map)
{
    if (!subject.raw)
        return picture(subject, [&](int first, int count) {
            std::vector<int> queries(std::size_t(count), 0);
            std::iota(queries.begin(), queries.end(), first);
            return normalisedRows(subject, map, subject.decay, queries);
        });
    // φ(q)·φ(k) ≤ m e^(largest b + a): what the picture is relative to.
    const double shift =
        (map.logs(subject.queries).colwise().maxCoeff() + map.logs(subject.keys).colwise().maxCoeff()).maxCoeff();
    return picture(subject, [&](int first, int count) { return rawRows(subject, map, first, count, shift); });
}

double shareAt(const Moved& moved, int kept)
{
    const auto found = std::ranges::find(moved.kept, kept);
    return found == moved.kept.end() ? std::nan("") : moved.mean(std::size_t(found - moved.kept.begin()));
}

std::string percent(double share)
{
    return std::to_string(int(std::lround(100 * share))) + " %";
}

Panel movedPanel(const Subject& subject, const Moved& moved)
{
    Panel panel;
    panel.id = "moved";
    panel.title = "Attention moved";
    panel.words = "against features kept";
    if (moved.shares.size() > 1)
        panel.words += "; band: " + std::to_string(moved.shares.size()) + " seeds";
    panel.value = "keep " + std::to_string(subject.keep) + " · " + percent(shareAt(moved, subject.keep));
    panel.row = 2;
    panel.width = 1;
    panel.height = 1.2;
    CurvesBody body;
    CurvesBody::Curve curve;
    curve.points = true;
    for (std::size_t place = 0; place < moved.kept.size(); ++place) {
        curve.x.push_back(moved.kept[place]);
        curve.y.push_back(100 * moved.mean(place));
        if (moved.shares.size() < 2)
            continue;
        double low = 1, high = 0;
        for (const auto& draw : moved.shares) {
            low = std::min(low, draw[place]);
            high = std::max(high, draw[place]);
        }
        curve.low.push_back(100 * low);
        curve.high.push_back(100 * high);
    }
    body.curves = {curve};
    body.x.title = "features";
    body.y.title = "%";
    body.handle = subject.keep;
    body.pick = {Pick::Sets::Control, "keep", {}};
    panel.body = body;
    return panel;
}

Panel mapsPanel(const Subject& subject, const Moved& moved)
{
    Panel panel;
    panel.id = "maps";
    panel.title = "The map with m features";
    panel.words = subject.raw ? "as they are, relative to the largest" : "rows sum to 1";
    panel.row = 2;
    panel.width = 1.9;
    panel.height = 1.2;
    HeatBody heat;
    std::set<int> kept{1, std::min(2, subject.rows()), subject.keep, subject.rows()};
    for (const int count : kept) {
        if (count == subject.keep)
            heat.pickedMap = int(heat.maps.size());
        heat.maps.push_back({pictureOf(subject, subject.map.first(count)), "m " + std::to_string(count),
                             percent(shareAt(moved, count))});
        heat.map.values.push_back(count);
    }
    heat.map.sets = Pick::Sets::Control;
    heat.map.control = "keep";
    heat.maps.push_back({picture(subject,
                                 [&](int first, int count) {
                                     return subject.input.exactWeights({first, count}, {0, subject.tokens});
                                 }),
                         "exact",
                         {}});
    heat.rows.axis = heat.cols.axis = Axis::Token;
    heat.scale = Scale::Sqrt;
    if (subject.tokens > mostCells)
        panel.note = "A cell is the largest weight of " + std::to_string((subject.tokens + mostCells - 1) / mostCells) +
                     " tokens square.";
    panel.body = heat;
    return panel;
}

} // namespace

Matrix normalisedRows(const Subject& subject, const FeatureMap& map, double decay, const std::vector<int>& queries)
{
    const Matrix a = map.logs(subject.keys), b = map.logs(rowsAt(subject.queries, queries));
    const Eigen::RowVectorXd top = a.colwise().maxCoeff();
    const bool near = (a.rowwise() - top).minCoeff() > -300;
    Matrix rows;
    if (near) { // one product for all pairs; the row's largest term is 1
        Matrix p = b.rowwise() + top;
        p.colwise() -= Vector(p.rowwise().maxCoeff());
        rows = Matrix(p.array().exp()) * Matrix((a.rowwise() - top).array().exp()).transpose();
    } else {
        rows = Matrix(b.rows(), a.rows());
        for (Eigen::Index row = 0; row < b.rows(); ++row) {
            const int seen = subject.visible(queries[std::size_t(row)]);
            const double shift = (b.row(row) + a.topRows(seen).colwise().maxCoeff()).maxCoeff();
            rows.row(row) = pairWeights(b.row(row), a, Vector::Constant(1, shift), 1, 0, 0, false).cwiseMin(1e300);
        }
    }
    for (std::size_t row = 0; row < queries.size(); ++row) {
        auto line = rows.row(Eigen::Index(row));
        const int seen = subject.visible(queries[row]);
        line.tail(subject.tokens - seen).setZero();
        for (int key = 0; decay != 1.0 && key < seen; ++key)
            line(key) *= std::pow(decay, queries[row] - key);
        const double sum = line.sum();
        if (sum > 0)
            line /= sum;
    }
    return rows;
}

double Moved::mean(std::size_t place) const
{
    double sum = 0;
    for (const auto& draw : shares)
        sum += draw[place];
    return sum / double(shares.size());
}

double Moved::deviation(std::size_t place) const
{
    if (shares.size() < 2)
        return 0;
    double sum = 0;
    for (const auto& draw : shares)
        sum += (draw[place] - mean(place)) * (draw[place] - mean(place));
    return std::sqrt(sum / double(shares.size() - 1));
}

int Moved::enough() const
{
    const std::size_t last = kept.size() - 1;
    const double allowed = mean(last) + std::max(deviation(last), 0.005);
    for (std::size_t place = 0; place < last; ++place) {
        if (mean(place) <= allowed)
            return kept[place];
    }
    return kept[last];
}

Moved movedBy(const Subject& subject)
{
    Moved moved;
    moved.kept = placesOf(subject.rows(), subject.keep);
    moved.firstSeed = subject.options.seed;
    const std::vector<int> queries = sampled(subject.tokens);
    moved.queries = int(queries.size());
    const Matrix exact = exactRows(subject, queries);
    const int draws = subject.drawn ? seedsDrawn : 1;
    for (int draw = 0; draw < draws; ++draw) {
        const FeatureMap map = draw == 0 ? subject.map : drawnWith(subject, subject.options.seed + draw);
        std::vector<double>& shares = moved.shares.emplace_back();
        for (const int kept : moved.kept) {
            subject.job.report(double(draw) / draws,
                               "features kept, seed " + std::to_string(subject.options.seed + draw));
            const Matrix rows = normalisedRows(subject, map.first(kept), subject.decay, queries);
            double sum = 0;
            for (Eigen::Index row = 0; row < rows.rows(); ++row)
                sum += distanceOf(exact.row(row), rows.row(row));
            shares.push_back(sum / double(rows.rows()));
        }
    }
    return moved;
}

std::vector<Panel> mapPanels(const Subject& subject, const Moved& moved)
{
    return {movedPanel(subject, moved), mapsPanel(subject, moved)};
}

} // namespace engine::dijiang
