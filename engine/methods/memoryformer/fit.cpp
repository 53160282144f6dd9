// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace engine::memoryformer {
namespace {

// Rows of one table [rows, outputs].
using TableRows = Matrix;

Matrix widened(std::span<const float> weight, int outputs, Eigen::Index width)
{
    using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const FloatMatrix>(weight.data(), outputs, width).cast<double>();
}

std::vector<float> thresholdsOf(const Matrix& x, Thresholds kind)
{
    std::vector<float> thresholds;
    for (Eigen::Index channel = 0; kind != Thresholds::Zero && channel < x.cols(); ++channel) {
        if (kind == Thresholds::Mean) {
            thresholds.push_back(float(x.col(channel).mean()));
            continue;
        }
        std::vector<double> sorted(x.col(channel).begin(), x.col(channel).end());
        std::ranges::nth_element(sorted, sorted.begin() + std::ptrdiff_t(sorted.size() / 2));
        thresholds.push_back(float(sorted[sorted.size() / 2]));
    }
    return thresholds;
}

Matrix centredOf(const Matrix& x, std::span<const float> thresholds)
{
    if (thresholds.empty())
        return x;
    const Eigen::Map<const Eigen::RowVectorXf> offset(thresholds.data(), Eigen::Index(thresholds.size()));
    return x.rowwise() - offset.cast<double>();
}

// s(c): +1 where the bit of an entry is 1.
double signOf(int code, int bits, int entry)
{
    return (code >> (bits - 1 - entry) & 1) != 0 ? 1 : -1;
}

// Tables of linear rows s_i(c) g_i for several probes: with m_i the mix of the signs, g_i = Σ z m / Σ m².
Matrix linearRows(const Counted& counted, const Chunks& chunks, int table)
{
    const int bits = chunks.bitsOf(table), rows = chunks.rowsOf(table), probes = counted.hashed.probes;
    Vector above = Vector::Zero(bits), below = Vector::Zero(bits);
    for (Eigen::Index token = 0; token < counted.centred.rows(); ++token) {
        for (int i = 0; i < bits; ++i) {
            double mix = 0;
            for (int probe = 0; probe < probes; ++probe)
                mix += counted.hashed.scales(token, Eigen::Index(table) * probes + probe) *
                       signOf(counted.hashed.code(token, table, probe), bits, i);
            above(i) += counted.centred(token, chunks.first(table) + i) * mix;
            below(i) += mix * mix;
        }
    }
    Matrix u(rows, bits);
    for (int code = 0; code < rows; ++code) {
        for (int i = 0; i < bits; ++i)
            u(code, i) = below(i) > 0 ? signOf(code, bits, i) * above(i) / below(i) : 0;
    }
    return u;
}

// A projection's tables while they are fitted.
struct Fitting
{
    std::vector<TableRows> rows;
    Matrix residual; // of the fitted tokens, [M, outputs]
};

void addTable(Matrix& to, const Hashed& hashed, int table, const TableRows& rows, double sign)
{
    for (Eigen::Index token = 0; token < to.rows(); ++token) {
        for (int probe = 0; probe < hashed.probes; ++probe)
            to.row(token) += sign * hashed.scales(token, Eigen::Index(table) * hashed.probes + probe) *
                             rows.row(hashed.code(token, table, probe));
    }
}

Matrix output(const Hashed& hashed, const std::vector<TableRows>& rows, Eigen::Index outputs)
{
    Matrix out = Matrix::Zero(hashed.scales.rows(), outputs);
    for (int table = 0; table < hashed.tables; ++table)
        addTable(out, hashed, table, rows[std::size_t(table)], 1);
    return out;
}

// One round of (b): T_k[c] = Σ a r / (Σ a² + λ) over the tokens of a row, r what the other tables leave.
void sweep(Fitting& fitting, const Counted& counted, const FitOptions& options, Job& job)
{
    for (int table = 0; table < counted.hashed.tables; ++table) {
        job.check();
        TableRows& rows = fitting.rows[std::size_t(table)];
        addTable(fitting.residual, counted.hashed, table, rows, 1);
        const std::vector<int>& hits = counted.hits[std::size_t(table)];
        TableRows sums = TableRows::Zero(rows.rows(), rows.cols());
        Vector squares = Vector::Zero(rows.rows());
        for (Eigen::Index token = 0; token < fitting.residual.rows(); ++token) {
            const int code = counted.hashed.code(token, table);
            const double scale = counted.hashed.scales(token, table);
            sums.row(code) += scale * fitting.residual.row(token);
            squares(code) += scale * scale;
        }
        for (Eigen::Index code = 0; code < rows.rows(); ++code) {
            const bool enough = hits[std::size_t(code)] > 0 && hits[std::size_t(code)] >= options.rare;
            if (enough && squares(code) + options.ridge > 0)
                rows.row(code) = sums.row(code) / (squares(code) + options.ridge);
        }
        addTable(fitting.residual, counted.hashed, table, rows, -1);
    }
}

std::vector<TableRows> swept(std::vector<TableRows> start, const Counted& counted, const Matrix& w,
                             const Matrix& heldOut, const FitOptions& options, const Chunks& chunks, Job& job)
{
    Fitting fitting{std::move(start), counted.centred * w.transpose()};
    fitting.residual -= output(counted.hashed, fitting.rows, w.rows());
    const Matrix unseen = centredOf(heldOut, counted.thresholds);
    const Matrix wanted = unseen * w.transpose();
    const Hashed hashed = hash(heldOut, chunks, counted.thresholds, options.rule);
    const auto error = [&] { return (wanted - output(hashed, fitting.rows, w.rows())).squaredNorm(); };
    double best = heldOut.rows() > 0 ? error() : 0;
    for (int round = 0; round < options.sweeps; ++round) {
        job.report(double(round) / options.sweeps, "sweep " + std::to_string(round + 1));
        const std::vector<TableRows> before = fitting.rows;
        sweep(fitting, counted, options, job);
        if (heldOut.rows() == 0)
            continue;
        const double now = error();
        if (now >= best)
            return before;
        best = now;
    }
    return fitting.rows;
}

} // namespace

