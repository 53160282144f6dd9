// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/studyforms.h"

#include "engine/methods/taylorshift/form.h"
#include "engine/methods/taylorshift/knobs.h"
#include "engine/methods/taylorshift/reference.h"

#include <array>
#include <cctype>
#include <cmath>

namespace engine::taylorshift {
namespace {

constexpr int mostRecurrent = 512; // tokens that are summed one by one here

Figure figure(double value, int digits)
{
    Figure result;
    result.number = value;
    result.digits = digits;
    return result;
}

// One digit and a power of ten: 2·10⁻⁸.
std::string power(double value)
{
    if (value == 0)
        return "0";
    static constexpr std::array<const char*, 10> raised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    int exponent = int(std::floor(std::log10(value)));
    int digit = int(std::lround(value * std::pow(10.0, -exponent)));
    if (digit == 10) {
        digit = 1;
        ++exponent;
    }
    std::string words = std::to_string(digit) + "·10" + (exponent < 0 ? "⁻" : "");
    for (const char each : std::to_string(std::abs(exponent)))
        words += raised[std::size_t(each - '0')];
    return words;
}

// Outputs of another form minus those of the direct one. Each has colours of its own: sums in float64 differ by the
// last of sixteen digits, what ran by the last of seven.
Panel differencePanel(const std::string& id, const std::string& title, const Matrix& other, const Matrix& direct)
{
    Panel panel;
    panel.id = id;
    panel.title = title;
    panel.words = "outputs";
    panel.row = 2;
    panel.height = 1.25;
    const Eigen::MatrixXf difference = (other - direct).transpose().cast<float>();
    std::vector<float> cells;
    cells.reserve(std::size_t(difference.size()));
    for (Eigen::Index row = 0; row < difference.rows(); ++row)
        for (Eigen::Index col = 0; col < difference.cols(); ++col)
            cells.push_back(difference(row, col));
    const double most = (other - direct).cwiseAbs().maxCoeff();
    HeatBody body;
    body.maps.push_back({Grid(std::move(cells), int(difference.rows()), int(difference.cols())), "", ""});
    body.rows = {"value", Axis::Feature, {}, {}, 1};
    body.cols = {"token", Axis::Unit, {}, {}, 1};
    body.signedValues = true;
    body.scale = Scale::Log;
    body.quantity = "difference";
    panel.body = std::move(body);
    panel.value = most > 0 ? "at most " + power(most) : "none";
    if (most == 0)
        panel.note = "Every number is the same to the last bit.";
    return panel;
}

} // namespace

Panel formPanel(const StudyInput& input, int tokens)
{
    const LayerShape& shape = input.context.shape;
    const KnobValues& knobs = input.context.plan.attention.knobs;
    const Form chosen = chooseForm(shape, knobs, tokens);
    const std::vector<Form> forms = shape.causal ? std::vector{Form::Direct, Form::Chunked, Form::Recurrent}
                                                 : std::vector{Form::Direct, Form::Efficient};
    Panel panel;
    panel.id = "kernel.form";
    panel.title = "Which form runs";
    panel.words = "all give the same";
    panel.row = 2;
    TableBody body;
    body.columns = {"operations"};
    for (const Form form : forms) {
        if (form == chosen)
            body.picked = int(body.rows.size());
        body.rows.push_back(
            {std::string(nameOf(form)), {figure(double(operations(form, shape, tokens)), 7)}, false, {}});
    }
    const auto add = [&](const char* what, double length) {
        body.rows.push_back({what, {figure(std::ceil(length), 6)}, false, {}});
    };
    add("the paper’s N0, tokens", paperCrossover(shape.keyWidth, shape.valueWidth));
    add("and N1 of its memory", paperMemoryCrossover(shape.keyWidth, shape.valueWidth));
    panel.note = cost(shape, knobs, tokens).reason;
    panel.body = std::move(body);
    return panel;
}

void addDifferences(Study& study, const Matrix& queries, const Matrix& keys, const Matrix& values, bool tried,
                    const StudyInput& input)
{
    // Inside its first chunk the chunked form is the direct one: short sequences are summed token by token.
    const bool causal = input.context.shape.causal;
    const Form inSteps = keys.rows() <= mostRecurrent ? Form::Recurrent : Form::Chunked;
    const Form summed = causal ? inSteps : Form::Efficient;
    const Matrix direct = mixedRows(Form::Direct, queries, keys, values, causal);
    std::string title(nameOf(summed));
    title.front() = char(std::toupper(static_cast<unsigned char>(title.front())));
    study.panels.push_back(
        differencePanel("kernel.check", title + " − direct", mixedRows(summed, queries, keys, values, causal), direct));
    const bool scaled = optionsOf(input.context.plan.attention.knobs).outputScale;
    if (!tried && !scaled)
        study.panels.push_back(differencePanel("kernel.ran", "As it ran − direct",
                                               input.trace.mixed(input.head, {0, int(keys.rows())}), direct));
    else
        study.panels.back().note = tried ? "The method ran with another τ: what it gave is not compared with this one."
                                         : "The method's outputs are scaled: they are not compared with these.";
}

} // namespace engine::taylorshift
