// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/tensors.h"

namespace engine {
namespace {

std::string shapeText(const std::vector<std::size_t>& shape)
{
    std::string text;
    for (const std::size_t size : shape)
        text += (text.empty() ? "" : " × ") + std::to_string(size);
    return text.empty() ? "1" : text;
}

Figure figureOf(double number, int digits = 4)
{
    Figure figure;
    figure.number = number;
    figure.digits = digits;
    return figure;
}

Figure countOf(std::size_t number)
{
    Figure figure;
    figure.number = double(number);
    return figure;
}

Panel heatPanel(const TensorEntry& entry, const TensorPicture& picture)
{
    HeatBody heat;
    heat.maps.push_back({picture.cells, {}, {}});
    heat.rows.title = "row";
    heat.cols.title = "column";
    if (picture.reduction > 1) { // an element is named by its first row and column
        for (int row = 0; row < picture.cells.rows(); ++row)
            heat.rows.texts.push_back(std::to_string(row * picture.reduction));
        for (int col = 0; col < picture.cells.cols(); ++col)
            heat.cols.texts.push_back(std::to_string(col * picture.reduction));
    }
    heat.quantity = "value";
    heat.signedValues = true;
    heat.scale = Scale::Sqrt;
    Panel panel;
    panel.id = "numbers";
    panel.title = "Numbers";
    panel.words = shapeText(entry.shape);
    panel.height = 2;
    panel.body = std::move(heat);
    if (picture.reduction > 1) {
        const std::string times = std::to_string(picture.reduction);
        panel.value = "reduced " + times + " : 1";
        panel.note = "An element holds the number of largest magnitude of " + times + " × " + times + ".";
    }
    return panel;
}

Panel histogramPanel(const TensorStats& stats)
{
    CurvesBody curves;
    CurvesBody::Curve curve;
    curve.title = "how many";
    curve.tint = Tint::Ink;
    curve.area = true;
    const double step = (stats.high - stats.low) / double(stats.histogram.size());
    for (std::size_t bin = 0; bin < stats.histogram.size(); ++bin) {
        curve.x.push_back(stats.low + (double(bin) + 0.5) * step);
        curve.y.push_back(double(stats.histogram[bin]));
    }
    curves.curves.push_back(std::move(curve));
    curves.x.title = "value";
    curves.y.title = "numbers";
    curves.marks.push_back({true, stats.mean, "mean"});
    Panel panel;
    panel.id = "histogram";
    panel.title = "Histogram";
    panel.words = std::to_string(stats.histogram.size()) + " bins";
    panel.row = 1;
    panel.body = std::move(curves);
    return panel;
}

Panel statisticsPanel(const TensorEntry& entry, const TensorStats& stats)
{
    TableBody table;
    const auto add = [&](const char* label, Figure figure) {
        table.rows.push_back({label, {std::move(figure)}, false, {}});
    };
    add("numbers", countOf(stats.count));
    const bool known = stats.nonFinite < stats.count;
    const auto number = [&](double value) {
        Figure figure = figureOf(value);
        if (!known)
            figure = Figure{{}, {}, 3, {}, "no number is finite"};
        return figure;
    };
    add("mean", number(stats.mean));
    add("σ", number(stats.deviation));
    add("smallest", number(stats.low));
    add("largest", number(stats.high));
    Figure zeros = figureOf(100 * stats.zeroShare(), 3);
    zeros.unit = "%";
    add("zeros", zeros);
    add("not finite", countOf(stats.nonFinite));
    Panel panel;
    panel.id = "statistics";
    panel.title = "Statistics";
    panel.words = entry.type;
    panel.row = 1;
    panel.body = std::move(table);
    return panel;
}

} // namespace

Study tensorStudy(const TensorEntry& entry, const TensorStats& stats, const TensorPicture& picture)
{
    Study study;
    study.words = entry.name;
    const auto say = [&](std::string text, bool strong) { study.sentence.push_back({std::move(text), strong}); };
    say(entry.name, true);
    say(" holds ", false);
    say(shapeText(entry.shape), true);
    say(stats.count == 1 ? " number" : " numbers", false);
    if (stats.nonFinite > 0) {
        say(", ", false);
        say(std::to_string(stats.nonFinite), true);
        say(" of them not finite", false);
    }
    say(".", false);
    study.second = "in the file: " + entry.fileName + " · " + entry.type;
    study.panels = {heatPanel(entry, picture), histogramPanel(stats), statisticsPanel(entry, stats)};
    // A map that is not far wider than high wants all of the height, and leaves room beside it.
    if (picture.cells.cols() <= 2 * picture.cells.rows()) {
        for (Panel& panel : study.panels)
            panel.row = 0;
        study.panels.front().width = 2;
    }
    return study;
}

} // namespace engine
