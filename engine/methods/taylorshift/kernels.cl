// SPDX-License-Identifier: GPL-3.0-or-later
// TaylorShift: weights p(x) = 1 + x + x²/2 of the score x = τ·cos(q, k), divided by their row sum. Queries and keys
// become unit rows first. Written either over the keys (direct) or over features:
//     p(q·k) = ψ(q)·ψ(k),   ψ = 1, x_a, x_a·x_b (a ≤ b),
// where the squares carry √½ on either side or, as here, ½ on the key's side alone, so that a state S = Σ_k [1 | v]ᵀ ψ(k)
// stands for all keys. The kernels build on methods/common/tiles.cl.
//
// ψ is kept as whole vectors, each one product of registers, so that no store crosses a cache line. A row has parts x_i
// of TURN lanes (the last filled up with zeros). Part i gives, TURN lanes each, the blocks
//     x_i,  x_i·x_i,  x_i·turned(x_i, 1), …, x_i·turned(x_i, TURN/2),   turned(x, r)[l] = x[(l + r) mod TURN],
// where the second half of the last block would be its first again: it holds zeros, but part 0's the constant 1. After
// them, for every later part j, come the 16 blocks x_i[a]·x_j. Each of the (D+1)(D+2)/2 features stands once.
#define TURN (D > 8 ? 16 : 8)
#define PARTS ((D + TURN - 1) / TURN)
#define ROUNDED(N) (((N) + 31) / 32 * 32)
#define OWN ROUNDED((TURN / 2 + 2) * TURN)       // numbers of a part's own blocks
#define ACROSS (TURN * TURN)                     // of two parts' blocks
#define BLOCK_AT(R) (((R) + 1) * TURN)           // of turned(x_i, R) in a part's own; −1: x_i alone
#define CONSTANT (BLOCK_AT(TURN / 2) + TURN / 2) // where the feature 1 is
#define PART_AT(I) ((I) * OWN + ((I) * (PARTS - 1) - (I) * ((I) - 1) / 2) * ACROSS)
#define FEATURES PART_AT(PARTS) // numbers of ψ with the zeros, a multiple of 32
#define VECTORS (FEATURES / 16)
#define OWN_VECTORS (OWN / 16)
#define ROW_VECTORS ((D + 15) / 16)
#define COLUMNS (DV + 1) // the denominator, then the value
#define STATE (COLUMNS * FEATURES)
#define STATE_TILES TILES_OF(COLUMNS)
#define STATE_WIDTH WIDTH_OF(COLUMNS)
#define EXTENDED (STATE_TILES * STATE_WIDTH) // [1 | v] and what the last tile reads past it
#define BATCH 64 // tokens of one visit to a slice of the state
#define AHEAD 16 // tokens from one that is read to one that is asked for
#define SLICE (VECTORS < SLICE_TARGET / 16 ? VECTORS : SLICE_TARGET / 16) // vectors of a slice, at most

static float16 weight_of(float16 x)
{
    return x * (x * 0.5f + 1.0f) + 1.0f;
}

// 2^-e of the largest number's exponent e, so that squares neither overflow nor vanish; exact. And what makes a row given
// times `range` a unit row, from its sum of squares: x·range·factor = x / max(‖x‖, 1e-12). A long row (range < 1) is
// never near 1e-12, and 1/range may overflow then.
#define UNIT(RANGE_OF, FACTOR_OF, FLOATN, INTN, AS_FLOATN, AS_INTN)                                                   \
    static FLOATN RANGE_OF(FLOATN largest)                                                                            \
    {                                                                                                                 \
        INTN exponent = (AS_INTN(largest) >> 23) & 255;                                                               \
        exponent = exponent < 1 ? (INTN)(1) : exponent;                                                               \
        exponent = exponent > 253 ? (INTN)(253) : exponent;                                                           \
        return AS_FLOATN((254 - exponent) << 23);                                                                     \
    }                                                                                                                 \
    static FLOATN FACTOR_OF(FLOATN squares, FLOATN range, FLOATN* norm)                                               \
    {                                                                                                                 \
        const FLOATN length = sqrt(squares);                                                                          \
        *norm = length / range;                                                                                       \
        return (range < 1.0f || *norm > 1e-12f) ? 1.0f / (length > 0.0f ? length : (FLOATN)(1.0f)) : 1e12f / range;   \
    }

