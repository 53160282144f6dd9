// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/study.h"

#include <algorithm>
#include <cmath>
#include <limits>

// Panels that compare the tables with the dense projection they stand in for.

namespace engine::memoryformer {
namespace {

constexpr int mostTokens = 192; // of the exact limit: every probe is a sort of a chunk

Matrix denseOf(const BucketLook& look, const Matrix& x)
{
    return engine::dense(x, look.weight, look.tables.outputs);
}

double off(const Matrix& exact, const Matrix& found)
{
    return exact.norm() > 0 ? (exact - found).norm() / exact.norm() : 0;
}

double signOf(int code, int bits, int entry)
{
    return (code >> (bits - 1 - entry) & 1) != 0 ? 1 : -1;
}

// The chunks of some tokens with the signs of their likeliest rows mixed, each entry scaled to fit best; what linear
// tables of that many probes make of x.
Matrix mixed(const BucketLook& look, const Matrix& centred, double t, int probes)
{
    Matrix out = Matrix::Zero(centred.rows(), centred.cols());
    for (int table = 0; table < look.tableCount(); ++table) {
        const int first = look.tables.chunks.first(table), bits = look.tables.chunks.bitsOf(table);
        for (Eigen::Index token = 0; token < centred.rows(); ++token) {
            const auto z = std::span<const double>(centred.data() + token * centred.cols() + first, std::size_t(bits));
            for (const auto& [code, weight] : likeliest(z, t, probes)) {
                for (int i = 0; i < bits; ++i)
                    out(token, first + i) += weight * signOf(code, bits, i);
            }
        }
    }
    for (Eigen::Index entry = 0; entry < out.cols(); ++entry) {
        const double below = out.col(entry).squaredNorm();
        out.col(entry) *= below > 0 ? out.col(entry).dot(centred.col(entry)) / below : 0;
    }
    return out;
}

} // namespace

ProjectionErrors errorsOf(const BucketLook& look)
{
    const Matrix exact = denseOf(look, look.exactInput);
    const Matrix found =
        lookUp(hash(look.exactInput, look.tables.chunks, look.tables.thresholds, look.rule), look.tables);
    ProjectionErrors errors;
    for (Eigen::Index token = 0; token < exact.rows(); ++token)
        errors.perToken.push_back(off(exact.row(token), found.row(token)));
    const Eigen::Index seen = look.seen, rest = exact.rows() - seen;
    errors.seen = seen > 0 ? off(exact.topRows(seen), found.topRows(seen)) : 0;
    errors.unseen = rest > 0 ? off(exact.bottomRows(rest), found.bottomRows(rest)) : 0;
    return errors;
}

Panel errorPanel(const BucketLook& look, const ProjectionErrors& errors)
{
    BarsBody body;
    body.series = {{"off by", Tint::Own, errors.perToken, {}, {}}};
    body.labels = {"token", Axis::Token, {}, {}, 0};
    body.quantity = "error over the length of the exact output";
    body.picked = look.token;
    body.pick = {Pick::Sets::Query, "", {}};
    if (look.seen > 0 && look.seen < look.tokens())
        body.regions = {{double(look.seen), double(look.tokens()), rounded(errors.unseen, 2) + " held out"}};
    body.marks = {{false, look.seen > 0 ? errors.seen : errors.unseen,
                   rounded(look.seen > 0 ? errors.seen : errors.unseen, 2) + (look.seen > 0 ? " seen" : "")}};
    if (look.seen > 0 && look.seen < look.tokens())
        body.marks.push_back({false, errors.unseen, rounded(errors.unseen, 2) + " held out"});
    Panel panel = titled("buckets.error", "Projection error",
                         "tables against the dense " + std::string(nameOf(look.projection)) + ", per token");
    panel.row = 2;
    panel.width = 1.2;
    panel.height = 0.7;
    if (look.seen > 0 && look.seen + look.heldOut < look.tokens())
        panel.note = "Tokens after the prompt count with those held out.";
    panel.body = std::move(body);
    return panel;
}

// All rows with T[c] = t s(c) W give t tanh(z/t) W, which is z W as t grows (reference, §9.3).
Panel limitPanel(const BucketLook& look, Job& job)
{
    const int rows = std::min(look.tokens(), mostTokens);
    Matrix centred = look.exactInput.bottomRows(rows);
    if (!look.tables.thresholds.empty()) {
        const Eigen::Map<const Eigen::RowVectorXf> offset(look.tables.thresholds.data(), look.tables.chunks.width);
        centred.rowwise() -= offset.cast<double>();
    }
    const Matrix exact = denseOf(look, centred);
    CurvesBody body;
    body.x.title = "log₂ t";
    body.y.title = "off by";
    double now = 0;
    constexpr int all = 0;
    for (const int probes : {1, 4, 16, all}) {
        CurvesBody::Curve curve;
        curve.title = probes == all ? "all rows" : std::to_string(probes) + (probes == 1 ? " row" : " rows");
        curve.tint = probes == all ? Tint::Own : probes == 1 ? Tint::Ink : Tint::Grey;
        for (int power = -2; power <= 8; ++power) {
            job.check();
            const double t = std::exp2(power);
            const Matrix approximate =
                probes == all ? Matrix(t * (centred.array() / t).tanh()) : mixed(look, centred, t, probes);
            curve.x.push_back(power);
            curve.y.push_back(off(exact, denseOf(look, approximate)));
            if (probes == all && power == look.limit)
                now = curve.y.back();
        }
        body.curves.push_back(std::move(curve));
    }
    body.handle = look.limit;
    body.pick = {Pick::Sets::Control, "limit", {-2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8}};
    Panel panel =
        titled("buckets.limit", "The exact limit", "linear tables, so many of the likeliest rows of each mixed");
    panel.row = 3;
    panel.width = 1.2;
    panel.height = 0.8;
    panel.value =
        "all rows at t = " + rounded(std::exp2(look.limit), look.limit < 0 ? 2 : 0) + ": off by " + rounded(now, 3);
    panel.note = "The look-up is the first term of an exact linear layer: with all rows the error goes to nought as t "
                 "grows.";
    if (rows < look.tokens())
        panel.note += " Over the last " + std::to_string(rows) + " tokens.";
    panel.body = std::move(body);
    return panel;
}

} // namespace engine::memoryformer
