// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compare/metrics.h"

#include "engine/compare/naming.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace engine {
namespace {

// LoLCATs clamps here too.
constexpr double clampAt = 1e-12;

double xLogX(double x)
{
    return x > 0 ? x * std::log(x) : 0;
}

// The places of the k largest cells in falling order; ties go to the lower place.
std::vector<int> largest(std::span<const float> row, int k)
{
    std::vector<int> places(row.size());
    std::iota(places.begin(), places.end(), 0);
    const auto middle = places.begin() + std::min<std::ptrdiff_t>(k, std::ssize(row));
    std::ranges::partial_sort(places, middle, [row](int a, int b) {
        const float left = row[std::size_t(a)], right = row[std::size_t(b)];
        return left > right || (left == right && a < b);
    });
    places.erase(middle, places.end());
    return places;
}

double massOf(std::span<const float> row, std::span<const int> places)
{
    double mass = 0;
    for (const int place : places)
        mass += double(row[std::size_t(place)]);
    return mass;
}

} // namespace

MapMetrics::MapMetrics(MapNature nature)
    : m_nature(nature)
{
}

void MapMetrics::add(std::span<const float> exact, std::span<const float> other)
{
    assert(exact.size() == other.size() && !exact.empty());
    const auto finite = [](float cell) { return std::isfinite(cell); };
    if (!std::ranges::all_of(exact, finite) || !std::ranges::all_of(other, finite))
        m_finite = false;
    if (!m_finite)
        return;
    ++m_rows;
    const double sum = std::accumulate(other.begin(), other.end(), 0.0);
    m_rowsum = std::max(m_rowsum, std::abs(sum - 1));
    m_negative = m_negative || std::ranges::any_of(other, [](float cell) { return cell < 0; });
    m_emptySum = m_emptySum || (!m_nature.rowsSumToOne && sum <= 0);
    if (noDistribution().empty())
        addDistribution(exact, other, m_nature.rowsSumToOne ? 1 : 1 / sum);
    addSquares(exact, other);
    addTop(exact, other);
}

void MapMetrics::addDistribution(std::span<const float> exact, std::span<const float> other, double scale)
{
    double moved = 0, kl = 0, js = 0, entropyRise = 0;
    for (std::size_t j = 0; j < exact.size(); ++j) {
        const double a = double(exact[j]), b = double(other[j]) * scale, middle = (a + b) / 2;
        moved += std::abs(a - b);
        if (a > 0) {
            kl += a * std::log(a / std::max(b, clampAt));
            m_clamped += b < clampAt;
        }
        js += (xLogX(a) + xLogX(b)) / 2 - xLogX(middle);
        entropyRise += xLogX(a) - xLogX(b);
    }
    m_tv += moved / 2;
    m_kl += kl;
    m_js += js;
    m_entropyRise += entropyRise;
}

void MapMetrics::addSquares(std::span<const float> exact, std::span<const float> other)
{
    for (std::size_t j = 0; j < exact.size(); ++j) {
        const double a = double(exact[j]), difference = a - double(other[j]);
        m_differenceSquares += difference * difference;
        m_exactSquares += a * a;
        m_noSinkDifference += j == 0 ? 0 : difference * difference;
        m_noSinkExact += j == 0 ? 0 : a * a;
    }
}

void MapMetrics::addTop(std::span<const float> exact, std::span<const float> other)
{
    const std::vector<int> ours = largest(exact, m_top.back().k), theirs = largest(other, m_top.back().k);
    for (TopK& top : m_top) {
        if (std::ssize(exact) <= top.k)
            continue;
        const std::span<const int> first(ours.data(), std::size_t(top.k)), second(theirs.data(), std::size_t(top.k));
        const auto common = std::ranges::count_if(
            first, [second](int place) { return std::ranges::find(second, place) != second.end(); });
        ++top.rows;
        top.agreement += double(common) / top.k;
        const double best = massOf(exact, first);
        top.mass += best > 0 ? massOf(exact, second) / best : 1;
    }
}