UNIT(range_of, unit_factor, float, int, as_float, as_int)
UNIT(range_of_16, unit_factor_16, float16, int16, as_float16, as_int16)

// The 32 rows of load_queries as τ times unit rows.
static void unit_queries(float16 (*q)[2], float temperature, float16* norm)
{
    for (int half16 = 0; half16 < 2; ++half16) {
        float16 largest = (float16)(0.0f);
        for (int f = 0; f < D; ++f) {
            const float16 x = fabs(q[f][half16]);
            largest = x > largest ? x : largest;
        }
        const float16 range = range_of_16(largest);
        float16 squares = (float16)(0.0f);
        for (int f = 0; f < D; ++f) {
            q[f][half16] *= range;
            squares += q[f][half16] * q[f][half16];
        }
        const float16 factor = unit_factor_16(squares, range, norm + half16) * temperature;
        for (int f = 0; f < D; ++f)
            q[f][half16] *= factor;
    }
}

// parts = temperature · row / ‖row‖, filled up with zeros; returns the norm.
static float unit_row(__global const float* row, float temperature, float16* parts)
{
    float16 largest = (float16)(0.0f);
    for (int i = 0; i < D; i += 16) {
        parts[i / 16] = load_part(row + i, D - i);
        const float16 a = fabs(parts[i / 16]);
        largest = a > largest ? a : largest;
    }
    const float range = range_of(lane_max(largest));
    float16 squares = (float16)(0.0f);
    for (int i = 0; i < D; i += 16) {
        parts[i / 16] *= range;
        squares += parts[i / 16] * parts[i / 16];
    }
    float norm;
    const float factor = unit_factor(lane_sum(squares), range, &norm) * temperature;
    for (int i = 0; i < D; i += 16)
        parts[i / 16] *= factor;
    return norm;
}

// Unit keys and values of `count` new tokens as rows [keyHead][capacity][width] from place `first` on, and the keys'
// norms [count, keyHeads]. One work-item per token.
__kernel void store(__global const float* key, __global const float* value, __global float* keys,
                    __global float* values, __global float* norms, int first, int keyHeads, int capacity)
{
    const int token = (int)get_global_id(0);
    for (int head = 0; head < keyHeads; ++head) {
        const long from = (long)token * keyHeads + head;
        const long to = (long)head * capacity + first + token;
        float16 parts[ROW_VECTORS];
        norms[from] = unit_row(key + from * D, 1.0f, parts);
        for (int i = 0; i < D; i += 16)
            store_part(parts[i / 16], keys + to * D + i, D - i);
        copy_row(value + from * DV, values + to * DV, DV);
    }
}

// out[c] = Σ ψ(q)·S[c], features in the order of the state; 16 queries at a time, so that a product serves as many
// columns as registers hold. Chains of 256 products at most: short ones round less.
#define APPLY_TILES ((COLUMNS + 21) / 22)
#define APPLY_WIDTH ((COLUMNS + APPLY_TILES - 1) / APPLY_TILES)
#define APPLIED(PRODUCT, PLACE)                                                                                       \
    {                                                                                                                 \
        const float16 product = PRODUCT;                                                                              \
        _Pragma("unroll") for (int i = 0; i < APPLY_WIDTH; ++i) c[i] += product * s[i * FEATURES + (PLACE)];          \
    }
