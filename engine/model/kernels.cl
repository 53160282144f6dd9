// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of a transformer block. Rows of x lie one after another, [rows, width]. A work-group is one item that works
// on 16 lanes at a time and keeps its tile in registers: no barriers, no local memory.

// Copies rows of the embedding: one group per token.
__kernel void blocks_embed(__global const float* embedding, __global const int* ids, __global float* x, int width)
{
    const int row = get_global_id(0);
    __global const float* from = embedding + (size_t)ids[row] * width;
    __global float* to = x + (size_t)row * width;
    int i = 0;
    for (; i + LANES <= width; i += LANES)
        vstore16(vload16(0, from + i), 0, to + i);
    for (; i < width; ++i)
        to[i] = from[i];
}

static void norm_row(__global const float* from, __global const float* weight, __global float* to, int width, float eps)
{
    const float scale = 1.0f / sqrt(dot_n(from, from, width) / (float)width + eps);
    int i = 0;
    for (; i + LANES <= width; i += LANES)
        vstore16(vload16(0, from + i) * scale * vload16(0, weight + i), 0, to + i);
    for (; i < width; ++i)
        to[i] = from[i] * scale * weight[i];
}

// x · weight / sqrt(mean(x²) + eps): one group per row.
__kernel void blocks_rms_norm(__global const float* x, __global const float* weight, __global float* out, int width,
                              float eps)
{
    const size_t first = (size_t)get_global_id(0) * width;
    norm_row(x + first, weight, out + first, width, eps);
}

// (x − mean)/√(variance + eps)·gain + bias: one group per row, in two passes so that a large mean loses nothing.
__kernel void blocks_layer_norm(__global const float* x, __global const float* gain, __global const float* bias,
                                __global float* out, int width, float eps)
{
    const size_t first = (size_t)get_global_id(0) * width;
    __global const float* from = x + first;
    __global float* to = out + first;
    float16 lanes = (float16)(0.0f);
    float sum = 0.0f;
    int i = 0;
    for (; i + LANES <= width; i += LANES)
        lanes += vload16(0, from + i);
    for (; i < width; ++i)
        sum += from[i];
    const float mean = (lane_sum(lanes) + sum) / (float)width;
    lanes = (float16)(0.0f);
    sum = 0.0f;
    for (i = 0; i + LANES <= width; i += LANES) {
        const float16 centred = vload16(0, from + i) - mean;
        lanes += centred * centred;
    }
    for (; i < width; ++i)
        sum += (from[i] - mean) * (from[i] - mean);
    const float scale = 1.0f / sqrt((lane_sum(lanes) + sum) / (float)width + eps);
    for (i = 0; i + LANES <= width; i += LANES)
        vstore16((vload16(0, from + i) - mean) * scale * vload16(0, gain + i) + vload16(0, bias + i), 0, to + i);
    for (; i < width; ++i)
        to[i] = (from[i] - mean) * scale * gain[i] + bias[i];
}

// Stores (or adds) 32 results of one row, as many of them as `out` has.
static void store_panel(__global float* to, float16 a, float16 b, int left, int accumulate)
{
    if (left >= 2 * LANES) {
        if (accumulate) {
            a += vload16(0, to);
            b += vload16(1, to);
        }
        vstore16(a, 0, to);
        vstore16(b, 1, to);
        return;
    }
    float cells[2 * LANES];
    vstore16(a, 0, cells);
    vstore16(b, 1, cells);
    for (int i = 0; i < left; ++i)
        to[i] = accumulate ? to[i] + cells[i] : cells[i];
}

