// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/dijiang/featuremap.h"

namespace engine::dijiang {

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

private:
    int m_width, m_rows, m_features, m_maps;
    float m_norm, m_constant;
    int m_softmax;
    double m_operations;
    Kernel m_features1, m_spectrum;
    Buffer<float> m_matrix, m_radii, m_factors, m_logWeights, m_cosines;
};

} // namespace engine::dijiang