#define FLUSHED                                                                                                       \
    _Pragma("unroll") for (int i = 0; i < APPLY_WIDTH; ++i)                                                           \
    {                                                                                                                 \
        if (column + i >= first)                                                                                      \
            out[column + i][half16] += c[i];                                                                          \
        c[i] = (float16)(0.0f);                                                                                       \
    }
static void apply_state(const float16 (*x)[2], __global const float* state, float16 (*out)[2])
{
    for (int tile = 0; tile < APPLY_TILES * 2; ++tile) {
        const int first = tile / 2 * APPLY_WIDTH;
        const int half16 = tile & 1;
        const int column = first + APPLY_WIDTH <= COLUMNS ? first : COLUMNS - APPLY_WIDTH; // overlaps the one before
        __global const float* s = state + (long)column * FEATURES;
        float16 c[APPLY_WIDTH];
#pragma unroll
        for (int i = 0; i < APPLY_WIDTH; ++i) {
            if (column + i >= first)
                out[column + i][half16] = (float16)(s[i * FEATURES + CONSTANT]);
            c[i] = (float16)(0.0f);
        }
        for (int part = 0; part < PARTS; ++part) {
            const float16 (*own)[2] = x + part * TURN;
            const int lanes = D - part * TURN < TURN ? D - part * TURN : TURN;
            for (int l = 0; l < lanes; ++l)
                APPLIED(own[l][half16], l)
            for (int turn = 0; turn <= TURN / 2; ++turn)
                for (int l = 0; l < (turn < TURN / 2 ? lanes : lanes - TURN / 2); ++l) {
                    const int other = (l + turn) % TURN;
                    if (other < lanes)
                        APPLIED(own[l][half16] * own[other][half16], BLOCK_AT(turn) + l)
                }
            s += OWN;
            FLUSHED
            for (int later = part + 1; later < PARTS; ++later) {
                const float16 (*others)[2] = x + later * TURN;
                const int otherLanes = D - later * TURN < TURN ? D - later * TURN : TURN;
                for (int a = 0; a < TURN; ++a)
                    for (int l = 0; l < otherLanes; ++l)
                        APPLIED(own[a][half16] * others[l][half16], a * TURN + l)
                s += ACROSS;
                FLUSHED
            }
        }
    }
}

