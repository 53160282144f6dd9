// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/dijiang/featuremap.h"

#include <string_view>

namespace engine::dijiang {

// The kernels of maps, and what of them is defined when they are built (beside DV).
inline constexpr std::string_view mapKernels = "methods/dijiang/features.cl";

// The feature maps of a layer on a device: rows of q or k in, logarithms of their features out.
class DeviceMap
{
public:
    DeviceMap(const LayerContext& context, const LayerMaps& maps, DeviceContext& device);

    // out [end − first, outHeads, m] = ln φ of x [row, inHeads, d] for the rows first … end; out head h reads head
    // h·inHeads/outHeads.
    void features(const Buffer<float>& x, int first, int end, int inHeads, int outHeads, Buffer<float>& out,
                  Queue& queue);
    // out [count, outHeads, d]: the orthonormal DCT of the rows.
    void spectrum(const Buffer<float>& x, int count, int inHeads, int outHeads, Buffer<float>& out, Queue& queue);

    // What a kernel of the map is built with and what it is given (MAPS of features.cl).
    const Defines& defines() const { return m_defines; }

    struct Arguments
    {
        Buffer<float> matrix, radii, factors, logWeights;
        int maps = 0;
        float norm = 0, shift = 0;
        int softmax = 0;
    };

    const Arguments& arguments() const { return m_arguments; }

private:
    int m_width;
    double m_operations;
    Defines m_defines;
    Kernel m_features, m_spectrum;
    Arguments m_arguments;
    Buffer<float> m_cosines;
};

} // namespace engine::dijiang
