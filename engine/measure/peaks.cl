// SPDX-License-Identifier: GPL-3.0-or-later
// Upper bounds of the device: one work-item per group, explicit vectors (a scalar item with a loop is not vectorised on
// a CPU device).

// Twelve independent chains hide the latency of a multiply-add; values stay near `add` because `factor` is below 1.
kernel void peaks_fma(global float* out, float factor, float add, int rounds)
{
    float16 chain[12];
    const int place = (int)get_global_id(0);
#pragma unroll
    for (int c = 0; c < 12; ++c)
        chain[c] = (float16)(add * (float)(place + c));
    for (int round = 0; round < rounds; ++round) {
#pragma unroll
        for (int c = 0; c < 12; ++c)
            chain[c] = fma(chain[c], (float16)(factor), (float16)(add));
    }
    float16 sum = chain[0];
#pragma unroll
    for (int c = 1; c < 12; ++c)
        sum += chain[c];
    vstore16(sum, place, out);
}

// Each item sums `count` vectors of its own stretch.
kernel void peaks_read(global const float* in, global float* out, int count)
{
    const int place = (int)get_global_id(0);
    global const float* from = in + (size_t)place * (size_t)count * 16;
    float16 a = (float16)(0.0f), b = a, c = a, d = a;
    for (int i = 0; i + 3 < count; i += 4) {
        a += vload16(i, from);
        b += vload16(i + 1, from);
        c += vload16(i + 2, from);
        d += vload16(i + 3, from);
    }
    vstore16((a + b) + (c + d), place, out);
}
