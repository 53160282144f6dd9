// SPDX-License-Identifier: GPL-3.0-or-later
// TaylorShift: weights p(x) = 1 + x + x²/2 of the score x = τ·cos(q, k), divided by their row sum. Queries and keys
// become unit rows first. Written either over the keys (direct) or over features: with x̃ = [1 | x],
//     p(q·k) = ψ(q)·ψ(k),   ψ = the products x̃_a·x̃_b, a ≤ b,
// where the squares (a = b > 0) carry √½ on either side or, as here, ½ on the query's side alone:
// F = (D+1)(D+2)/2 of them, so that a state S = Σ_k [1 | v]ᵀ ψ(k) of (DV+1) × F numbers stands for all keys.
// The kernels build on methods/common/tiles.cl.

#define FEATURES ((D + 1) * (D + 2) / 2)
#define COLUMNS (DV + 1) // the denominator, then the value
#define STATE_TILES TILES_OF(COLUMNS)
#define STATE_WIDTH WIDTH_OF(COLUMNS)
#define EXTENDED (STATE_TILES * STATE_WIDTH) // [1 | v] and what the last tile reads past it
#define STATE (COLUMNS * FEATURES)
#define BATCH 64                                           // tokens of one visit to a slice of the state
#define ROUNDED(N) (((N) + 31) / 32 * 32)
// Features of a slice, at most.
#define SLICE (FEATURES < SLICE_TARGET + D + 1 ? ROUNDED(FEATURES) : ROUNDED(SLICE_TARGET + D + 1))
#define ROW_OF(A) ((A) * (D + 1) - (A) * ((A) - 1) / 2)    // where the products with x̃_a begin
#define PARTS ((D + 15) / 16)                              // vectors of a row
#define PADDED (PARTS * 16 + 32)                           // x̃ with room to read 16 from any place

#if D > 16
#define FLUSH 3
#else
#define FLUSH 4 // never: one chain of at most 153
#endif

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

// The same to x[0 … D), with zeros up to a multiple of 16.
static float unit_row_to(__global const float* row, float temperature, float* x)
{
    float16 parts[PARTS];
    const float norm = unit_row(row, temperature, parts);
    for (int i = 0; i < PARTS; ++i)
        store16_private(parts[i], x + i * 16);
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
        float16 parts[PARTS];
        norms[from] = unit_row(key + from * D, 1.0f, parts);
        for (int i = 0; i < D; i += 16)
            store_part(parts[i / 16], keys + to * D + i, D - i);
        copy_row(value + from * DV, values + to * DV, DV);
    }
}

// out[c] += Σ ψ(q)·S[c], features in the order of the state.
static void apply_state(const float16 (*x)[2], __global const float* state, float16 (*out)[2])
{
    for (int tile = 0; tile < STATE_TILES; ++tile) {
        const int first = tile * STATE_WIDTH;
        const int column = first + STATE_WIDTH <= COLUMNS ? first : COLUMNS - STATE_WIDTH; // overlaps the one before
        for (int i = first - column; i < STATE_WIDTH; ++i)
            out[column + i][0] = out[column + i][1] = (float16)(0.0f);
        float16 c[STATE_WIDTH][2];
#pragma unroll
        for (int i = 0; i < STATE_WIDTH; ++i)
            c[i][0] = c[i][1] = (float16)(0.0f);
        __global const float* s = state + (long)column * FEATURES;
        for (int a = 0; a <= D; ++a) {
            float16 x0 = x[a][0];
            float16 x1 = x[a][1];
            const float square = a > 0 ? 0.5f : 1.0f;
            float16 p0 = x0 * x0 * square;
            float16 p1 = x1 * x1 * square;
            for (int b = a;;) {
#pragma unroll
                for (int i = 0; i < STATE_WIDTH; ++i) {
                    c[i][0] += p0 * s[i * FEATURES];
                    c[i][1] += p1 * s[i * FEATURES];
                }
                ++s;
                if (++b > D)
                    break;
                p0 = x0 * x[b][0];
                p1 = x1 * x[b][1];
            }
            if (a == D || (a & 3) == FLUSH) { // short chains round less
#pragma unroll
                for (int i = 0; i < STATE_WIDTH; ++i) {
                    if (column + i >= first) {
                        out[column + i][0] += c[i][0];
                        out[column + i][1] += c[i][1];
                    }
                    c[i][0] = c[i][1] = (float16)(0.0f);
                }
            }
        }
    }
}

