// SPDX-License-Identifier: GPL-3.0-or-later
// The Memory Layer: addresses and scales of a token's chunks, then the picked rows summed.

#define MOST_BITS 32 // room for a chunk: two vectors

// Floats in their order as integers, −0 and 0 alike: a comparison that no denormal and no sign of zero can bend.
static int order_of(float x)
{
    const int bits = as_int(x);
    return bits >= 0 ? bits : (int)0x80000000 - bits;
}

// A chunk's entries with the thresholds off, and its address, most significant bit first.
static int load_chunk(__global const float* x, __global const float* thresholds, int bits, float* z)
{
    int code = 0;
    for (int i = 0; i < bits; ++i) {
        code = 2 * code + (order_of(x[i]) >= order_of(thresholds[i]));
        z[i] = fabs(x[i] - thresholds[i]);
    }
    for (int i = bits; i < MOST_BITS; ++i)
        z[i] = 0.0f;
    return code;
}

// Π 1/(1 + e^(−2|z|/t)); the empty places of a vector must not count.
static float probability(const float* z, int bits, float steepness)
{
    float16 low = 1.0f / (1.0f + safe_exp_16(-steepness * vload16(0, z)));
    float product = 1.0f;
    float kept[LANES];
    vstore16(low, 0, kept);
    for (int i = 0; i < min(bits, LANES); ++i)
        product *= kept[i];
    if (bits > LANES) {
        vstore16(1.0f / (1.0f + safe_exp_16(-steepness * vload16(1, z))), 0, kept);
        for (int i = LANES; i < bits; ++i)
            product *= kept[i - LANES];
    }
    return product;
}

static float cosine(const float* z, int bits)
{
    float top = 0.0f, sum = 0.0f, squares = 0.0f;
    for (int i = 0; i < bits; ++i)
        top = z[i] > top ? z[i] : top;
    if (order_of(top) == 0)
        return 0.0f;
    for (int i = 0; i < bits; ++i) {
        const float share = z[i] / top;
        sum += share;
        squares += share * share;
    }
    return sum / sqrt((float)bits * squares);
}

// One group per token: codes and scales [rows, tables]. `kernel_kind` counts as Weighting in layer.h.
__kernel void hash(__global const float* x, __global const float* thresholds, __global int* codes,
                   __global float* scales, int width, int tables, int bits, int kernel_kind, float steepness, int first)
{
    const int row = (int)get_group_id(0) + first;
    for (int table = 0; table < tables; ++table) {
        const int begin = table * bits, own = min(bits, width - begin);
        float z[MOST_BITS];
        codes[row * tables + table] = load_chunk(x + row * width + begin, thresholds + begin, own, z);
        float scale = 1.0f;
        if (kernel_kind == 3) {
            scale = cosine(z, own);
        } else if (kernel_kind != 2) {
            scale = probability(z, own, steepness);
            float sum = 0.0f;
            for (int i = 0; i < own; ++i)
                sum += z[i];
            scale = kernel_kind == 1 ? scale * sum : scale;
        }
        scales[row * tables + table] = scale;
    }
}