// 32 outputs of a·Wᵀ for one row, bound by reading W [⌈outs/32⌉][in][32]. Four partial sums each, because one would wait
// for the adder's latency.
static void dense_panel(__global const float* a, __global const float* weight, int panel, int in, int outs,
                        __global float* out, int accumulate)
{
    __global const float* w = weight + (size_t)panel * in * (2 * LANES);
    float16 sum[4][2];
#pragma unroll
    for (int s = 0; s < 4; ++s)
        sum[s][0] = sum[s][1] = (float16)(0.0f);
    int k = 0;
    for (; k + 4 <= in; k += 4) {
#pragma unroll
        for (int s = 0; s < 4; ++s) {
            sum[s][0] = a[k + s] * vload16(2 * (k + s), w) + sum[s][0];
            sum[s][1] = a[k + s] * vload16(2 * (k + s) + 1, w) + sum[s][1];
        }
    }
    for (; k < in; ++k) {
        sum[0][0] = a[k] * vload16(2 * k, w) + sum[0][0];
        sum[0][1] = a[k] * vload16(2 * k + 1, w) + sum[0][1];
    }
    store_panel(out + panel * 2 * LANES, (sum[0][0] + sum[1][0]) + (sum[2][0] + sum[3][0]),
                (sum[0][1] + sum[1][1]) + (sum[2][1] + sum[3][1]), outs - panel * 2 * LANES, accumulate);
}

// The same for up to three weights, a panel a group; a weight that is not there has no outs.
__kernel void blocks_dense_row(__global const float* a, __global const float* weight0, __global float* out0, int outs0,
                               __global const float* weight1, __global float* out1, int outs1,
                               __global const float* weight2, __global float* out2, int outs2, int in, int accumulate)
{
    const int panels0 = (outs0 + 2 * LANES - 1) / (2 * LANES), panels1 = (outs1 + 2 * LANES - 1) / (2 * LANES);
    int panel = get_global_id(0);
    __global const float* w = weight0;
    __global float* out = out0;
    int outs = outs0;
    if (panel >= panels0 + panels1) {
        panel -= panels0 + panels1;
        w = weight2;
        out = out2;
        outs = outs2;
    } else if (panel >= panels0) {
        panel -= panels0;
        w = weight1;
        out = out1;
        outs = outs1;
    }
    dense_panel(a, w, panel, in, outs, out, accumulate);
}

#define TILE_ROWS 8   // 8 × 32 results are 16 registers of 16 lanes
#define GROUP_TILES 4 // tiles that one group makes from one panel of W while it is in the cache

// The same for many rows: a group makes 32 rows × 32 outputs. Rows past the end repeat the last one and are not stored.
__kernel void blocks_dense_tile(__global const float* x, __global const float* weight, __global float* out, int rows,
                                int in, int outs, int accumulate)
{
    const int panel = get_global_id(1);
    __global const float* w = weight + (size_t)panel * in * (2 * LANES);
    for (int tile = 0; tile < GROUP_TILES; ++tile) {
        const int first = ((int)get_global_id(0) * GROUP_TILES + tile) * TILE_ROWS;
        if (first >= rows)
            return;
        __global const float* a[TILE_ROWS];
        float16 sum[TILE_ROWS][2];
#pragma unroll
        for (int r = 0; r < TILE_ROWS; ++r) {
            a[r] = x + (size_t)(first + r < rows ? first + r : rows - 1) * in;
            sum[r][0] = sum[r][1] = (float16)(0.0f);
        }
        for (int k = 0; k < in; ++k) {
            const float16 w0 = vload16(2 * k, w);
            const float16 w1 = vload16(2 * k + 1, w);
#pragma unroll
            for (int r = 0; r < TILE_ROWS; ++r) {
                sum[r][0] = a[r][k] * w0 + sum[r][0];
                sum[r][1] = a[r][k] * w1 + sum[r][1];
            }
        }
#pragma unroll
        for (int r = 0; r < TILE_ROWS; ++r) {
            if (first + r < rows)
                store_panel(out + (size_t)(first + r) * outs + panel * 2 * LANES, sum[r][0], sum[r][1],
                            outs - panel * 2 * LANES, accumulate);
        }
    }
}

