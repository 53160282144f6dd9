// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/grid.h"
#include "engine/values/knob.h"
#include "engine/values/probe.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace engine {

// A study is what one tab shows of one method at one selection: a sentence and panels, computed on a worker and drawn
// by views that know no method. Everything here is a finished value; texts are English, tokens are named by their place
// in the sequence so that the window can write their pieces.

// Whose colour a series has. Own: the method the study belongs to; Exact: the baseline; the others are no method's.
enum class Tint
{
    Own,
    Exact,
    Ink,
    Grey
};

enum class Scale
{
    Linear,
    Sqrt,
    Log
};

// What clicking or dragging a place of a panel sets: a part of the selection, or one of the tab's own controls (an
// IntRange, by its id).
struct Pick
{
    enum class Sets
    {
        Nothing,
        Query,
        Key,
        Head,
        Layer,
        Control
    };

    Sets sets = Sets::Nothing;
    std::string control;
    std::vector<int> values; // what place i sets; empty: i itself
};

// What stands along a side of a panel. `texts` win; else, on the token axis, place i is token tokens[i] (or first + i);
// else numbers from `first`.
struct AxisLabels
{
    std::string title;
    Axis axis = Axis::Unit;
    std::vector<std::string> texts;
    std::vector<int> tokens;
    int first = 0;
};

// A line across a plot at one place of its x axis (vertical) or y axis, with a word beside it.
struct Mark
{
    bool vertical = true;
    double at = 0;
    std::string text;
};

// A stretch of the x axis with a ground of its own: a segment, the held-out tokens.
struct Region
{
    double from = 0, to = 0;
    std::string text;
};

// A number of a table or a title. Views format it; `text` alone where there is no number.
struct Figure
{
    std::string text;
    std::optional<double> number;
    int digits = 3; // significant
    std::string unit;
    std::string reason; // not empty: n/a, and why
};

// One or several heat maps that share axes and colours. Cells that are NaN cannot be or were never reached: hatched.
struct HeatBody
{
    struct Map
    {
        Grid cells;
        std::string caption, value;
    };

    std::vector<Map> maps;
    AxisLabels rows, cols;
    std::string quantity;      // the words of the colour bar
    bool signedValues = false; // diverging colours, centred at 0
    double high = 0;           // where the colours end; 0: the largest magnitude of all the maps
    Scale scale = Scale::Linear;
    int pickedRow = -1, pickedCol = -1, pickedMap = -1;
    Pick row, col, map;
    std::vector<std::pair<int, int>> marked; // row and column of cells with a cut corner, in every map
    std::string markedWords;                 // what the corner says
};

struct BarsBody
{
    struct Series
    {
        std::string title;
        Tint tint = Tint::Own;
        std::vector<double> values;
        std::vector<double> low, high; // a band per bar, or empty
    };

    std::vector<Series> series; // side by side; of two with `mirrored` the second hangs down
    AxisLabels labels;
    std::string quantity;
    bool horizontal = false, mirrored = false;
    Scale scale = Scale::Linear;
    int picked = -1;
    Pick pick;
    std::vector<Mark> marks;
    std::vector<Region> regions;
};

struct CurvesBody
{
    struct Curve
    {
        std::string title;
        Tint tint = Tint::Own;
        std::vector<double> x, y;
        std::vector<double> low, high; // a band around y, or empty
        bool points = false;           // a marker at every place
        bool line = true;
        bool area = false; // filled to the base line
    };

    std::vector<Curve> curves;
    AxisLabels x, y; // titles; texts are not used
    Scale xScale = Scale::Linear, yScale = Scale::Linear;
    std::vector<Mark> marks;
    std::vector<Region> regions;
    std::optional<double> handle; // where the control that `pick` sets stands now: can be dragged
    Pick pick;
};

struct TableBody
{
    struct Row
    {
        std::string label;
        std::vector<Figure> cells;
        bool strong = false;
        std::optional<int> token; // the label is this token's piece
    };

    std::vector<std::string> columns; // titles over the cells; empty: none
    std::vector<Row> rows;
    int picked = -1;
    Pick pick;
};

// Groups of tokens or words with counts: who shares a row.
struct ChipsBody
{
    struct Chip
    {
        std::string text;
        std::optional<int> token; // its piece is shown
        int count = 1;
    };

    struct Group
    {
        std::string title, value;
        std::vector<Chip> chips;
    };

    std::vector<Group> groups;
};

struct Panel
{
    std::string id, title, words; // words: secondary, after the title
    std::string value;            // at the right end of the title
    int row = 0;                  // panels of one row stand side by side, in their order
    double width = 1;             // share of its row
    double height = 1;            // share of its row in the tab's height: the largest of the row counts
    bool side = false;            // stands in the right dock instead
    Provenance provenance = Provenance::Computed;
    std::variant<HeatBody, BarsBody, CurvesBody, TableBody, ChipsBody> body;
    std::string note; // under the panel: how it was computed, what it leaves out
};

// A piece of the sentence: numbers and names stand in text colour, words in secondary.
struct Phrase
{
    std::string text;
    bool strong = false;
};

// A message under the header: what is the case, and why it matters.
struct Notice
{
    std::string what, why;
};

struct Study
{
    std::string words; // after the tab's title: "layer 1, head 3 · 64 tokens"
    std::vector<Phrase> sentence;
    std::string second; // conditions, under the sentence
    std::vector<Notice> notices;
    std::vector<Panel> panels;
};

// A tab of a method's own. Tabs with one id are one tab, whichever method shows it.
struct TabSpec
{
    std::string_view id, title;
    std::vector<Knob> controls; // of the view, not of the method: which segment, how many features
    std::string_view play;      // the IntRange among them that an animation walks through; empty: none
    bool passkey = false;       // the passkey experiment can be asked for: the method keeps a memory to put to the test
};

// One line of the account of a weight: exact and approximate accounts are laid side by side by `id`.
struct DerivationLine
{
    std::string id;      // "score", "kernel", "sum", "weight": the same thing in every method
    std::string label;   // "score"
    std::string formula; // "τ cos(q, k)"
    Figure value;
    bool result = false; // the weight itself
};

struct Derivation
{
    std::vector<DerivationLine> lines;
    std::string note; // one or two sentences for the reader
};

} // namespace engine
