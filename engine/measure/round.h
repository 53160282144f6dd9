// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/measure/sweep.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace engine {

// One method at one length, ready to run over and over.
class Lane
{
public:
    virtual ~Lane() = default;
    virtual std::int64_t timedRun() = 0; // nanoseconds of one pass, or of one token more
    virtual std::string form() const = 0;
    virtual std::size_t stateBytes() const = 0;
};

// q, k, v of one length on the device, shared by the lanes that take turns.
struct DeviceRows
{
    Buffer<float> query, key, value, out;
};

enum class Timed
{
    Pass, // over the whole length
    Token // one more after it
};

// Everything of one length: inputs, then the lanes that use them. Throws Error{Memory} where the inputs do not fit.
class Round
{
public:
    Round(const SweepRequest& request, Timed what, const std::vector<LayerContext>& contexts, int tokens,
          DeviceContext* device);

    std::unique_ptr<Lane> lane(std::size_t place);

private:
    void checkMemory() const;
    Buffer<float> upload(const std::vector<float>& cells, const char* what);
    std::vector<Matrix> split(const std::vector<float>& cells, int slots, int width) const;

    const std::vector<LayerContext>& m_contexts;
    LayerShape m_shape;
    int m_tokens;
    Timed m_what;
    DeviceContext* m_device;
    DeviceRows m_rows;
    LayerInput m_input;
};

} // namespace engine