Quality qualityOf(const Matrix& exact, const Matrix& approximate)
{
    Quality quality;
    if (exact.rows() == 0)
        return quality;
    const Matrix difference = exact - approximate;
    const Matrix about = exact.rowwise() - exact.colwise().mean();
    const double all = about.squaredNorm(), left = difference.squaredNorm();
    quality.explained = all > 0 ? 1 - left / all : (left > 0 ? -std::numeric_limits<double>::infinity() : 1);
    quality.off = exact.norm() > 0 ? std::sqrt(left) / exact.norm() : 0;
    for (Eigen::Index row = 0; row < exact.rows(); ++row) {
        const double norms = exact.row(row).norm() * approximate.row(row).norm();
        quality.cosine += norms > 0 ? exact.row(row).dot(approximate.row(row)) / norms : 0;
    }
    quality.cosine /= double(exact.rows());
    return quality;
}

Counted count(const Matrix& x, const FitOptions& options)
{
    const Chunks chunks{int(x.cols()), options.bits};
    const int rows = chunks.rowsOf(0);
    const int fewest = std::max(2, rows / 8);
    if (x.rows() < fewest)
        throw Error(Fault::Request, "a calibration text of " + std::to_string(x.rows()) +
                                        " tokens is too short for tables of " + std::to_string(rows) + " rows: about " +
                                        std::to_string(std::lround(rows * std::exp(-double(x.rows()) / rows))) +
                                        " of " + std::to_string(rows) + " would stay empty; at least " +
                                        std::to_string(fewest) +
                                        " tokens to fit on, or fewer bits (tau), were expected");
    Counted counted;
    counted.thresholds = thresholdsOf(x, options.thresholds);
    counted.hashed = hash(x, chunks, counted.thresholds, options.rule);
    counted.centred = centredOf(x, counted.thresholds);
    for (int table = 0; table < chunks.count(); ++table) {
        std::vector<int>& hits = counted.hits.emplace_back(std::size_t(chunks.rowsOf(table)));
        for (Eigen::Index token = 0; token < x.rows(); ++token)
            ++hits[std::size_t(counted.hashed.code(token, table))];
    }
    return counted;
}

