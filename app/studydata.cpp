// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/studydata.h"

#include "engine/export/csv.h"
#include "engine/export/json.h"

#include <algorithm>
#include <cmath>
#include <ostream>

namespace app {

namespace {

using engine::AxisLabels;

const engine::Study& studyIn(const FigureSource& source, const std::string& tab)
{
    if (source.page && source.page->tab == tab)
        return source.page->study;
    if (!source.study || source.study->request.tab != tab)
        throw engine::Error(engine::Fault::Request, "nothing was computed for the view '" + tab +
                                                        "' yet; a method that has it must be compared");
    return source.study->study;
}

const std::vector<std::string>& piecesIn(const FigureSource& source, const std::string& tab)
{
    return source.page && source.page->tab == tab ? source.page->pieces
                                                  : source.study->request.cell.exact->sequence->pieces;
}

// What a place of an axis is called in a file: its text, its token's piece, or its number.
std::string nameAt(const AxisLabels& labels, int place, const std::vector<std::string>& pieces)
{
    if (place < int(labels.texts.size()))
        return labels.texts[std::size_t(place)];
    const int number = place < int(labels.tokens.size()) ? labels.tokens[std::size_t(place)] : labels.first + place;
    if (labels.axis == engine::Axis::Token && number >= 0 && number < int(pieces.size()))
        return pieces[std::size_t(number)];
    return std::to_string(number);
}

DataAxis axisOf(const AxisLabels& labels, int count, const char* otherwise, const std::vector<std::string>& pieces)
{
    DataAxis axis{labels.title.empty() ? otherwise : labels.title, {}, {}};
    for (int place = 0; place < count; ++place)
        axis.pieces.push_back(nameAt(labels, place, pieces));
    return axis;
}

std::string number(double value)
{
    return std::isfinite(value) ? engine::shortestNumber(value) : std::string();
}

// One line: which panel and series, which place, the number and its band.
class Lines
{
public:
    Lines(std::ostream& out, const engine::Panel& panel, const std::vector<std::string>& pieces)
        : m_out(out)
        , m_panel(panel)
        , m_pieces(pieces)
    {
    }

    void operator()(const engine::HeatBody& body) const
    {
        for (const auto& map : body.maps)
            for (int row = 0; row < map.cells.rows(); ++row)
                for (int col = 0; col < map.cells.cols(); ++col)
                    if (std::isfinite(map.cells.at(row, col)))
                        line(map.caption, nameAt(body.rows, row, m_pieces), nameAt(body.cols, col, m_pieces),
                             number(map.cells.at(row, col)));
    }

    void operator()(const engine::BarsBody& body) const
    {
        for (const auto& series : body.series)
            for (std::size_t at = 0; at < series.values.size(); ++at)
                line(series.title, {}, nameAt(body.labels, int(at), m_pieces), number(series.values[at]),
                     at < series.low.size() ? number(series.low[at]) : std::string(),
                     at < series.high.size() ? number(series.high[at]) : std::string());
    }

    void operator()(const engine::CurvesBody& body) const
    {
        for (const auto& curve : body.curves)
            for (std::size_t at = 0; at < std::min(curve.x.size(), curve.y.size()); ++at)
                line(curve.title, {}, number(curve.x[at]), number(curve.y[at]),
                     at < curve.low.size() ? number(curve.low[at]) : std::string(),
                     at < curve.high.size() ? number(curve.high[at]) : std::string());
    }

    void operator()(const engine::TableBody& body) const
    {
        for (const auto& row : body.rows)
            for (std::size_t col = 0; col < row.cells.size(); ++col) {
                const engine::Figure& cell = row.cells[col];
                const bool isToken = row.token && *row.token < int(m_pieces.size());
                line({}, isToken ? m_pieces[std::size_t(*row.token)] : row.label,
                     col < body.columns.size() ? body.columns[col] : std::string(),
                     !cell.reason.empty() ? "n/a: " + cell.reason
                     : cell.number        ? number(*cell.number)
                                          : cell.text,
                     {}, {}, cell.unit);
            }
    }

    void operator()(const engine::ChipsBody& body) const
    {
        for (const auto& group : body.groups)
            for (const auto& chip : group.chips)
                line(group.title, {},
                     chip.token && *chip.token < int(m_pieces.size()) ? m_pieces[std::size_t(*chip.token)] : chip.text,
                     std::to_string(chip.count));
    }

private:
    void line(const std::string& series, const std::string& row, const std::string& col, const std::string& value,
              const std::string& low = {}, const std::string& high = {}, const std::string& unit = {}) const
    {
        bool first = true;
        for (const std::string& field : {m_panel.id, m_panel.title, series, row, col, value, low, high, unit}) {
            m_out << (first ? "" : ",") << engine::csvField(field);
            first = false;
        }
        m_out << "\n";
    }

    std::ostream& m_out;
    const engine::Panel& m_panel;
    const std::vector<std::string>& m_pieces;
};

} // namespace

std::vector<DataMatrix> studyMatrices(const FigureSource& source, const std::string& tab)
{
    const engine::Study& study = studyIn(source, tab);
    const std::vector<std::string>& pieces = piecesIn(source, tab);
    std::vector<DataMatrix> all;
    for (const engine::Panel& panel : study.panels) {
        const auto* body = std::get_if<engine::HeatBody>(&panel.body);
        for (std::size_t which = 0; body != nullptr && which < body->maps.size(); ++which) {
            DataMatrix matrix;
            matrix.name = panel.id;
            std::replace(matrix.name.begin(), matrix.name.end(), '.', '_');
            if (body->maps.size() > 1)
                matrix.name += "_" + std::to_string(which);
            matrix.meaning = panel.title;
            for (const std::string& more : {body->maps[which].caption, body->quantity})
                if (!more.empty())
                    matrix.meaning += ", " + more;
            matrix.cells = body->maps[which].cells;
            matrix.rows = axisOf(body->rows, matrix.cells.rows(), "row", pieces);
            matrix.cols = axisOf(body->cols, matrix.cells.cols(), "column", pieces);
            all.push_back(std::move(matrix));
        }
    }
    if (all.empty())
        throw engine::Error(engine::Fault::Request,
                            "the view '" + tab + "' shows no matrix; its numbers go into a .csv");
    return all;
}

void writeStudyCsv(std::ostream& out, const FigureSource& source, const std::string& tab)
{
    const engine::Study& study = studyIn(source, tab);
    const std::vector<std::string>& pieces = piecesIn(source, tab);
    out << "# panel, title: which panel of the tab\n# series: the curve, the series of bars, the map, the group\n"
           "# row, column: the place in the panel; of a curve, column is x\n"
           "# value: the number shown, or n/a and why\n# low, high: its band, where it has one\n"
           "# unit: of a table's numbers\n";
    for (const engine::Panel& panel : study.panels)
        if (!panel.note.empty())
            out << "# " << panel.id << ": " << panel.note << "\n";
    out << "panel,title,series,row,column,value,low,high,unit\n";
    for (const engine::Panel& panel : study.panels)
        std::visit(Lines(out, panel, pieces), panel.body);
}

} // namespace app
