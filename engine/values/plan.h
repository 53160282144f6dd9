// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/ids.h"
#include "engine/values/knob.h"

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// The exact method the others are compared with: the one method id outside its folder.
inline constexpr std::string_view baseline = "softmax";

// One replaceable part of a layer: which method, with which knobs.
struct Part
{
    std::string method{baseline};
    KnobValues knobs;

    bool operator==(const Part&) const = default;
};

// Numbers that came with a checkpoint: never changed, so that copies of a plan share them. Every step that can be
// undone is such a copy, and a layer's gate alone may have thousands.
class TrainedNumbers
{
public:
    TrainedNumbers() = default;

    TrainedNumbers(std::vector<float> numbers) // NOLINT(google-explicit-constructor): it is what it holds
        : m_numbers(std::make_shared<const std::vector<float>>(std::move(numbers)))
    {
    }

    TrainedNumbers(std::initializer_list<float> numbers)
        : TrainedNumbers(std::vector<float>(numbers))
    {
    }

    const std::vector<float>& operator*() const { return *m_numbers; }

    const std::vector<float>* operator->() const { return m_numbers.get(); }

    bool operator==(const TrainedNumbers& other) const
    {
        return m_numbers == other.m_numbers || *m_numbers == *other.m_numbers;
    }

private:
    std::shared_ptr<const std::vector<float>> m_numbers = std::make_shared<const std::vector<float>>();
};

// The two replaceable parts of a layer. The baseline's row also carries the dense linear layers.
struct LayerPlan
{
    Part attention, linear;
    std::map<std::string, TrainedNumbers, std::less<>> parameters; // per head or feature: temperature, gate, radius…

    bool operator==(const LayerPlan&) const = default;

    // The part that a reader calls the layer's method: what stands in for something.
    const Part& shown() const { return attention.method == baseline && linear.method != baseline ? linear : attention; }
};

enum class Backend
{
    Reference,
    OpenCl
};

// Which method on which layer, and where it runs.
struct SessionPlan
{
    LayerPlan everywhere;
    std::map<LayerIndex, LayerPlan> overrides; // hybrid models
    Backend backend = Backend::OpenCl;

    bool operator==(const SessionPlan&) const = default;

    const LayerPlan& of(LayerIndex layer) const
    {
        const auto found = overrides.find(layer);
        return found == overrides.end() ? everywhere : found->second;
    }
};

// How honest a comparison is: the formula on weights trained for softmax, parameters fitted here on a text, or a
// checkpoint trained with the method.
enum class Fidelity
{
    Reference,
    DropIn,
    Calibrated,
    Trained
};

std::string_view nameOf(Fidelity fidelity); // "reference", "DROP-IN", "CALIBRATED", "TRAINED"

} // namespace engine