Matrix centroids(const Counted& counted, const Chunks& chunks, int table, const FitOptions& options)
{
    if (counted.hashed.probes > 1)
        return linearRows(counted, chunks, table);
    const int bits = chunks.bitsOf(table), rows = chunks.rowsOf(table);
    const auto z = counted.centred.middleCols(chunks.first(table), bits);
    const auto scales = counted.hashed.scales.col(table);
    Matrix u = Matrix::Zero(rows, bits);
    Vector squares = Vector::Zero(rows);
    for (Eigen::Index token = 0; token < z.rows(); ++token) {
        const int code = counted.hashed.code(token, table);
        u.row(code) += scales(token) * z.row(token);
        squares(code) += scales(token) * scales(token);
    }
    const Eigen::RowVectorXd size = z.cwiseAbs().colwise().mean();
    const double meanScale = scales.mean();
    for (int code = 0; code < rows; ++code) {
        const int hits = counted.hits[std::size_t(table)][std::size_t(code)];
        if (squares(code) > 0)
            u.row(code) /= squares(code);
        if (options.rare == 0 || !(meanScale > 0))
            continue;
        Eigen::RowVectorXd fallback(bits);
        for (int i = 0; i < bits; ++i)
            fallback(i) = signOf(code, bits, i) * size(i) / meanScale;
        const double share = hits < options.rare ? 0 : double(hits) / (hits + options.rare);
        u.row(code) = share * u.row(code) + (1 - share) * fallback;
    }
    return u;
}

Tables fit(const Counted& counted, std::span<const float> weight, int outputs, const Matrix& heldOut,
           const FitOptions& options, Job& job)
{
    Tables tables;
    tables.chunks = {int(counted.centred.cols()), options.bits};
    tables.outputs = outputs;
    const Matrix w = widened(weight, outputs, counted.centred.cols());
    std::vector<TableRows> rows;
    for (int table = 0; table < tables.chunks.count(); ++table) {
        job.check();
        const Matrix part = w.middleCols(tables.chunks.first(table), tables.chunks.bitsOf(table));
        rows.emplace_back(centroids(counted, tables.chunks, table, options) * part.transpose());
    }
    if (options.sweeps > 0 && options.rule.probes == 1)
        rows = swept(std::move(rows), counted, w, heldOut, options, tables.chunks, job);

    tables.cells.assign(tableCells(tables.chunks, outputs, "tables of a projection"), 0);
    for (int table = 0; table < tables.chunks.count(); ++table) {
        const std::size_t first = std::size_t(table) * std::size_t(tables.chunks.stride()) * std::size_t(outputs);
        const Eigen::Index cells = rows[std::size_t(table)].size();
        Eigen::Map<Eigen::RowVectorXf>(tables.cells.data() + first, cells) =
            Eigen::Map<const Eigen::RowVectorXd>(rows[std::size_t(table)].data(), cells).cast<float>();
    }
    tables.thresholds = counted.thresholds;
    tables.bias.assign(std::size_t(outputs), 0);
    if (!counted.thresholds.empty()) {
        const Eigen::Map<const Eigen::VectorXf> offset(counted.thresholds.data(),
                                                       Eigen::Index(counted.thresholds.size()));
        const Eigen::VectorXf bias = (w * offset.cast<double>()).cast<float>();
        tables.bias.assign(bias.begin(), bias.end());
    }
    return tables;
}

} // namespace engine::memoryformer
