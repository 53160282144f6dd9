// SPDX-License-Identifier: GPL-3.0-or-later
// DiJiang's feature map: ln φ(x) = T C x + ln D − c‖x‖², 32 rows of one head per work-group with the rows in the lanes.
// D is the head width, ROWS the rows of the map, FEATURES the same or, with antithetic rows, twice that. FAST: 0, the
// dense product; 2 or 3, the fast DCT-II or DCT-III (Lee 1984). SPECTRUM likewise, of the kernel that shows the spectrum.
// The kernels build on methods/common/tiles.cl.

#define WHOLE(N) (((N) + TILE - 1) / TILE * TILE)
#define SPACE (WHOLE(ROWS) > WHOLE(D) ? WHOLE(ROWS) : WHOLE(D))

#if FAST || SPECTRUM
// Sums and weighted differences of the two ends of every block of n, or the way back. factors: dct.h.
static void ends(const float16 (*from)[2], float16 (*to)[2], int n, __global const float* factors, int transposed)
{
    for (int b = 0; b < D; b += n) {
        for (int i = 0; i < n / 2; ++i) {
            const float factor = factors[n / 2 + i];
            const int first = b + i, last = b + n - 1 - i, half16 = b + n / 2 + i;
#pragma unroll
            for (int l = 0; l < 2; ++l) {
                if (transposed) {
                    const float16 x = from[first][l], y = from[half16][l] * factor;
                    to[first][l] = x + y;
                    to[last][l] = x - y;
                } else {
                    const float16 x = from[first][l], y = from[last][l];
                    to[first][l] = x + y;
                    to[half16][l] = (x - y) * factor;
                }
            }
        }
    }
}

// Interleaves the transforms of the halves of every block of n, or takes them apart.
static void weave(const float16 (*from)[2], float16 (*to)[2], int n, int transposed)
{
    for (int b = 0; b < D; b += n) {
        for (int i = 0; i < n / 2; ++i) {
            const int half16 = b + n / 2 + i;
#pragma unroll
            for (int l = 0; l < 2; ++l) {
                if (transposed) {
                    to[b + i][l] = from[b + 2 * i][l];
                    to[half16][l] = i > 0 ? from[b + 2 * i + 1][l] + from[b + 2 * i - 1][l] : from[b + 2 * i + 1][l];
                } else {
                    to[b + 2 * i][l] = from[b + i][l];
                    to[b + 2 * i + 1][l] = i + 1 < n / 2 ? from[half16][l] + from[half16 + 1][l] : from[half16][l];
                }
            }
        }
    }
}

// x[j] ← Σ_k x_k cos(π(2k+1)j/(2D)), or the transpose; `space` is as large as x.
static void fast_dct(float16 (*x)[2], float16 (*space)[2], __global const float* factors, int transposed)
{
    int flip = 0; // an even number of passes: the result is in x
    if (transposed) {
        for (int n = D; n >= 2; n /= 2, flip = !flip)
            flip ? weave(space, x, n, 1) : weave(x, space, n, 1);
        for (int n = 2; n <= D; n *= 2, flip = !flip)
            flip ? ends(space, x, n, factors, 1) : ends(x, space, n, factors, 1);
        return;
    }
    for (int n = D; n >= 2; n /= 2, flip = !flip)
        flip ? ends(space, x, n, factors, 0) : ends(x, space, n, factors, 0);
    for (int n = 2; n <= D; n *= 2, flip = !flip)
        flip ? weave(space, x, n, 0) : weave(x, space, n, 0);
}
#endif

// y[f] = row f of the matrix times x; the matrix has whole tiles of rows.
static void dense_product(const float16 (*x)[2], __global const float* matrix, int rows, float16 (*y)[2])
{
    for (int f = 0; f < rows; f += TILE)
        score_tile(x, matrix + (long)f * D, y + f);
}

// Row after row of the lanes, `width` numbers at `to`.
static void store_lanes(const float16 (*y)[2], __global float* to, int width, int stride, int first, int count)
{
    const float* lanes = (const float*)y;
    for (int lane = 0; lane < QUERIES && first + lane < count; ++lane) {
        __global float* row = to + (long)(first + lane) * stride;
        for (int f = 0; f < width; ++f)
            row[f] = lanes[f * QUERIES + lane];
    }
}