// 32 queries of one head per work-group, rows [row0, count): the state's part, and the direct part over the cache's
// places [firstKey, endKey), where row r's own key lies at place first + r. Direct form: no state. Efficient form: no
// keys. Chunked form: both. Row r is token token0 + r. `denominator`, `linear` (Σ x) and `norms` are [count, heads],
// written where `records`; outScale > 0 is a factor, outScale 0 means √((t + 1)/d) for token t.
__kernel void attend(__global const float* query, __global const float* keys, __global const float* values,
                     __global const float* state, __global const float* temperature, __global float* out,
                     __global float* denominator, __global float* linear, __global float* norms, int token0,
                     int first, int row0, int count, int heads, int keyHeads, int capacity, int firstKey, int endKey,
                     int causal, int useState, int records, float outScale, int firstGroup)
{
    const int group = (int)get_group_id(0) + firstGroup;
    // Head after head, so that what a head reads stays in the cache; its longest rows go first.
    const int panels = (count - row0 + QUERIES - 1) / QUERIES;
    const int head = group / panels;
    const int row = row0 + (panels - 1 - group % panels) * QUERIES;
    const int keyHead = head * keyHeads / heads;

    float16 x[D][2];
    float16 mixed[COLUMNS][2];
    float16 weights[KEYS][2];
    float16 norm[2];
    load_queries(query + head * D, heads * D, row, count, 1.0f, x);
    ask_for_rows(query + head * D, D, heads * D, row < QUERIES ? 0 : row - QUERIES, row); // of the next panel
    unit_queries(x, temperature[head], norm);
    float16 linear0 = (float16)(0.0f), linear1 = (float16)(0.0f);
    if (useState) {
        __global const float* s = state + (long)keyHead * STATE;
        apply_state(x, s, mixed);
        for (int f = 0; f < D; ++f) {
            const float sum = s[PART_AT(f / TURN) + f % TURN];
            linear0 += x[f][0] * sum;
            linear1 += x[f][1] * sum;
        }
    } else
        for (int c = 0; c < COLUMNS; ++c)
            mixed[c][0] = mixed[c][1] = (float16)(0.0f);

    const int lastRow = row + QUERIES < count ? row + QUERIES : count;
    const int end = causal && first + lastRow < endKey ? first + lastRow : endKey;
    const int16 position0 = lane_positions(first + row);
    const int16 position1 = position0 + 16;
    const float16 one = (float16)(1.0f);
    for (int block = firstKey; block < end; block += KEYS) {
        const int n = end - block < KEYS ? end - block : KEYS;
        const long cache = (long)keyHead * capacity + block;
        for (int j = 0; j < n; j += TILE)
            score_tile(x, keys + (cache + j) * D, weights + j);
        const int masks = causal && block + n > first + row + 1;
        float16 sum0 = (float16)(0.0f), sum1 = (float16)(0.0f);
        float16 first0 = (float16)(0.0f), first1 = (float16)(0.0f);
        for (int j = 0; j < n; ++j) {
            float16 x0 = weights[j][0];
            float16 x1 = weights[j][1];
            float16 w0 = weight_of(x0);
            float16 w1 = weight_of(x1);
            if (masks) {
                x0 = select((float16)(0.0f), x0, position0 >= block + j);
                x1 = select((float16)(0.0f), x1, position1 >= block + j);
                w0 = select((float16)(0.0f), w0, position0 >= block + j);
                w1 = select((float16)(0.0f), w1, position1 >= block + j);
            }
            first0 += x0;
            first1 += x1;
            sum0 += w0;
            sum1 += w1;
            weights[j][0] = w0;
            weights[j][1] = w1;
        }
        mixed[0][0] += sum0;
        mixed[0][1] += sum1;
        linear0 += first0;
        linear1 += first1;
        mix(weights, values + cache * DV, n, one, one, mixed + 1);
    }
    float16 scale0 = (float16)(outScale);
    float16 scale1 = scale0;
    if (outScale == 0.0f) {
        scale0 = sqrt(convert_float16(lane_positions(token0 + row + 1)) / (float)(D));
        scale1 = sqrt(convert_float16(lane_positions(token0 + row + 17)) / (float)(D));
    }
    store_rows(mixed + 1, scale0 / mixed[0][0], scale1 / mixed[0][1], out + head * DV, heads * DV, row, count);
    if (!records)
        return;
    store_numbers(mixed[0][0], mixed[0][1], denominator + head, heads, row, count);
    store_numbers(linear0, linear1, linear + head, heads, row, count);
    store_numbers(norm[0], norm[1], norms + head, heads, row, count);
}

// Vectors [from, to) of ψ(x), squares times `square`; x has ROW_VECTORS vectors.
#if TURN == 16
#define TURNED(X, R)                                                                                                  \
    PICKED(X, X, (R) % 16, (R + 1) % 16, (R + 2) % 16, (R + 3) % 16, (R + 4) % 16, (R + 5) % 16, (R + 6) % 16,        \
           (R + 7) % 16, (R + 8) % 16, (R + 9) % 16, (R + 10) % 16, (R + 11) % 16, (R + 12) % 16, (R + 13) % 16,      \
           (R + 14) % 16, (R + 15) % 16)
#else // two turns of a row of 8 in a vector that has the row twice
#define TURNED(X, R)                                                                                                  \
    PICKED(X, X, (R) % 8, (R + 1) % 8, (R + 2) % 8, (R + 3) % 8, (R + 4) % 8, (R + 5) % 8, (R + 6) % 8, (R + 7) % 8,  \
           (R + 1) % 8, (R + 2) % 8, (R + 3) % 8, (R + 4) % 8, (R + 5) % 8, (R + 6) % 8, (R + 7) % 8, (R + 8) % 8)
