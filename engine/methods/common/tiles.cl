// SPDX-License-Identifier: GPL-3.0-or-later
// Register tiles that the streamed attention kernels share (put between the prelude and a method's kernels). The lanes
// of a vector are queries: 32 of them are transposed once into private memory, and then keys and values are read as
// they lie in memory, one number broadcast to 32 queries. So no width needs padding, row maxima and sums are plain
// vector operations, and a key is read once per 32 queries.
//
// Built per head width: D of queries and keys, DV of values.

#define QUERIES 32 // queries of a work-group: two vectors of 16
#define KEYS 64    // keys of a block; caches are rounded up to whole blocks
#define TILE 8     // keys of a register tile

// Columns of a register tile: at most 11, so that 22 accumulators and their operands fit 32 registers. The last tile
// overlaps the one before it where COLUMNS is no multiple.
#define TILES_OF(COLUMNS) (((COLUMNS) + 10) / 11)
#define WIDTH_OF(COLUMNS) (((COLUMNS) + TILES_OF(COLUMNS) - 1) / TILES_OF(COLUMNS))
#define MIX_TILES TILES_OF(DV)
#define MIX_WIDTH WIDTH_OF(DV)

// 16 numbers at any place. PoCL makes four pieces of vload16 and vstore16; a vector type of lower alignment is one
// instruction.
#ifdef __clang__
typedef float16 anywhere16 __attribute__((aligned(4)));

static float16 load16(__global const float* from)
{
    return *(__global const anywhere16*)from;
}

static void store16(float16 x, __global float* to)
{
    *(__global anywhere16*)to = x;
}

static float16 load16_private(const float* from)
{
    return *(const anywhere16*)from;
}

static void store16_private(float16 x, float* to)
{
    *(anywhere16*)to = x;
}
#else
static float16 load16(__global const float* from)
{
    return vload16(0, from);
}

static void store16(float16 x, __global float* to)
{
    vstore16(x, 0, to);
}

static float16 load16_private(const float* from)
{
    return vload16(0, from);
}

static void store16_private(float16 x, float* to)
{
    vstore16(x, 0, to);
}
#endif

// `n` (≤ 16) numbers of a row whose end must not be passed.
static float16 load_part(__global const float* row, int n)
{
    if (n >= 16)
        return load16(row);
    float part[16];
    for (int i = 0; i < 16; ++i)
        part[i] = i < n ? row[i] : 0.0f;
    return load16_private(part);
}

static void store_part(float16 x, __global float* row, int n)
{
    if (n >= 16) {
        store16(x, row);
        return;
    }
    float part[16];
    store16_private(x, part);
    for (int i = 0; i < n; ++i)
        row[i] = part[i];
}

// Lanes of two vectors in an order known when the program is built. PoCL makes a call of shuffle2.
#ifdef __clang__
#define PICKED(A, B, ...) __builtin_shufflevector(A, B, __VA_ARGS__)
#else
#define PICKED(A, B, ...) shuffle2(A, B, (uint16)(__VA_ARGS__))
#endif

// One exchange of a transposition: rows SIDE apart swap their blocks of SIDE lanes off the diagonal.
#define EXCHANGED(ROWS, SIDE, KEPT, ...)                                                                              \
    _Pragma("unroll") for (int r = 0; r < 16; ++r) if ((r & SIDE) == 0)                                               \
    {                                                                                                                 \
        const float16 upper = ROWS[r], lower = ROWS[r + SIDE];                                                        \
        ROWS[r] = PICKED(upper, lower, KEPT);                                                                         \
        ROWS[r + SIDE] = PICKED(upper, lower, __VA_ARGS__);                                                           \
    }
#define KEPT_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define KEPT_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define KEPT_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define KEPT_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30