// RoPE of queries and keys: an item turns one pair of one head of one row by the angle of its position p = 256·block +
// step. The tables hold (cos, sin) of block and step angles, made in float64: their product keeps float accuracy at any
// position.
__kernel void blocks_rotate(__global const float* query, __global float* turnedQuery, int heads,
                            __global const float* key, __global float* turnedKey, int keyHeads,
                            __global const float2* steps, __global const float2* blocks, int first, int pairs,
                            int interleaved)
{
    const int item = get_global_id(0);
    const int row = get_global_id(1);
    if (item >= (heads + keyHeads) * pairs)
        return;
    const int all = item / pairs;
    const int pair = item - all * pairs;
    const int position = first + row;
    const float2 step = steps[(position & 255) * pairs + pair];
    const float2 block = blocks[(position >> 8) * pairs + pair];
    const float c = block.x * step.x - block.y * step.y;
    const float s = block.y * step.x + block.x * step.y;
    __global const float* from = all < heads ? query : key;
    __global float* to = all < heads ? turnedQuery : turnedKey;
    const size_t head = all < heads ? (size_t)row * heads + all : (size_t)row * keyHeads + (all - heads);
    const size_t start = head * 2 * pairs;
    const size_t a = start + (interleaved ? 2 * pair : pair);
    const size_t b = start + (interleaved ? 2 * pair + 1 : pair + pairs);
    const float xa = from[a];
    const float xb = from[b];
    to[a] = xa * c - xb * s;
    to[b] = xa * s + xb * c;
}

static void swiglu_part(__global const float* gate, __global const float* up, __global float* out, int first, int end)
{
    int i = first;
    for (; i + LANES <= end; i += LANES) {
        const float16 g = vload16(0, gate + i);
        vstore16(g / (1.0f + safe_exp_16(-g)) * vload16(0, up + i), 0, out + i);
    }
    for (; i < end; ++i)
        out[i] = gate[i] / (1.0f + safe_exp(-gate[i])) * up[i];
}

// silu(gate) · up over `count` numbers, 1024 to a group; gate and up may be out.
__kernel void blocks_swiglu(__global const float* gate, __global const float* up, __global float* out, int count)
{
    const int first = (int)get_global_id(0) * 1024;
    swiglu_part(gate, up, out, first, min(first + 1024, count));
}

// to += from over `count` numbers, 1024 to a group.
__kernel void blocks_add(__global const float* from, __global float* to, int count)
{
    const int first = (int)get_global_id(0) * 1024;
    const int end = min(first + 1024, count);
    int i = first;
    for (; i + LANES <= end; i += LANES)
        vstore16(vload16(0, to + i) + vload16(0, from + i), 0, to + i);
    for (; i < end; ++i)
        to[i] += from[i];
}

static void dense_whole(__global const float* a, __global const float* weight, int in, int outs, __global float* out,
                        int accumulate)
{
    for (int panel = 0; panel * 2 * LANES < outs; ++panel)
        dense_panel(a, weight, panel, in, outs, out, accumulate);
}

// One row of a small model, where launches cost more than a second core gives: a single group walks from the mixed rows
// of one layer to the queries, keys and values of the next. First x is row `id` of the embedding (id from 0 on), or, of
// a layer, x += mixed·outputᵀ; x += (silu(gate)·up)·downᵀ of norm(x). Then the next norm of x, and of it the products of
// up to three weights. The same steps in the same order as the kernels above, so the same bits.
__kernel void blocks_row(__global const float* embedding, int id, __global const float* mixed, int mixedWidth,
                         __global const float* output, __global const float* innerNorm, __global float* innerNormed,
                         __global const float* gateWeight, __global float* gate, __global const float* upWeight,
                         __global float* up, int hidden, __global const float* down, __global float* x,
                         __global const float* norm, __global float* normed, __global const float* weight0,
                         __global float* out0, int outs0, __global const float* weight1, __global float* out1,
                         int outs1, __global const float* weight2, __global float* out2, int outs2, int width,
                         float eps)
{
    if (id >= 0) {
        for (int i = 0; i < width; ++i)
            x[i] = embedding[(size_t)id * width + i];
    } else {
        dense_whole(mixed, output, mixedWidth, width, x, 1);
        norm_row(x, innerNorm, innerNormed, width, eps);
        dense_whole(innerNormed, gateWeight, width, hidden, gate, 0);
        dense_whole(innerNormed, upWeight, width, hidden, up, 0);
        swiglu_part(gate, up, up, 0, hidden);
        dense_whole(up, down, hidden, width, x, 1);
    }
    norm_row(x, norm, normed, width, eps);
    dense_whole(normed, weight0, width, outs0, out0, 0);
    dense_whole(normed, weight1, width, outs1, out1, 0);
    dense_whole(normed, weight2, width, outs2, out2, 0);
}