#endif
#define LOWER_8 0, 1, 2, 3, 4, 5, 6, 7
#define FEATURE(V, X)                                                                                                 \
    if (from <= at + V && at + V < to)                                                                                \
        features[at + V - from] = X;

static void features_of(const float16* x, float square, int from, int to, float16* features)
{
    const int16 lane = lane_positions(0);
    int at = 0;
    for (int part = 0; part < PARTS; ++part) {
        const float16 last = select((float16)(0.0f), (float16)(part == 0 ? 1.0f : 0.0f), lane == CONSTANT % 16);
#if TURN == 16
        const float16 own = x[part];
        FEATURE(0, own)
        FEATURE(1, own * own * square)
        FEATURE(2, own * TURNED(own, 1))
        FEATURE(3, own * TURNED(own, 2))
        FEATURE(4, own * TURNED(own, 3))
        FEATURE(5, own * TURNED(own, 4))
        FEATURE(6, own * TURNED(own, 5))
        FEATURE(7, own * TURNED(own, 6))
        FEATURE(8, own * TURNED(own, 7))
        FEATURE(9, PICKED(own * TURNED(own, 8), last, LOWER_8, 24, 25, 26, 27, 28, 29, 30, 31))
        at += OWN_VECTORS;
        for (int later = part + 1; later < PARTS; ++later) {
            const float* factors = (const float*)(x + part);
            const int begin = from > at ? from - at : 0;
            const int end = to - at < 16 ? to - at : 16;
            for (int a = begin; a < end; ++a)
                features[at + a - from] = x[later] * factors[a];
            at += 16;
        }
#else
        const float16 own = PICKED(x[0], x[0], LOWER_8, LOWER_8);
        FEATURE(0, PICKED(own, own * own * square, LOWER_8, 16, 17, 18, 19, 20, 21, 22, 23))
        FEATURE(1, own * TURNED(own, 1))
        FEATURE(2, PICKED(own * TURNED(own, 3), last, LOWER_8, 8, 9, 10, 11, 28, 29, 30, 31))
        FEATURE(3, (float16)(0.0f))
#endif
    }
}

// The first vector of slice `slice` of `slices`; slices have whole pairs of vectors.
static int slice_vector(int slice, int slices)
{
    return slice * (VECTORS / 2) / slices * 2;
}

