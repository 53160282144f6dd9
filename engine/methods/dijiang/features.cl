// SPDX-License-Identifier: GPL-3.0-or-later
// DiJiang's feature map: ln φ(x) = T C x + ln D − c‖x‖², 32 rows of one head per work-group with the rows in the lanes.
// D is the head width, ROWS the rows of the map, FEATURES the same or, with antithetic rows, twice that. FAST: 0, the
// dense product; 2 or 3, the fast DCT-II or DCT-III (dct.h). SPECTRUM likewise, of the kernel that shows the spectrum.
// The kernels build on methods/common/tiles.cl.

#define WHOLE(N) (((N) + TILE - 1) / TILE * TILE)
#define BROKEN -3e38f // a logarithm of a row that is not a number
#define SPACE (WHOLE(ROWS) > WHOLE(D) ? WHOLE(ROWS) : WHOLE(D))

#if FAST || SPECTRUM
// Whether a block is a DCT-IV: dct.h.
static int is_dct4(int block)
{
    return popcount(block & ~(block + 1)) & 1;
}

// Ends of every block of n into its halves, or the way back: sums and differences, or rotations for a DCT-IV.
// factors: dct.h.
static void split_ends(const float16 (*from)[2], float16 (*to)[2], int n, __global const float* factors, int transposed)
{
    const float leaf = n == 2 ? M_SQRT1_2_F : 1.0f; // the DCT-IV of one number
    for (int b = 0; b < D; b += n) {
        const int turned = is_dct4(b / n);
        for (int i = 0; i < n / 2; ++i) {
            const float sign = i & 1 ? -1.0f : 1.0f;
            const float a = turned ? factors[n + 2 * i] : 1.0f, s = turned ? factors[n + 2 * i + 1] : 1.0f;
            const float second = turned ? sign : leaf;
            const int first = b + i, last = b + n - 1 - i, middle = b + n / 2 + i;
#pragma unroll
            for (int l = 0; l < 2; ++l) {
                if (transposed) {
                    const float16 x = from[first][l], y = from[middle][l] * second;
                    to[first][l] = x * a + y * s;
                    to[last][l] = x * s - y * a;
                } else {
                    const float16 x = from[first][l], y = from[last][l];
                    to[first][l] = x * a + y * s;
                    to[middle][l] = (x * s - y * a) * second;
                }
            }
        }
    }
}

// Interleaves the transforms of the halves of every block of n, or takes them apart; those of a DCT-IV are summed.
static void weave(const float16 (*from)[2], float16 (*to)[2], int n, int transposed)
{
    for (int b = 0; b < D; b += n) {
        const int turned = is_dct4(b / n), middle = b + n / 2, last = b + n - 1;
#pragma unroll
        for (int l = 0; l < 2; ++l) {
            to[b][l] = from[b][l];
            if (transposed)
                to[middle][l] = from[turned ? last : b + 1][l];
            else
                to[turned ? last : b + 1][l] = from[middle][l];
            for (int i = 1; i < n / 2; ++i) {
                if (turned) {
                    const int even = b + 2 * i, back = middle + n / 2 - i;
                    const float16 x = from[transposed ? even - 1 : b + i][l], y = from[transposed ? even : back][l];
                    to[transposed ? b + i : even - 1][l] = x + y;
                    to[transposed ? back : even][l] = x - y;
                } else if (transposed) {
                    to[b + i][l] = from[b + 2 * i][l];
                    to[middle + i][l] = from[b + 2 * i + 1][l];
                } else {
                    to[b + 2 * i][l] = from[b + i][l];
                    to[b + 2 * i + 1][l] = from[middle + i][l];
                }
            }
        }
    }
}

// x[j] ← Σ_k x_k cos(π(2k+1)j/(2D)), or the transpose; `space` is as large as x.
static void fast_dct(float16 (*x)[2], float16 (*space)[2], __global const float* factors, int transposed)
{
    int flip = 0; // an even number of passes: the result is in x
    for (int n = D; n >= 2; n /= 2, flip = !flip) {
        if (transposed)
            flip ? weave(space, x, n, 1) : weave(x, space, n, 1);
        else
            flip ? split_ends(space, x, n, factors, 0) : split_ends(x, space, n, factors, 0);
    }
    for (int n = 2; n <= D; n *= 2, flip = !flip) {
        if (transposed)
            flip ? split_ends(space, x, n, factors, 1) : split_ends(x, space, n, factors, 1);
        else
            flip ? weave(space, x, n, 0) : weave(x, space, n, 0);
    }
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

// Features of the rows in whose lanes `bad` is set become BROKEN: such a row is not a number.
static void break_rows(float16 (*y)[2], int16 bad0, int16 bad1)
{
    if (!any(bad0 | bad1))
        return;
    for (int f = 0; f < FEATURES; ++f) {
        y[f][0] = select(y[f][0], (float16)(BROKEN), bad0);
        y[f][1] = select(y[f][1], (float16)(BROKEN), bad1);
    }
}

// All ones in the lanes that are infinite or no number, told by their bits.
static int16 not_finite(float16 x)
{
    return (as_int16(x) & 0x7f800000) == 0x7f800000;
}

// out [count][outHeads][FEATURES] = ln φ of x [count][inHeads][D]. `matrix` is T C of every map, [maps][WHOLE(ROWS)][D];
// the fast transform takes its radii, [maps][ROWS], instead. `logWeights` [maps][ROWS]. norm: c; shift: added to all; softmax:
// over the features. A row that is not finite, or whose exponents are not, is BROKEN.
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
    float16 total0 = offset0, total1 = offset1;
    for (int f = 0; f < ROWS; ++f) {
        const float weight = logWeights[map * ROWS + f];
        const float16 y0 = y[f][0], y1 = y[f][1];
        total0 += y0;
        total1 += y1;
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
    break_rows(y, not_finite(total0), not_finite(total1));
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