// out [count][outHeads][FEATURES] = ln φ of x [count][inHeads][D]. `matrix` is T C of every map, [maps][WHOLE(ROWS)][D];
// the fast transform takes its radii, [maps][ROWS], instead. `logWeights` [maps][ROWS]. norm: c; shift: added to all; softmax:
// over the features.
__kernel void features(__global const float* x, __global const float* matrix, __global const float* radii,
                       __global const float* factors, __global const float* logWeights, __global float* out, int count,
                       int inHeads, int outHeads, int maps, float norm, float shift, int softmax, int firstGroup)
{
    const int group = (int)get_group_id(0) + firstGroup;
    const int panels = (count + QUERIES - 1) / QUERIES;
    const int head = group / panels;
    const int row = group % panels * QUERIES;
    const int map = head * maps / outHeads;

    float16 q[D][2];
    float16 y[2 * SPACE][2];
    load_queries(x + head * inHeads / outHeads * D, inHeads * D, row, count, 1.0f, q);
    float16 offset0 = (float16)(shift), offset1 = offset0;
    if (norm != 0.0f) {
        float16 squares0 = (float16)(0.0f), squares1 = squares0;
        for (int f = 0; f < D; ++f) {
            squares0 += q[f][0] * q[f][0];
            squares1 += q[f][1] * q[f][1];
        }
        offset0 -= squares0 * norm;
        offset1 -= squares1 * norm;
    }
#if FAST
    if (FAST == 3) {
        q[0][0] *= M_SQRT1_2_F;
        q[0][1] *= M_SQRT1_2_F;
    }
    fast_dct(q, y, factors, FAST == 3);
    for (int f = 0; f < ROWS; ++f) {
        y[f][0] = q[f][0] * radii[map * ROWS + f];
        y[f][1] = q[f][1] * radii[map * ROWS + f];
    }
#else
    dense_product(q, matrix + (long)map * WHOLE(ROWS) * D, ROWS, y);
#endif
    for (int f = 0; f < ROWS; ++f) {
        const float weight = logWeights[map * ROWS + f];
        const float16 y0 = y[f][0], y1 = y[f][1];
        y[f][0] = y0 + offset0 + weight;
        y[f][1] = y1 + offset1 + weight;
        if (FEATURES > ROWS) {
            y[ROWS + f][0] = offset0 + weight - y0;
            y[ROWS + f][1] = offset1 + weight - y1;
        }
    }
    if (softmax) {
        for (int l = 0; l < 2; ++l) {
            float16 top = y[0][l], sum = (float16)(0.0f);
            for (int f = 1; f < FEATURES; ++f)
                top = y[f][l] > top ? y[f][l] : top;
            for (int f = 0; f < FEATURES; ++f)
                sum += safe_exp_16(y[f][l] - top);
            top += log(sum);
            for (int f = 0; f < FEATURES; ++f)
                y[f][l] -= top;
        }
    }
    store_lanes(y, out + head * FEATURES, FEATURES, outHeads * FEATURES, row, count);
}

// out [count][outHeads][D] = the orthonormal DCT of x [count][inHeads][D]; `matrix` [WHOLE(D)][D] where there is no
// fast one.
__kernel void spectrum(__global const float* x, __global const float* matrix, __global const float* factors,
                       __global float* out, int count, int inHeads, int outHeads, int firstGroup)
{
    const int group = (int)get_group_id(0) + firstGroup;
    const int panels = (count + QUERIES - 1) / QUERIES;
    const int head = group / panels;
    const int row = group % panels * QUERIES;
    float16 q[D][2];
    float16 y[2 * SPACE][2];
    load_queries(x + head * inHeads / outHeads * D, inHeads * D, row, count, 1.0f, q);
#if SPECTRUM
    const float scale = sqrt(2.0f / D);
    if (SPECTRUM == 3) {
        q[0][0] *= M_SQRT1_2_F;
        q[0][1] *= M_SQRT1_2_F;
    }
    fast_dct(q, y, factors, SPECTRUM == 3);
    if (SPECTRUM == 2) {
        q[0][0] *= M_SQRT1_2_F;
        q[0][1] *= M_SQRT1_2_F;
    }
    for (int f = 0; f < D; ++f) {
        y[f][0] = q[f][0] * scale;
        y[f][1] = q[f][1] * scale;
    }
#else
    dense_product(q, matrix, D, y);
#endif
    store_lanes(y, out + head * D, D, outHeads * D, row, count);
}