// S += or = Σ [1 | v]ᵀ ψ(k) over the keys [firstKey + split·perSplit, …) of one key/value head and one slice of the
// features. Work-groups (slice, keyHead, split); each split has a state of its own, [split][keyHead][COLUMNS][FEATURES].
// Row of token t and head h: t·tokenStride + h·headStride. `raw`: keys are made unit here, their norms go to
// norms [tokens, keyHeads].
__kernel void build(__global const float* keys, __global const float* values, __global float* state,
                    __global float* norms, int firstKey, int endKey, int perSplit, int keyHeads, int tokenStride,
                    int headStride, int raw, int accumulate)
{
    const int slices = (int)get_num_groups(0);
    const int keyHead = (int)get_group_id(1);
    const int split = (int)get_group_id(2);
    const int from = slice_vector((int)get_group_id(0), slices);
    const int to = slice_vector((int)get_group_id(0) + 1, slices);
    __global float* s = state + ((long)split * keyHeads + keyHead) * STATE + from * 16;

    float16 features[BATCH * SLICE];
    float16 rows[BATCH * ROW_VECTORS];
    float extended[BATCH * EXTENDED + 16];
    const int begin = firstKey + split * perSplit;
    const int end = begin + perSplit < endKey ? begin + perSplit : endKey;
    int keep = accumulate;
    for (int token = begin; token < end || !keep; token += BATCH) {
        const int batch = end - token < BATCH ? end - token : BATCH;
        for (int t = 0; t < batch; ++t) {
            const long place = (long)(token + t) * tokenStride + (long)keyHead * headStride;
            float16* x = rows + t * ROW_VECTORS;
            const int soon = token + t + AHEAD < end ? token + t + AHEAD : end - 1;
            ask_for_rows(keys + (long)keyHead * headStride * D, D, tokenStride * D, soon, soon + 1);
            ask_for_rows(values + (long)keyHead * headStride * DV, DV, tokenStride * DV, soon, soon + 1);
            if (raw) {
                const float norm = unit_row(keys + place * D, 1.0f, x);
                if (from == 0)
                    norms[(long)(token + t) * keyHeads + keyHead] = norm;
            } else
                for (int i = 0; i < D; i += 16)
                    x[i / 16] = load_part(keys + place * D + i, D - i);
            // Lanes that stand for nothing must still be numbers: leftovers may be denormal, which is slow. A store may
            // run into the next token's place, which is written later.
            float* e = extended + t * EXTENDED;
            e[0] = 1.0f;
            for (int i = 0; i < DV; i += 16)
                store16_private(load_part(values + place * DV + i, DV - i), e + 1 + i);
            for (int c = COLUMNS; c < EXTENDED; ++c)
                e[c] = 0.0f;
        }
        // Apart from the loop above, so that no load waits for a store of the same row to reach the cache.
        for (int t = 0; t < batch; ++t)
            features_of(rows + t * ROW_VECTORS, 0.5f, from, to, features + t * SLICE);
        for (int f = 0; f < to - from; f += 2) {
            for (int column = 0; column < COLUMNS; column += STATE_WIDTH) {
                float16 c[STATE_WIDTH][2];
#pragma unroll
                for (int i = 0; i < STATE_WIDTH; ++i)
                    c[i][0] = c[i][1] = (float16)(0.0f);
                const float16* p = features + f;
                const float* e = extended + column;
                for (int t = 0; t < batch; ++t, p += SLICE, e += EXTENDED) {
                    const float16 p0 = p[0];
                    const float16 p1 = p[1];
#pragma unroll
                    for (int i = 0; i < STATE_WIDTH; ++i) {
                        c[i][0] += p0 * e[i];
                        c[i][1] += p1 * e[i];
                    }
                }
#pragma unroll
                for (int i = 0; i < STATE_WIDTH; ++i) {
                    if (column + i < COLUMNS) {
                        __global float* sum = s + (long)(column + i) * FEATURES + f * 16;
                        store16(keep ? c[i][0] + load16(sum) : c[i][0], sum);
                        store16(keep ? c[i][1] + load16(sum + 16) : c[i][1], sum + 16);
                    }
                }
            }
        }
        keep = 1;
    }
}

// S = the sum of the splits' states; one work-item per number.
__kernel void reduce(__global const float* parts, __global float* state, int splits, int size)
{
    const int i = (int)get_global_id(0);
    float sum = parts[i];
    for (int split = 1; split < splits; ++split)
        sum += parts[(long)split * size + i];
    state[i] = sum;
}