#ifdef PROBES
// The likeliest addresses of every chunk with their renormalised weights, [rows, tables, PROBES]: layer.cpp, likeliest().
__kernel void hash_probes(__global const float* x, __global const float* thresholds, __global int* codes,
                          __global float* scales, int width, int tables, int bits, float steepness, int first)
{
    const int place = (int)get_group_id(0) + first, row = place / tables, table = place % tables;
    const int begin = table * bits, own = min(bits, width - begin);
    float z[MOST_BITS];
    const int code = load_chunk(x + row * width + begin, thresholds + begin, own, z);
    int order[MOST_BITS];
    for (int i = 0; i < own; ++i) { // insertion, so that equal sizes keep their order
        int to = i;
        for (; to > 0 && z[order[to - 1]] > z[i]; --to)
            order[to] = order[to - 1];
        order[to] = i;
    }
    float sums[PROBES + 1];
    int lasts[PROBES + 1], sets[PROBES + 1];
    int waiting = 1, found = 0;
    sums[0] = z[order[0]];
    lasts[0] = 0;
    sets[0] = 1;
    float total = 0.0f;
    __global int* to_code = codes + place * PROBES;
    __global float* to_scale = scales + place * PROBES;
    float sum = 0.0f;
    int set = 0;
    while (true) {
        int flipped = code;
        for (int i = 0; i < own; ++i)
            flipped ^= (set >> i & 1) << (own - 1 - order[i]);
        const float weight = safe_exp(-steepness * sum);
        to_code[found] = flipped;
        to_scale[found] = weight;
        total += weight;
        if (++found == PROBES || waiting == 0)
            break;
        int least = 0;
        for (int i = 1; i < waiting; ++i)
            least = sums[i] < sums[least] ? i : least;
        sum = sums[least];
        set = sets[least];
        const int next = lasts[least] + 1;
        --waiting;
        for (int i = least; i < waiting; ++i) { // the first of equal sums goes first
            sums[i] = sums[i + 1];
            lasts[i] = lasts[i + 1];
            sets[i] = sets[i + 1];
        }
        if (next < own && waiting + 2 <= PROBES + 1) {
            sums[waiting] = sum + z[order[next]];
            sums[waiting + 1] = sum - z[order[next - 1]] + z[order[next]];
            lasts[waiting] = lasts[waiting + 1] = next;
            sets[waiting] = set | 1 << next;
            sets[waiting + 1] = (set ^ 1 << (next - 1)) | 1 << next;
            waiting += 2;
        }
    }
    for (int i = 0; i < found; ++i)
        to_scale[i] /= total;
    for (int i = found; i < PROBES; ++i) {
        to_code[i] = 0;
        to_scale[i] = 0.0f;
    }
}
#endif

#define PANEL 16 // tokens of a group
#define BLOCKS 4 // vectors of outputs of a group

// out[rows, outputs] (+)= Σ scale · row + bias, summed in the order of the tables. A group takes PANEL tokens table
// after table, so that tokens of one code find its row in the cache. Rows of `cells` are padded to whole vectors.
__kernel void gather(__global const int* codes, __global const float* scales, __global const float* cells,
                     __global const float* bias, __global float* out, int rows, int outputs, int padded, int terms,
                     int probes, int table_rows, int slices, int accumulate, int first)
{
    const int group = (int)get_group_id(0) + first;
    const int token = group / slices * PANEL, column = group % slices * (BLOCKS * LANES);
    const int count = min(PANEL, rows - token), blocks = min(BLOCKS, (padded - column) / LANES);
    float16 sums[PANEL * BLOCKS];
    for (int i = 0; i < count * BLOCKS; ++i)
        sums[i] = (float16)(0.0f);
    for (int term = 0; term < terms; ++term) {
        __global const float* table = cells + (long)(term / probes) * table_rows * padded + column;
        const long next = (long)((term + 1) / probes) * table_rows * padded + column;
        for (int i = 0; i < count; ++i) {
            const int place = (token + i) * terms + term;
            __global const float* row = table + (long)codes[place] * padded;
            if (term + 1 < terms)
                prefetch(cells + next + (long)codes[place + 1] * padded, (size_t)(blocks * LANES));
            const float scale = scales[place];
            for (int block = 0; block < blocks; ++block)
                sums[i * BLOCKS + block] = vload16(block, row) * scale + sums[i * BLOCKS + block];
        }
    }
    for (int i = 0; i < count; ++i) {
        for (int block = 0; block < blocks; ++block) {
            const int at = column + block * LANES;
            float lanes[LANES];
            vstore16(sums[i * BLOCKS + block] + vload16(0, bias + at), 0, lanes);
            __global float* to = out + (long)(token + i) * outputs + at;
            const int left = min(LANES, outputs - at);
            for (int lane = 0; lane < left; ++lane)
                to[lane] = accumulate ? to[lane] + lanes[lane] : lanes[lane];
        }
    }
}

// Whole numbers as floats, for the recorder.
__kernel void numbers(__global const int* from, __global float* to, int count)
{
    const int begin = (int)get_group_id(0) * 256, end = min(begin + 256, count);
    for (int i = begin; i < end; ++i)
        to[i] = (float)from[i];
}
