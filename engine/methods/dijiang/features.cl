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

// Ends of a block of n into its halves, or the way back: sums and differences, or rotations for a DCT-IV. Numbers lie
// `fromStride` and `toStride` apart. factors: dct.h.
static void split_ends(const float16* from, int fromStride, float16* to, int toStride, int n, int turned,
                       __global const float* factors, int transposed)
{
    const float leaf = n == 2 ? M_SQRT1_2_F : 1.0f; // the DCT-IV of one number
    for (int i = 0; i < n / 2; ++i) {
        const float sign = i & 1 ? -1.0f : 1.0f;
        const float a = turned ? factors[n + 2 * i] : 1.0f, s = turned ? factors[n + 2 * i + 1] : 1.0f;
        const float second = turned ? sign : leaf;
        const int last = n - 1 - i, middle = n / 2 + i;
        if (transposed) {
            const float16 x = from[i * fromStride], y = from[middle * fromStride] * second;
            to[i * toStride] = x * a + y * s;
            to[last * toStride] = x * s - y * a;
        } else {
            const float16 x = from[i * fromStride], y = from[last * fromStride];
            to[i * toStride] = x * a + y * s;
            to[middle * toStride] = (x * s - y * a) * second;
        }
    }
}

// Interleaves the transforms of the halves of a block of n, or takes them apart; those of a DCT-IV are summed.
static void weave(const float16* from, int fromStride, float16* to, int toStride, int n, int turned, int transposed)
{
    const int middle = n / 2, last = n - 1;
    to[0] = from[0];
    if (transposed)
        to[middle * toStride] = from[(turned ? last : 1) * fromStride];
    else
        to[(turned ? last : 1) * toStride] = from[middle * fromStride];
    for (int i = 1; i < n / 2; ++i) {
        if (turned) {
            const int even = 2 * i, back = middle + n / 2 - i;
            const float16 x = from[(transposed ? even - 1 : i) * fromStride];
            const float16 y = from[(transposed ? even : back) * fromStride];
            to[(transposed ? i : even - 1) * toStride] = x + y;
            to[(transposed ? back : even) * toStride] = x - y;
        } else if (transposed) {
            to[i * toStride] = from[2 * i * fromStride];
            to[(middle + i) * toStride] = from[(2 * i + 1) * fromStride];
        } else {
            to[2 * i * toStride] = from[i * fromStride];
            to[(2 * i + 1) * toStride] = from[(middle + i) * fromStride];
        }
    }
}

// Numbers whose passes all stay in registers.
#if D >= 16
#define LEAF 16
#elif D >= 8
#define LEAF 8
#else
#define LEAF 1
#endif

// All passes over a block of eight. Blocks of two are woven as they are. A call of its own would halve the vectors.
static __attribute__((always_inline)) void transform8(const float16* from, int fromStride, float16* to, int toStride,
                                                      int turned, __global const float* factors, int transposed)
{
    float16 a[8], b[8];
    if (transposed) {
        weave(from, fromStride, a, 1, 8, turned, 1);
        weave(a, 1, b, 1, 4, 0, 1);
        weave(a + 4, 1, b + 4, 1, 4, !turned, 1);
    } else {
        split_ends(from, fromStride, a, 1, 8, turned, factors, 0);
        split_ends(a, 1, b, 1, 4, 0, factors, 0);
        split_ends(a + 4, 1, b + 4, 1, 4, !turned, factors, 0);
    }
    split_ends(b, 1, a, 1, 2, 0, factors, transposed);
    split_ends(b + 2, 1, a + 2, 1, 2, 1, factors, transposed);
    split_ends(b + 4, 1, a + 4, 1, 2, 0, factors, transposed);
    split_ends(b + 6, 1, a + 6, 1, 2, turned, factors, transposed);
    if (transposed) {
        split_ends(a, 1, b, 1, 4, 0, factors, 1);
        split_ends(a + 4, 1, b + 4, 1, 4, !turned, factors, 1);
        split_ends(b, 1, to, toStride, 8, turned, factors, 1);
    } else {
        weave(a, 1, b, 1, 4, 0, 0);
        weave(a + 4, 1, b + 4, 1, 4, !turned, 0);
        weave(b, 1, to, toStride, 8, turned, 0);
    }
}

// All passes over a leaf, in place.
static void transform_leaf(float16* x, int stride, int turned, __global const float* factors, int transposed)
{
#if LEAF == 16
    float16 a[16], b[16];
    if (transposed)
        weave(x, stride, a, 1, 16, turned, 1);
    else
        split_ends(x, stride, a, 1, 16, turned, factors, 0);
    transform8(a, 1, b, 1, 0, factors, transposed);
    transform8(a + 8, 1, b + 8, 1, !turned, factors, transposed);
    if (transposed)
        split_ends(b, 1, x, stride, 16, turned, factors, 1);
    else
        weave(b, 1, x, stride, 16, turned, 0);
#elif LEAF == 8
    transform8(x, stride, x, stride, turned, factors, transposed);
#endif
}