// The recurrence for row `row` of the new tokens: S_t = S_{t−1} + [1 | v]ᵀ ψ(k), then ŷ = S_t·ψ(q) for every query head
// of the key/value head. Work-groups (columns, keyHead); `mixed` [heads][COLUMNS] is divided by `finish`.
__kernel void recur(__global const float* query, __global const float* key, __global const float* value,
                    __global const float* temperature, __global float* state, __global float* mixed,
                    __global float* linear, __global float* norms, __global float* keyNorms, int row, int heads,
                    int keyHeads)
{
    query += (long)row * heads * D;
    key += (long)row * keyHeads * D;
    value += (long)row * keyHeads * DV;
    const int splits = (int)get_num_groups(0);
    const int split = (int)get_group_id(0);
    const int keyHead = (int)get_group_id(1);
    const int c0 = split * COLUMNS / splits;
    const int c1 = (split + 1) * COLUMNS / splits;
    float16 x[ROW_VECTORS];
    float16 features[VECTORS];
    const float keyNorm = unit_row(key + keyHead * D, 1.0f, x);
    features_of(x, 0.5f, 0, VECTORS, features);
    __global float* s = state + (long)keyHead * STATE;
    for (int c = c0; c < c1; ++c) {
        const float e = c == 0 ? 1.0f : value[keyHead * DV + c - 1];
        __global float* column = s + (long)c * FEATURES;
        for (int v = 0; v < VECTORS; ++v)
            store16(load16(column + v * 16) + features[v] * e, column + v * 16);
    }
    if (split == 0)
        keyNorms[(long)row * keyHeads + keyHead] = keyNorm;
    for (int head = 0; head < heads; ++head) {
        if (head * keyHeads / heads != keyHead)
            continue;
        const float norm = unit_row(query + head * D, temperature[head], x);
        features_of(x, 1.0f, 0, VECTORS, features);
        for (int c = c0; c < c1; ++c) {
            float16 sum = (float16)(0.0f);
            for (int v = 0; v < VECTORS; ++v)
                sum += load16(s + (long)c * FEATURES + v * 16) * features[v];
            mixed[(long)head * COLUMNS + c] = lane_sum(sum);
        }
        if (split == 0) {
            float sum = 0.0f;
            for (int f = 0; f < D; ++f)
                sum += s[PART_AT(f / TURN) + f % TURN] * ((const float*)x)[f];
            linear[(long)row * heads + head] = sum;
            norms[(long)row * heads + head] = norm;
        }
    }
}

// y = ŷ[1:] / ŷ[0] of row `row`; one work-item per head.
__kernel void finish(__global const float* mixed, __global float* out, __global float* denominator, int row, int heads,
                     float outScale)
{
    const int head = (int)get_global_id(0);
    const long place = (long)row * heads + head;
    __global const float* y = mixed + (long)head * COLUMNS;
    const float factor = outScale / y[0];
    for (int c = 0; c < DV; ++c)
        out[place * DV + c] = y[1 + c] * factor;
    denominator[place] = y[0];
}

// The direct form for one new token, one head per work-group: the lanes are features.
__kernel void decode(__global const float* query, __global const float* keys, __global const float* values,
                     __global const float* temperature, __global float* out, __global float* denominator,
                     __global float* linear, __global float* norms, int total, int heads, int keyHeads, int capacity,
                     float outScale)
{
    const int head = (int)get_group_id(0);
    const long cache = (long)(head * keyHeads / heads) * capacity;
    float16 q[ROW_VECTORS];
    norms[head] = unit_row(query + head * D, temperature[head], q);
    float16 mixed[(DV + 15) / 16];
    float16 weights[KEYS / 16];
    float* weight = (float*)weights;
    for (int i = 0; i < DV; i += 16)
        mixed[i / 16] = (float16)(0.0f);
    float sum = 0.0f, scores = 0.0f;
    for (int block = 0; block < total; block += KEYS) {
        const int n = total - block < KEYS ? total - block : KEYS;
        __global const float* key = keys + (cache + block) * D;
        for (int j = 0; j < n; ++j, key += D) {
            float16 product = (float16)(0.0f);
            for (int i = 0; i < D; i += 16)
                product += q[i / 16] * load_part(key + i, D - i);
            weight[j] = lane_sum(product);
        }
        float part = 0.0f, first = 0.0f;
        for (int j = 0; j < n; ++j) {
            first += weight[j];
            weight[j] = weight[j] * (weight[j] * 0.5f + 1.0f) + 1.0f;
            part += weight[j];
        }
        sum += part;
        scores += first;
        for (int i = 0; i < DV; i += 16) {
            __global const float* value = values + (cache + block) * DV + i;
            float16 c = (float16)(0.0f);
            for (int j = 0; j < n; ++j, value += DV)
                c += load_part(value, DV - i) * weight[j];
            mixed[i / 16] += c;
        }
    }
    for (int i = 0; i < DV; i += 16)
        store_part(mixed[i / 16] * (outScale / sum), out + head * DV + i, DV - i);
    denominator[head] = sum;
    linear[head] = scores;
}

