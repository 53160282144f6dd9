// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/mapwords.h"

#include "app/wording.h"
#include "widgets/numbers.h"

#include <QCoreApplication>

#include <algorithm>

namespace app {

using Kind = MapColumn::Kind;

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("attention", text);
}

widgets::MapHeading headingOf(const HeadLook& look, bool oneHead)
{
    const LayerAttention& layer = *look.layer;
    widgets::MapHeading heading;
    heading.method = identityOf(layer.context.plan.shown());
    heading.name = heading.method->title;
    if (layer.fidelity != engine::Fidelity::Reference)
        heading.label = fidelityText(layer.fidelity);
    if (oneHead) { // the proof is of one head's map
        heading.proof = look.proof;
        heading.proved = proved(look);
    }
    return heading;
}

} // namespace

// float32 sums of up to thousands of weights agree to about 1e-5; the reference to the last digits.
bool proved(const HeadLook& look)
{
    return look.proof <= (look.layer->backend == engine::Backend::OpenCl ? 1e-4 : 1e-5);
}

bool isNeurons(const AttentionMaps& maps)
{
    return maps.request.view.picture == AttentionView::Picture::Neurons;
}

bool isSwipe(const AttentionMaps& maps)
{
    return maps.request.view.mode == AttentionView::Mode::Swipe && !isNeurons(maps) && maps.columns.size() == 2;
}

int cellOf(const AttentionMaps& maps, engine::TokenPos token)
{
    if (isNeurons(maps))
        return token.value;
    const auto after = std::upper_bound(maps.groups.begin(), maps.groups.end(), token.value,
                                        [](int place, const engine::TokenRange& group) { return place < group.first; });
    return std::max(0, int(after - maps.groups.begin()) - 1);
}

QStringList cellLabels(const AttentionMaps& maps)
{
    const Sequence& sequence = *maps.look(0).layer->exact->sequence;
    if (!maps.request.view.words || maps.look(0).map.reduction > 1) {
        const QStringList all = tokenLabels(sequence);
        QStringList labels;
        for (const engine::TokenRange& group : maps.groups)
            labels << all.value(group.first);
        return labels;
    }
    QStringList words;
    for (const engine::TokenRange& group : maps.groups) {
        std::string word;
        for (int token = group.first; token < group.end(); ++token)
            word += sequence.pieces[std::size_t(token)];
        words << tokenLabel(word);
    }
    return words;
}

QString nameOf(const AttentionMaps& maps, const MapColumn& column)
{
    switch (column.kind) {
    case Kind::Weights:
        break;
    case Kind::Difference:
        return tr("difference");
    case Kind::Ratio:
        return tr("ratio");
    case Kind::RawProducts:
        return tr("before positions");
    case Kind::TurnedProducts:
        return tr("after positions");
    }
    return identityOf(maps.look(column.lane).layer->context.plan.shown()).title;
}

widgets::ColorScale scaleOf(const AttentionMaps& maps, const MapColumn& column)
{
    if (column.isSigned())
        return {column.kind == Kind::Ratio ? widgets::Scale::Linear : maps.request.scale, 0, maps.signedHigh, true};
    return {maps.request.scale, maps.low, maps.high, false};
}

widgets::MapAxes axesOf(const AttentionMaps& maps, const MapColumn& column, bool showRows)
{
    if (column.kind == Kind::RawProducts || column.kind == Kind::TurnedProducts) {
        QStringList dimensions;
        for (int each = 0; each < column.cells.cols(); ++each)
            dimensions << QString::number(each + 1);
        const QStringList tokens = tokenLabels(*maps.look(0).layer->exact->sequence);
        return {tr("key"), tr("dim"), tokens.mid(0, column.cells.rows()), dimensions, showRows};
    }
    const QStringList tokens = cellLabels(maps);
    return {tr("query"), tr("key"), tokens, tokens, showRows};
}

QStringList badgesOf(const AttentionMaps& maps)
{
    const AttentionView& view = maps.request.view;
    QStringList badges;
    const int heads = maps.look(0).layer->context.shape.heads;
    if (view.heads != AttentionView::Heads::One)
        badges << (view.heads == AttentionView::Heads::Mean ? tr("mean of %1 heads") : tr("largest of %1 heads"))
                      .arg(heads);
    if (view.sinks == AttentionView::Sinks::Hidden)
        badges << (maps.sinks.empty() ? tr("no sinks here") : tr("sinks hidden: %1").arg(maps.sinks.size()));
    if (view.sinks == AttentionView::Sinks::OwnScale)
        badges << (maps.sinks.empty() ? tr("no sinks here")
                                      : tr("sinks: 0 – %1").arg(widgets::fixed(maps.sinkHigh, 2)));
    if (view.mass < 1)
        badges << tr("%1 of each row").arg(widgets::percent(view.mass));
    if (view.words && maps.look(0).map.reduction == 1)
        badges << tr("words");
    return badges;
}