// One pass over all blocks of n.
static void split_all(const float16 (*from)[2], float16 (*to)[2], int n, __global const float* factors, int transposed)
{
    for (int b = 0; b < D; b += n)
        for (int l = 0; l < 2; ++l)
            split_ends(&from[b][l], 2, &to[b][l], 2, n, is_dct4(b / n), factors, transposed);
}

static void weave_all(const float16 (*from)[2], float16 (*to)[2], int n, int transposed)
{
    for (int b = 0; b < D; b += n)
        for (int l = 0; l < 2; ++l)
            weave(&from[b][l], 2, &to[b][l], 2, n, is_dct4(b / n), transposed);
}

// x[j] ← Σ_k x_k cos(π(2k+1)j/(2D)), or the transpose; `space` is as large as x.
static void fast_dct(float16 (*x)[2], float16 (*space)[2], __global const float* factors, int transposed)
{
    int flip = 0; // an even number of passes: the result is in x
    for (int n = D; n > LEAF; n /= 2, flip = !flip) {
        if (transposed)
            flip ? weave_all(space, x, n, 1) : weave_all(x, space, n, 1);
        else
            flip ? split_all(space, x, n, factors, 0) : split_all(x, space, n, factors, 0);
    }
    for (int b = 0; LEAF > 1 && b < D; b += LEAF)
        for (int l = 0; l < 2; ++l) {
            float16* block = flip ? &space[b][l] : &x[b][l];
            if (is_dct4(b / LEAF))
                transform_leaf(block, 2, 1, factors, transposed);
            else
                transform_leaf(block, 2, 0, factors, transposed);
        }
    for (int n = 2 * LEAF; n <= D; n *= 2, flip = !flip) {
        if (transposed)
            flip ? split_all(space, x, n, factors, 1) : split_all(x, space, n, factors, 1);
        else
            flip ? weave_all(space, x, n, 0) : weave_all(x, space, n, 0);
    }
}
#endif

// y[f] = row f of the matrix times x; the matrix has whole tiles of rows.
static void dense_product(const float16 (*x)[2], __global const float* matrix, int rows, float16 (*y)[2])
{
    for (int f = 0; f < rows; f += TILE)
        score_tile(x, matrix + (long)f * D, y + f);
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

// What all maps of a layer are made of. `matrix` is T C of every map, [maps][WHOLE(ROWS)][D]; the fast transform takes its
// radii, [maps][ROWS], instead. `logWeights` [maps][ROWS]. norm: c; shift: added to all; softmax: over the features.
#define MAPS                                                                                                          \
    __global const float *matrix, __global const float *radii, __global const float *factors,                         \
        __global const float *logWeights, int maps, float norm, float shift, int softmax
#define MAPS_GIVEN matrix, radii, factors, logWeights, maps, norm, shift, softmax

// y = ln φ of the rows in q, by map number `map`; q is used up. A row that is not finite, or whose exponents are not, is
// BROKEN.
static void logs_of(float16 (*q)[2], int map, MAPS, float16 (*y)[2])
{
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
#else
    dense_product(q, matrix + (long)map * WHOLE(ROWS) * D, ROWS, y);
#endif
    float16 total0 = offset0, total1 = offset1;
    for (int f = 0; f < ROWS; ++f) {
        const float weight = logWeights[map * ROWS + f];
#if FAST
        const float16 y0 = q[f][0] * radii[map * ROWS + f], y1 = q[f][1] * radii[map * ROWS + f];
#else
        const float16 y0 = y[f][0], y1 = y[f][1];
#endif
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
}

// The rows that a work-group loads.
static void ask_for_panel(__global const float* x, int group, int count, int inHeads, int outHeads)
{
    const int row = group / outHeads * QUERIES;
    ask_for_rows(x + group % outHeads * inHeads / outHeads * D, D, inHeads * D, row,
                 row + QUERIES < count ? row + QUERIES : count);
}

// out [end − first][outHeads][FEATURES] = ln φ of x [row][inHeads][D] for the rows first … end.
__kernel void features(__global const float* x, MAPS, __global float* out, int first, int end, int inHeads,
                       int outHeads, int firstGroup)
{
    const int group = (int)get_group_id(0) + firstGroup;
    const int head = group % outHeads; // heads of the same rows in turn: they lie side by side
    const int row = group / outHeads * QUERIES, count = end - first;
    x += (long)first * inHeads * D;
    float16 q[D][2];
    float16 y[2 * SPACE][2];
    load_queries(x + head * inHeads / outHeads * D, inHeads * D, row, count, 1.0f, q);
    ask_for_panel(x, group + 1, count, inHeads, outHeads);
    logs_of(q, head * maps / outHeads, MAPS_GIVEN, y);
    store_lanes(y, FEATURES, (float16)(1.0f), (float16)(1.0f), out + head * FEATURES, outHeads * FEATURES, row, count);
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
    store_lanes(y, D, (float16)(1.0f), (float16)(1.0f), out + head * D, outHeads * D, row, count);
}
