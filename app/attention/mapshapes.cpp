// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/mapshapes.h"

#include <QChar>
#include <QString>

#include <algorithm>

namespace app {

using engine::Grid;
using engine::TokenRange;
using widgets::GridShape;

namespace {

constexpr double leastWeight = 1e-12; // of a ratio, as kl clamps

bool beginsWord(const std::string& piece)
{
    const QString text = QString::fromStdString(piece);
    return text.isEmpty() || text[0].isSpace() || !(text[0].isLetterOrNumber() || text[0] == u'\'');
}

} // namespace

Grid upTo(const Grid& grid, int rows)
{
    if (rows >= grid.rows())
        return grid;
    std::vector<float> cells(std::size_t(grid.rows()) * std::size_t(grid.cols()), blankCell);
    for (int row = 0; row < rows; ++row)
        std::copy_n(grid.row(row).begin(), grid.cols(), cells.begin() + std::ptrdiff_t(row) * grid.cols());
    return {std::move(cells), grid.rows(), grid.cols()};
}

Grid withoutColumns(const Grid& grid, const std::vector<int>& columns)
{
    std::vector<float> cells;
    cells.reserve(std::size_t(grid.rows()) * std::size_t(grid.cols()));
    for (int row = 0; row < grid.rows(); ++row)
        cells.insert(cells.end(), grid.row(row).begin(), grid.row(row).end());
    for (const int column : columns)
        for (int row = 0; row < grid.rows(); ++row)
            cells[std::size_t(row) * std::size_t(grid.cols()) + std::size_t(column)] = blankCell;
    return {std::move(cells), grid.rows(), grid.cols()};
}

double fittedHigh(const std::vector<const Grid*>& grids, GridShape shape)
{
    double high = 0;
    for (const Grid* grid : grids) {
        std::vector<float> values;
        eachCell(*grid, shape, [&](int, int, float value) { values.push_back(std::abs(value)); });
        if (values.empty())
            continue;
        const auto place = values.begin() + std::ptrdiff_t(double(values.size() - 1) * 0.99);
        std::nth_element(values.begin(), place, values.end());
        high = std::max(high, double(*place));
    }
    if (!(high > 0))
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(high)));
    for (const double digit : {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0})
        if (digit * power >= high * (1 - 1e-6))
            return digit * power;
    return 10 * power;
}

std::vector<TokenRange> wordsOf(const Sequence& sequence)
{
    std::vector<TokenRange> words;
    for (int place = 0; place < int(sequence.pieces.size()); ++place) {
        const auto at = std::size_t(place);
        const bool apart = sequence.special[at] || (place > 0 && sequence.special[at - 1]);
        if (words.empty() || apart || beginsWord(sequence.pieces[at]))
            words.push_back({place, 0});
        ++words.back().count;
    }
    return words;
}

Grid joinedBy(const Grid& map, const std::vector<TokenRange>& groups)
{
    std::vector<float> cells;
    cells.reserve(groups.size() * groups.size());
    for (const TokenRange& queries : groups)
        for (const TokenRange& keys : groups) {
            double sum = 0;
            for (int query = queries.first; query < queries.end(); ++query)
                for (int key = keys.first; key < keys.end(); ++key)
                    sum += double(map.at(query, key));
            cells.push_back(float(sum / queries.count));
        }
    return {std::move(cells), int(groups.size()), int(groups.size())};
}

Grid joinedOn(const Grid& before, const Grid& map, AttentionView::Heads how, int heads)
{
    const bool mean = how == AttentionView::Heads::Mean;
    if (before.empty())
        return mean ? combined(map, map, [heads](float a, float) { return a / float(heads); }) : map;
    return combined(before, map, [mean, heads](float a, float b) {
        return mean ? a + b / float(heads) : std::abs(b) > std::abs(a) ? b : a;
    });
}

Grid logRatio(const Grid& other, const Grid& exact, std::int64_t& impossible)
{
    return combined(other, exact, [&](float b, float a) {
        if (std::isnan(a) || std::isnan(b))
            return blankCell;
        if (a < 0 || b < 0) {
            ++impossible;
            return blankCell;
        }
        return float(std::log2(std::max(double(b), leastWeight) / std::max(double(a), leastWeight)));
    });
}

Grid largestOf(const Grid& map, GridShape shape, double mass)
{
    std::vector<float> cells(std::size_t(map.rows()) * std::size_t(map.cols()), blankCell);
    std::vector<int> order;
    for (int row = 0; row < map.rows(); ++row) {
        order.clear();
        double total = 0;
        for (int col = 0; col < map.cols() && widgets::canBe(map, shape, {row, col}); ++col)
            if (!std::isnan(map.at(row, col))) {
                order.push_back(col);
                total += std::abs(double(map.at(row, col)));
            }
        std::sort(order.begin(), order.end(), [&](int a, int b) {
            const float left = std::abs(map.at(row, a)), right = std::abs(map.at(row, b));
            return left > right || (left == right && a < b);
        });
        double reached = 0;
        for (const int col : order) {
            if (reached >= mass * total * (1 - 1e-9) && reached > 0)
                break;
            cells[std::size_t(row) * std::size_t(map.cols()) + std::size_t(col)] = map.at(row, col);
            reached += std::abs(double(map.at(row, col)));
        }
    }
    return {std::move(cells), map.rows(), map.cols()};
}

} // namespace app