widgets::ArcsValue arcsOf(const AttentionMaps& maps)
{
    widgets::ArcsValue value;
    value.tokens = cellLabels(maps);
    value.high = maps.high;
    for (const LaneArcs& lane : maps.arcs) {
        widgets::ArcsValue::Side side{identityOf(maps.look(lane.lane).layer->context.plan.shown()), {}, {}};
        side.arcs.reserve(lane.arcs.size());
        for (const LaneArcs::Arc& arc : lane.arcs)
            side.arcs.push_back({arc.query, arc.key, arc.weight});
        QStringList left = value.sides.empty() ? badgesOf(maps) : QStringList();
        if (lane.left > 0)
            left << tr("%1 smaller weights not drawn").arg(widgets::whole(lane.left));
        side.badge = left.join(QStringLiteral(" · "));
        value.sides.push_back(std::move(side));
    }
    return value;
}

std::vector<float> weightsOf(const RowWeights& row)
{
    const auto cells = row.weights.row(0);
    const std::size_t count = row.look->layer->context.shape.causal ? std::size_t(row.query.value) + 1 : cells.size();
    return {cells.begin(), cells.begin() + std::ptrdiff_t(count)};
}

std::vector<float> shownWeights(const AttentionMaps& maps, int lane, const RowWeights& row)
{
    if (maps.joined.empty())
        return weightsOf(row);
    const engine::Grid& joined = maps.joined[std::size_t(lane)];
    if (maps.request.rowOf)
        return *maps.request.rowOf == row.query.value ? maps.joinedRow[std::size_t(lane)] : std::vector<float>();
    if (joined.rows() != row.weights.cols())
        return {};
    return weightsOf({row.look, row.query, joined.rowRange(row.query.value, 1)});
}

widgets::RowValue keyMeansOf(const AttentionMaps& maps)
{
    widgets::RowValue value;
    value.keys = tokenLabels(*maps.look(0).layer->exact->sequence);
    const int rows = std::min(maps.request.rows, maps.look(0).map.tokens);
    value.subtitle = maps.look(0).layer->context.shape.causal
                         ? tr("what each key draws, mean over the queries from it to query %1").arg(rows)
                         : tr("what each key draws, mean over %1 queries").arg(rows);
    value.after = tr("keys after the last query in view");
    for (std::size_t lane = 0; lane < maps.keyMeans.size(); ++lane)
        if (!maps.keyMeans[lane].empty())
            value.series.push_back({identityOf(maps.look(int(lane)).layer->context.plan.shown()), maps.keyMeans[lane]});
    if (maps.request.view.heads != AttentionView::Heads::One)
        value.subtitle += QStringLiteral(" · ") + badgesOf(maps).value(0);
    return value;
}

widgets::MapHeading headingOf(const AttentionMaps& maps, std::size_t which)
{
    const MapColumn& column = maps.columns[which];
    widgets::MapHeading heading =
        headingOf(maps.look(column.lane), maps.request.view.heads == AttentionView::Heads::One);
    heading.name = nameOf(maps, column);
    if (column.isSigned())
        heading.proof.reset();
    if (column.kind == Kind::Difference || column.kind == Kind::Ratio) {
        heading.minus = headingOf(maps.look(0), false).method;
        heading.label = column.kind == Kind::Ratio ? tr("log2, method ÷ reference") : tr("signed");
        if (column.impossible > 0)
            heading.badges << tr("%1 below 0").arg(widgets::whole(column.impossible));
    }
    if (isNeurons(maps)) {
        heading.method.reset();
        heading.label = tr("q × k, each dimension");
        return heading;
    }
    const QStringList all = badgesOf(maps);
    for (qsizetype badge = qsizetype(which); badge < all.size(); badge += qsizetype(maps.columns.size()))
        heading.badges << all[badge];
    return heading;
}

widgets::MapExtras extrasOf(const AttentionMaps& maps, std::size_t which)
{
    const MapColumn& column = maps.columns[which];
    widgets::MapExtras extras;
    extras.drawn = column.drawn;
    if (maps.request.view.sinks == AttentionView::Sinks::OwnScale && !column.isSigned()) {
        extras.ownColumns = maps.sinks;
        extras.ownScale = {maps.request.scale, 0, maps.sinkHigh, false};
    }
    for (const MapColumn& each : maps.columns)
        extras.companions.push_back({nameOf(maps, each), each.cells, each.isSigned()});
    return extras;
}

} // namespace app