std::string MapMetrics::noDistribution() const
{
    if (!m_nature.nonNegative || m_negative)
        return "the map has cells below 0";
    if (m_emptySum)
        return "a row of the map sums to 0";
    return {};
}

Metrics MapMetrics::result() const
{
    const std::string unusable = !m_finite ? "the map is not finite" : m_rows == 0 ? "there are no rows" : "";
    const auto rows = double(m_rows);
    Metrics all;
    const auto distribution = [&](const char* id, double value, const char* unit) {
        Metric metric = metricFrom(id, value, unit, unusable.empty() ? noDistribution() : unusable);
        if (metric.applies() && !m_nature.rowsSumToOne)
            metric.note = "of the row-normalised map";
        all.push_back(metric);
    };
    distribution("tv", m_tv / rows, "");
    distribution("kl", m_kl / rows, "nats");
    distribution("kl_clamped", double(m_clamped), "cells");
    distribution("js", std::max(0.0, m_js / rows), "nats");
    distribution("dH", m_entropyRise / rows, "nats");
    for (const TopK& top : m_top) {
        const std::string k = std::to_string(top.k);
        const std::string reason = !unusable.empty() ? unusable
                                   : top.rows == 0   ? "no row has more than " + k + " keys"
                                                     : "";
        all.push_back(metricFrom("topk@" + k, top.agreement / double(top.rows), "", reason));
        all.push_back(metricFrom("mass@" + k, top.mass / double(top.rows), "", reason));
    }
    const auto relative = [&](const char* id, double difference, double exact) {
        const std::string reason = !unusable.empty() ? unusable : exact <= 0 ? "the exact map is 0 there" : "";
        all.push_back(metricFrom(id, std::sqrt(difference / exact), "", reason));
    };
    relative("fro", m_differenceSquares, m_exactSquares);
    relative("fro_nosink", m_noSinkDifference, m_noSinkExact);
    all.push_back(metricFrom("rowsum", m_rowsum, "", unusable));
    return all;
}

Metrics outputMetrics(const Grid& exact, const Grid& other)
{
    assert(exact.rows() == other.rows() && exact.cols() == other.cols());
    double cosines = 0;
    int rows = 0;
    for (int i = 0; i < exact.rows(); ++i) {
        double product = 0, exactSquares = 0, otherSquares = 0;
        for (int j = 0; j < exact.cols(); ++j) {
            const double a = double(exact.at(i, j)), b = double(other.at(i, j));
            product += a * b;
            exactSquares += a * a;
            otherSquares += b * b;
        }
        if (exactSquares > 0 && otherSquares > 0) {
            cosines += product / std::sqrt(exactSquares) / std::sqrt(otherSquares);
            ++rows;
        }
    }
    const double distance = relativeDistance(exact, other);
    return {metricFrom("out_rel", distance, "", std::isfinite(distance) ? "" : "the exact output is 0 or not finite"),
            metricFrom("out_cos", cosines / rows, "",
                       rows == 0                ? "every row of an output is 0"
                       : std::isfinite(cosines) ? ""
                                                : "an output is not finite")};
}

double relativeDistance(const Grid& exact, const Grid& other)
{
    assert(exact.rows() == other.rows() && exact.cols() == other.cols());
    double difference = 0, size = 0;
    for (int i = 0; i < exact.rows(); ++i) {
        const auto a = exact.row(i), b = other.row(i);
        for (std::size_t j = 0; j < a.size(); ++j) {
            const double gap = double(a[j]) - double(b[j]);
            difference += gap * gap;
            size += double(a[j]) * double(a[j]);
        }
    }
    if (difference == 0)
        return 0;
    return size > 0 ? std::sqrt(difference / size) : std::numeric_limits<double>::quiet_NaN();
}

} // namespace engine
