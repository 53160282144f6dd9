// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/results.h"
#include "widgets/livestrip.h"
#include "widgets/sentence.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace app {

// Results as words and numbers on screen. Pure: a result in, text out.

// What a compared method does to the rows in view (explorer.md §1), from tv, topk@1 and out_rel; a number that does not
// apply is left out with its reason.
std::vector<widgets::Run> sentenceOf(const RowsMetrics& rows);
// Its second line: how much is in view, how honest it is, what computed it.
QString conditionsOf(const RowsMetrics& rows, const QString& device);

widgets::Identity identityOf(const engine::Part& part);
QString titleOf(const engine::Part& part);
// The knobs that differ from their presets, "τ 4 · efficient"; empty if all are as they come.
QString knobsInForce(const engine::Part& part);
QString fidelityText(engine::Fidelity fidelity);
QString deviceText(const std::optional<engine::DeviceInfo>& device);

// The strip at the foot: times, state and cache of the layer in view, the predicted crossover.
widgets::LiveValue liveValueOf(const Document& document);

// "Llama · 2 layers × 8 heads · d 16", "656 K parameters · context 512 · safetensors".
QStringList modelLines(const engine::Model& model);

// What a probe recorded for a head: its columns of a record of all heads, the newest snapshot up to a row.
engine::Grid probeGrid(const LayerAttention& layer, const engine::ProbeSpec& spec, engine::HeadIndex head,
                       engine::TokenPos row);

// A token as labels show it: spaces kept visible where they matter, line breaks as ↵, at most `longest` characters.
QString tokenLabel(const std::string& piece, int longest = 24);
QStringList tokenLabels(const Sequence& sequence);

} // namespace app