// A rectangle of the map from recorded rows made unit on the host (queries times τ): tile[i][j] = p(q_i·k_j)·factor_i, 0
// after the query. Keys lie in panels of 16, [panel][D][16]; 4 query rows per work-group.
__kernel void weights(__global const float* query, __global const float* panels, __global const float* factor,
                      __global float* tile, int firstQuery, int queries, int firstKey, int keys, int causal,
                      int firstGroup)
{
    const int row = ((int)get_group_id(0) + firstGroup) * 4;
    for (int j = 0; j < keys; j += 16) {
        float16 c[4];
        score_panel(query, row, queries, panels + (long)j * D, 1.0f, c);
        for (int i = 0; i < 4 && row + i < queries; ++i) {
            float16 w = weight_of(c[i]) * factor[row + i];
            if (causal)
                w = select((float16)(0.0f), w, lane_positions(firstKey + j) <= firstQuery + row + i);
            store_part(w, tile + (long)(row + i) * keys + j, keys - j);
        }
    }
}

// What the probes show of a row and head: the shares of p's three terms in the denominator, and the key's norm beside
// the query's. `visible` keys: token0 + r + 1 in a causal layer, else all. One work-item per row and head.
__kernel void shares(__global const float* denominator, __global const float* linear, __global const float* keyNorms,
                     __global float* constantShare, __global float* linearShare, __global float* quadraticShare,
                     __global float* keyNorm, int token0, int all, int heads, int keyHeads)
{
    const int place = (int)get_global_id(0);
    const int row = place / heads;
    const float keys = (float)(all > 0 ? all : token0 + row + 1);
    const float sum = denominator[place];
    constantShare[place] = keys / sum;
    linearShare[place] = linear[place] / sum;
    quadraticShare[place] = (sum - keys - linear[place]) / sum;
    keyNorm[place] = keyNorms[row * keyHeads + place % heads * keyHeads / heads];
}

// Where the product of features a ≤ b stands in ψ.
static int place_of(int a, int b)
{
    const int part = a / TURN;
    const int la = a % TURN, lb = b % TURN;
    if (b / TURN > part)
        return PART_AT(part) + OWN + (b / TURN - part - 1) * ACROSS + la * TURN + lb;
    const int turn = lb - la;
    return PART_AT(part) + (turn <= TURN / 2 ? BLOCK_AT(turn) + la : BLOCK_AT(TURN - turn) + lb);
}

// The state of one key/value head as [features][COLUMNS], features in the order constant, linear, squares (times √½),
// pairs a < b. One work-item per feature.
__kernel void show(__global const float* state, __global float* out, int keyHead)
{
    const int feature = (int)get_global_id(0);
    int place = CONSTANT;
    float factor = 1.0f;
    if (feature > 2 * D) {
        int pair = feature - 2 * D - 1;
        int a = 0;
        for (; pair >= D - 1 - a; ++a)
            pair -= D - 1 - a;
        place = place_of(a, a + 1 + pair);
    } else if (feature > D) {
        place = place_of(feature - D - 1, feature - D - 1);
        factor = M_SQRT2_F;
    } else if (feature > 0)
        place = PART_AT((feature - 1) / TURN) + (feature - 1) % TURN;
    for (int c = 0; c < COLUMNS; ++c)
        out[feature * COLUMNS + c] = state[(long)keyHead * STATE + (long)c * FEATURES + place] * factor;
}