// 32 queries of one head per work-group, rows [row0, count): the state's part, and the direct part over the cache's
// places [firstKey, endKey), where row r's own key lies at place first + r. Direct form: no state. Efficient form: no
// keys. Chunked form: both. Row r is token token0 + r. `denominator`, `linear` (Σ x) and `norms` are [count, heads];
// outScale > 0 is a factor, outScale 0 means √((t + 1)/d) for token t.
__kernel void attend(__global const float* query, __global const float* keys, __global const float* values,
                     __global const float* state, __global const float* temperature, __global float* out,
                     __global float* denominator, __global float* linear, __global float* norms, int token0,
                     int first, int row0, int count, int heads, int keyHeads, int capacity, int firstKey, int endKey,
                     int causal, int useState, float outScale, int firstGroup)
{
    const int group = (int)get_group_id(0) + firstGroup;
    // Head after head, so that what a head reads stays in the cache; its longest rows go first.
    const int panels = (count - row0 + QUERIES - 1) / QUERIES;
    const int head = group / panels;
    const int row = row0 + (panels - 1 - group % panels) * QUERIES;
    const int keyHead = head * keyHeads / heads;

    float16 x[D + 1][2];
    float16 mixed[COLUMNS][2];
    float16 weights[KEYS][2];
    float16 norm[2];
    load_queries(query + head * D, heads * D, row, count, 1.0f, x + 1);
    unit_queries(x + 1, temperature[head], norm);
    x[0][0] = x[0][1] = (float16)(1.0f);
    float16 linear0 = (float16)(0.0f), linear1 = (float16)(0.0f);
    if (useState) {
        __global const float* s = state + (long)keyHead * STATE;
        apply_state(x, s, mixed);
        for (int b = 1; b <= D; ++b) {
            linear0 += x[b][0] * s[b];
            linear1 += x[b][1] * s[b];
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
            score_tile(x + 1, keys + (cache + j) * D, weights + j);
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
    store_numbers(mixed[0][0], mixed[0][1], denominator + head, heads, row, count);
    store_numbers(linear0, linear1, linear + head, heads, row, count);
    store_numbers(norm[0], norm[1], norms + head, heads, row, count);
}

// ψ(k) of `x` (x̃ in a padded array) for the products of rows [a0, a1); writes up to 15 numbers past the last.
static void features_of(const float* x, int a0, int a1, float* to)
{
    for (int a = a0; a < a1; ++a) {
        const float xa = x[a];
        for (int b = a; b <= D; b += 16)
            store16_private(load16_private(x + b) * xa, to + b - a);
        to += D + 1 - a;
    }
}

// The first row of slice `slice` of `slices`: rows are dealt so that each slice holds about the same number of features.
static int slice_row(int slice, int slices)
{
    int a = 0;
    while (a <= D && ROW_OF(a) * slices < slice * FEATURES)
        ++a;
    return a;
}

// S += or = Σ [1 | v]ᵀ ψ(k) over the keys [firstKey + split·perSplit, …) of one key/value head and one slice of the
// features. Work-groups (slice, keyHead, split); each split has a state of its own, [split][keyHead][COLUMNS][FEATURES].
__kernel void build(__global const float* keys, __global const float* values, __global float* state, int firstKey,
                    int endKey, int perSplit, int keyHeads, int capacity, int accumulate)
{
    const int slices = (int)get_num_groups(0);
    const int keyHead = (int)get_group_id(1);
    const int split = (int)get_group_id(2);
    const int a0 = slice_row((int)get_group_id(0), slices);
    const int a1 = slice_row((int)get_group_id(0) + 1, slices);
    const int n = ROW_OF(a1) - ROW_OF(a0);
    __global float* s = state + ((long)split * keyHeads + keyHead) * STATE + ROW_OF(a0);

    float16 features[BATCH * SLICE / 16 + 3];
    float extended[BATCH * EXTENDED + 16];
    float rows[BATCH * PADDED];
    const float16 zero = (float16)(0.0f);
    const int begin = firstKey + split * perSplit;
    const int end = begin + perSplit < endKey ? begin + perSplit : endKey;
    int keep = accumulate;
    for (int token = begin; token < end || !keep; token += BATCH) {
        const int batch = end - token < BATCH ? end - token : BATCH;
        // Lanes that stand for nothing must still be numbers: leftovers may be denormal, which is slow. A store may run
        // into the next token's place, which is written later.
        for (int t = 0; t < batch; ++t) {
            const long place = (long)keyHead * capacity + token + t;
            float* x = rows + t * PADDED;
            x[0] = 1.0f;
            for (int i = 0; i < D; i += 16)
                store16_private(load_part(keys + place * D + i, D - i), x + 1 + i);
            store16_private(zero, x + 1 + PARTS * 16);
            float* e = extended + t * EXTENDED;
            e[0] = 1.0f;
            for (int i = 0; i < DV; i += 16)
                store16_private(load_part(values + place * DV + i, DV - i), e + 1 + i);
            for (int c = COLUMNS; c < EXTENDED; ++c)
                e[c] = 0.0f;
        }
        // Apart from the loop above, so that no load waits for a store of the same row to reach the cache.
        for (int t = 0; t < batch; ++t) {
            float* to = (float*)features + t * SLICE;
            store16_private(zero, to + (n & ~31));
            store16_private(zero, to + (n & ~31) + 16);
            features_of(rows + t * PADDED, a0, a1, to);
        }
        for (int f = 0; f < n; f += 32) {
            for (int column = 0; column < COLUMNS; column += STATE_WIDTH) {
                float16 c[STATE_WIDTH][2];
#pragma unroll
                for (int i = 0; i < STATE_WIDTH; ++i)
                    c[i][0] = c[i][1] = (float16)(0.0f);
                const float16* p = features + f / 16;
                const float* e = extended + column;
                for (int t = 0; t < batch; ++t, p += SLICE / 16, e += EXTENDED) {
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
                        __global float* to = s + (long)(column + i) * FEATURES + f;
                        if (f + 32 <= n) {
                            store16(keep ? c[i][0] + load16(to) : c[i][0], to);
                            store16(keep ? c[i][1] + load16(to + 16) : c[i][1], to + 16);
                        } else {
                            const int left = n - f;
                            store_part(keep ? c[i][0] + load_part(to, left) : c[i][0], to, left);
                            if (left > 16)
                                store_part(keep ? c[i][1] + load_part(to + 16, left - 16) : c[i][1], to + 16,
                                           left - 16);
                        }
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
    float x[PADDED];
    float16 features[(FEATURES + 15) / 16 + 2]; // x is padded with zeros, and so are the features
    for (int i = 0; i < PADDED; ++i)
        x[i] = 0.0f;
    const float keyNorm = unit_row_to(key + keyHead * D, 1.0f, x + 1);
    x[0] = 1.0f;
    features_of(x, 0, D + 1, (float*)features);
    __global float* s = state + (long)keyHead * STATE;
    for (int c = c0; c < c1; ++c) {
        const float e = c == 0 ? 1.0f : value[keyHead * DV + c - 1];
        for (int f = 0; f < FEATURES; f += 16)
            store_part(load_part(s + (long)c * FEATURES + f, FEATURES - f) + features[f / 16] * e,
                       s + (long)c * FEATURES + f, FEATURES - f);
    }
    if (split == 0)
        keyNorms[(long)row * keyHeads + keyHead] = keyNorm;
    for (int head = 0; head < heads; ++head) {
        if (head * keyHeads / heads != keyHead)
            continue;
        const float norm = unit_row_to(query + head * D, temperature[head], x + 1);
        x[0] = 1.0f;
        features_of(x, 0, D + 1, (float*)features);
        for (int a = 1; a <= D; ++a)
            ((float*)features)[ROW_OF(a)] *= 0.5f;
        for (int c = c0; c < c1; ++c) {
            float16 sum = (float16)(0.0f);
            for (int f = 0; f < FEATURES; f += 16)
                sum += load_part(s + (long)c * FEATURES + f, FEATURES - f) * features[f / 16];
            mixed[(long)head * COLUMNS + c] = lane_sum(sum);
        }
        if (split == 0) {
            float sum = 0.0f;
            for (int f = 1; f <= D; ++f)
                sum += s[f] * ((float*)features)[f];
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
    float16 q[PARTS];
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

// The state of one key/value head as [FEATURES][COLUMNS], features in the order constant, linear, squares (times √½), pairs
// i < j.
// One work-item per feature.
__kernel void show(__global const float* state, __global float* out, int keyHead)
{
    const int feature = (int)get_global_id(0);
    int place = feature;
    if (feature > 2 * D) {
        int pair = feature - 2 * D - 1;
        int i = 0;
        for (; pair >= D - 1 - i; ++i)
            pair -= D - 1 - i;
        place = ROW_OF(i + 1) + 1 + pair;
    } else if (feature > D) {
        place = ROW_OF(feature - D);
    }
    const float square = feature > D && feature <= 2 * D ? M_SQRT1_2_F : 1.0f;
    for (int c = 0; c < COLUMNS; ++c)
        out[feature * COLUMNS + c] = state[(long)keyHead * STATE + (long)c * FEATURES + place] * square;
}