// rows[r] lane c becomes rows[c] lane r: 64 shuffles instead of 256 loads and stores.
static void transpose16(float16 rows[16])
{
    EXCHANGED(rows, 8, KEPT_8, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
    EXCHANGED(rows, 4, KEPT_4, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
    EXCHANGED(rows, 2, KEPT_2, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
    EXCHANGED(rows, 1, KEPT_1, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)
}

// q[f] = feature f of the rows first, first + 1, … of one head, times `scale`; lanes past `count` repeat the last row.
static void load_queries(__global const float* query, int stride, int first, int count, float scale, float16 (*q)[2])
{
    for (int half16 = 0; half16 < 2; ++half16)
        for (int f = 0; f + 16 <= D; f += 16) {
            float16 rows[16];
#pragma unroll
            for (int lane = 0; lane < 16; ++lane) {
                const int row = first + half16 * 16 + lane;
                rows[lane] = load16(query + (long)(row < count ? row : count - 1) * stride + f) * scale;
            }
            transpose16(rows);
#pragma unroll
            for (int i = 0; i < 16; ++i)
                q[f + i][half16] = rows[i];
        }
    float* lanes = (float*)q;
    for (int lane = 0; D % 16 != 0 && lane < QUERIES; ++lane) {
        const int row = first + lane < count ? first + lane : count - 1;
        __global const float* from = query + (long)row * stride;
        for (int f = D / 16 * 16; f < D; ++f)
            lanes[f * QUERIES + lane] = from[f] * scale;
    }
}

// Asks for rows [first, end), `width` numbers each and `stride` apart, that are loaded soon: rows of one head lie far
// apart, and a processor does not guess them.
static void ask_for_rows(__global const float* rows, int width, int stride, int first, int end)
{
    for (int r = first; r < end; ++r)
        for (int f = 0; f < width; f += 16)
#ifdef POCL_DEVICE_ADDRESS_BITS // where prefetch() is empty
            __builtin_prefetch(rows + (long)r * stride + f);
#else
            prefetch(rows + (long)r * stride + f, width - f < 16 ? width - f : 16);
#endif
}

// scores[j] = q·key_j for TILE keys. Long rows are summed in parts of 32 features: shorter chains round less.
static void score_tile(const float16 (*q)[2], __global const float* key, float16 (*scores)[2])
{
    for (int part = 0; part < D; part += 32) {
        float16 c[TILE][2];
#pragma unroll
        for (int j = 0; j < TILE; ++j)
            c[j][0] = c[j][1] = (float16)(0.0f);
        const int end = part + 32 < D ? part + 32 : D;
        for (int f = part; f < end; ++f) {
            const float16 q0 = q[f][0];
            const float16 q1 = q[f][1];
#pragma unroll
            for (int j = 0; j < TILE; ++j) {
                const float k = key[j * D + f];
                c[j][0] += q0 * k;
                c[j][1] += q1 * k;
            }
        }
#pragma unroll
        for (int j = 0; j < TILE; ++j) {
            scores[j][0] = part == 0 ? c[j][0] : scores[j][0] + c[j][0];
            scores[j][1] = part == 0 ? c[j][1] : scores[j][1] + c[j][1];
        }
    }
}

// out[c] = out[c]·keep + Σ_j p[j]·value_j[c] over `keys` keys and all DV columns.
static void mix(const float16 (*p)[2], __global const float* value, int keys, float16 keep0, float16 keep1,
                float16 (*out)[2])
{
    for (int tile = 0; tile < MIX_TILES; ++tile) {
        const int first = tile * MIX_WIDTH;
        const int column = first + MIX_WIDTH <= DV ? first : DV - MIX_WIDTH;
        float16 c[MIX_WIDTH][2];
#pragma unroll
        for (int i = 0; i < MIX_WIDTH; ++i)
            c[i][0] = c[i][1] = (float16)(0.0f);
        __global const float* v = value + column;
        for (int j = 0; j < keys; ++j, v += DV) {
            const float16 p0 = p[j][0];
            const float16 p1 = p[j][1];
#pragma unroll
            for (int i = 0; i < MIX_WIDTH; ++i) {
                c[i][0] += p0 * v[i];
                c[i][1] += p1 * v[i];
            }
        }
#pragma unroll
        for (int i = 0; i < MIX_WIDTH; ++i)
            if (column + i >= first) { // the overlap was done by the tile before
                out[column + i][0] = out[column + i][0] * keep0 + c[i][0];
                out[column + i][1] = out[column + i][1] * keep1 + c[i][1];
            }
    }
}

// The first lane's place in the sequence, counted up: which lanes may see key k is `positions >= k`.
static int16 lane_positions(int first)
{
    return first + (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

// Row after row of the lanes: to[row][c] = out[c]·factor, c < width, for the rows first … that exist.
static void store_lanes(const float16 (*out)[2], int width, float16 factor0, float16 factor1, __global float* to,
                        int stride, int first, int count)
{
    for (int half16 = 0; half16 < 2; ++half16) {
        const float16 factor = half16 == 0 ? factor0 : factor1;
        const int left = count - first - half16 * 16; // rows that exist
        __global float* corner = to + (long)(first + half16 * 16) * stride;
        for (int c = 0; c + 16 <= width; c += 16) {
            float16 rows[16];
#pragma unroll
            for (int i = 0; i < 16; ++i)
                rows[i] = out[c + i][half16] * factor;
            transpose16(rows);
#pragma unroll
            for (int lane = 0; lane < 16; ++lane)
                if (lane < left)
                    store16(rows[lane], corner + (long)lane * stride + c);
        }
        for (int c = width / 16 * 16; c < width; ++c) {
            float lanes[16];
            store16_private(out[c][half16] * factor, lanes);
            for (int lane = 0; lane < 16 && lane < left; ++lane)
                corner[(long)lane * stride + c] = lanes[lane];
        }
    }
}

// The same for rows of values.
static void store_rows(const float16 (*out)[2], float16 factor0, float16 factor1, __global float* to, int stride,
                       int first, int count)
{
    store_lanes(out, DV, factor0, factor1, to, stride, first, count);
}

// The same for one number per row and head.
static void store_numbers(float16 x0, float16 x1, __global float* to, int stride, int first, int count)
{
    float lanes[QUERIES];
    store16_private(x0, lanes);
    store16_private(x1, lanes + 16);
    for (int lane = 0; lane < QUERIES && first + lane < count; ++lane)
        to[(long)(first + lane) * stride] = lanes[lane];
}

static void copy_row(__global const float* from, __global float* to, int width)
{
    for (int i = 0; i < width; i += 16)
        store_part(load_part(from + i, width - i), to + i, width - i);
}

// c[i] = q_{row+i}·k·scale for 16 keys of a panel [D][16] and 4 rows [rows][D]; rows past the end repeat the last.
static void score_panel(__global const float* query, int row, int rows, __global const float* panel, float scale,
                        float16 c[4])
{
    __global const float* q[4];
    for (int i = 0; i < 4; ++i) {
        q[i] = query + (long)(row + i < rows ? row + i : rows - 1) * D;
        c[i] = (float16)(0.0f);
    }
    for (int f = 0; f < D; ++f) {
        const float16 k = load16(panel + f * 16);
#pragma unroll
        for (int i = 0; i < 4; ++i)
            c[i] += k * (q[i][f] * scale);
    }
}
