// SPDX-License-Identifier: GPL-3.0-or-later
// Exact attention, softmax(scale·q·kᵀ)·v, streamed over key blocks with a running maximum and sum per query: no N × N
// buffer. Scores are kept times log₂e (folded into the query), so that the weight of a key is 2^(score − maximum).
// The kernels build on methods/common/tiles.cl.

// 2^x for x ≤ 0, to 1e-7; 0 from 2^-127 on. safe_exp2_16 without the branches that cannot occur here.
static float16 weight_of(float16 x)
{
    const float16 low = (float16)(-127.0f);
    const float16 y = x > low ? x : low;
    const float16 shifted = y + 12582912.0f; // rounds to the nearest integer, which its low bits then hold
    const float16 f = y - (shifted - 12582912.0f);
    float16 p = (float16)(1.3264722e-3f);
    p = p * f + 9.6715130e-3f;
    p = p * f + 5.5507338e-2f;
    p = p * f + 2.4022242e-1f;
    p = p * f + 6.9314698e-1f;
    p = p * f + 1.0f;
    return p * as_float16((as_int16(shifted) << 23) + 0x3f800000);
}

// Rows of `count` new tokens into the caches [keyHeads][capacity][width], from place `first` on. One work-item per
// token.
__kernel void store(__global const float* key, __global const float* value, __global float* keys,
                    __global float* values, int first, int keyHeads, int capacity)
{
    const int token = (int)get_global_id(0);
    for (int head = 0; head < keyHeads; ++head) {
        const long from = (long)token * keyHeads + head;
        const long to = (long)head * capacity + first + token;
        copy_row(key + from * D, keys + to * D, D);
        copy_row(value + from * DV, values + to * DV, DV);
    }
}

// 32 queries of one head per work-group, all their keys block by block. Where `records`, per row and head [count, heads]:
// `lse` is ln Σ e^score, `entropy` is −Σ a·ln a = lse − Σ a·score.
__kernel void attend(__global const float* query, __global const float* keys, __global const float* values,
                     __global float* out, __global float* lse, __global float* entropy, int first, int count,
                     int heads, int keyHeads, int capacity, int causal, int records, float scale,
                     int firstGroup)
{
    const int group = (int)get_group_id(0) + firstGroup;
    // Head after head, so that a head's keys and values stay in the cache; its longest rows go first.
    const int panels = (count + QUERIES - 1) / QUERIES;
    const int head = group / panels;
    const int row = (panels - 1 - group % panels) * QUERIES;
    const long cache = (long)(head * keyHeads / heads) * capacity;

    float16 q[D][2];
    float16 scores[KEYS][2];
    float16 mixed[DV][2];
    load_queries(query + head * D, heads * D, row, count, scale, q);
    ask_for_rows(query + head * D, D, heads * D, row < QUERIES ? 0 : row - QUERIES, row); // of the next panel
    for (int c = 0; c < DV; ++c)
        mixed[c][0] = mixed[c][1] = (float16)(0.0f);
    float16 max0 = (float16)(masked), max1 = (float16)(masked);
    float16 sum0 = (float16)(0.0f), sum1 = (float16)(0.0f);   // Σ 2^(score − max)
    float16 mean0 = (float16)(0.0f), mean1 = (float16)(0.0f); // Σ 2^(score − max)·(score − max)

    const int total = first + count;
    const int lastRow = row + QUERIES < count ? row + QUERIES : count;
    const int end = causal ? first + lastRow : total;
    const int16 position0 = lane_positions(first + row);
    const int16 position1 = position0 + 16;
    for (int block = 0; block < end; block += KEYS) {
        const int n = end - block < KEYS ? end - block : KEYS;
        __global const float* key = keys + (cache + block) * D;
        float16 top0 = max0, top1 = max1;
        for (int j = 0; j < n; j += TILE)
            score_tile(q, key + j * D, scores + j);
        if (causal && block + n > first + row + 1) {
            for (int j = 0; j < n; ++j) {
                scores[j][0] = select((float16)(masked), scores[j][0], position0 >= block + j);
                scores[j][1] = select((float16)(masked), scores[j][1], position1 >= block + j);
            }
        }
        for (int j = 0; j < n; ++j) {
            top0 = scores[j][0] > top0 ? scores[j][0] : top0;
            top1 = scores[j][1] > top1 ? scores[j][1] : top1;
        }
        const float16 keep0 = weight_of(max0 - top0);
        const float16 keep1 = weight_of(max1 - top1);
        float16 part0 = (float16)(0.0f), part1 = (float16)(0.0f);
        mean0 = keep0 * (mean0 + (max0 - top0) * sum0);
        mean1 = keep1 * (mean1 + (max1 - top1) * sum1);
        for (int j = 0; j < n; ++j) {
            const float16 below0 = scores[j][0] - top0;
            const float16 below1 = scores[j][1] - top1;
            const float16 p0 = weight_of(below0);
            const float16 p1 = weight_of(below1);
            part0 += p0;
            part1 += p1;
            if (records) {
                mean0 += p0 * below0;
                mean1 += p1 * below1;
            }
            scores[j][0] = p0;
            scores[j][1] = p1;
        }
        sum0 = sum0 * keep0 + part0;
        sum1 = sum1 * keep1 + part1;
        mix(scores, values + (cache + block) * DV, n, keep0, keep1, mixed);
        max0 = top0;
        max1 = top1;
    }
    store_rows(mixed, 1.0f / sum0, 1.0f / sum1, out + head * DV, heads * DV, row, count);
    if (!records)
        return;
    const float16 log0 = log(sum0), log1 = log(sum1);
    store_numbers(max0 * M_LN2_F + log0, max1 * M_LN2_F + log1, lse + head, heads, row, count);
    store_numbers(log0 - mean0 / sum0 * M_LN2_F, log1 - mean1 / sum1 * M_LN2_F, entropy + head, heads, row, count);
}

// One new token of one head: the lanes are features, `total` keys are read as they lie.
static void decode_head(const float16* q, __global const float* keys, __global const float* values, int total,
                        __global float* out, __global float* lse, __global float* entropy)
{
    float16 mixed[(DV + 15) / 16];
    float16 scores[KEYS / 16];
    float* score = (float*)scores;
    for (int i = 0; i < DV; i += 16)
        mixed[i / 16] = (float16)(0.0f);
    float top = masked;
    float sum = 0.0f, mean = 0.0f;
    for (int block = 0; block < total; block += KEYS) {
        const int n = total - block < KEYS ? total - block : KEYS;
        __global const float* key = keys + (long)block * D;
        for (int i = 0; i < KEYS / 16; ++i)
            scores[i] = (float16)(masked);
        for (int j = 0; j < n; ++j, key += D) {
            float16 product = (float16)(0.0f);
            for (int i = 0; i < D; i += 16)
                product += q[i / 16] * load_part(key + i, D - i);
            score[j] = lane_sum(product);
        }
        float16 best = (float16)(top);
        for (int i = 0; i < KEYS / 16; ++i)
            best = scores[i] > best ? scores[i] : best;
        const float next = lane_max(best);
        const float keep = weight_of((float16)(top - next)).x;
        float16 part = (float16)(0.0f), below = (float16)(0.0f);
        for (int i = 0; i < KEYS / 16; ++i) {
            const float16 distance = scores[i] - next;
            scores[i] = weight_of(distance);
            part += scores[i];
            below += scores[i] * distance;
        }
        mean = keep * (mean + (top - next) * sum) + lane_sum(below);
        sum = sum * keep + lane_sum(part);
        for (int i = 0; i < DV; i += 16) {
            __global const float* value = values + (long)block * DV + i;
            float16 c = (float16)(0.0f);
            for (int j = 0; j < n; ++j, value += DV)
                c += load_part(value, DV - i) * score[j];
            mixed[i / 16] = mixed[i / 16] * keep + c;
        }
        top = next;
    }
    for (int i = 0; i < DV; i += 16)
        store_part(mixed[i / 16] / sum, out + i, DV - i);
    *lse = top * M_LN2_F + log(sum);
    *entropy = log(sum) - mean / sum * M_LN2_F;
}

// One new token, one head per work-group, over keys that are stored.
__kernel void decode(__global const float* query, __global const float* keys, __global const float* values,
                     __global float* out, __global float* lse, __global float* entropy, int total, int heads,
                     int keyHeads, int capacity, float scale)
{
    const int head = (int)get_group_id(0);
    const long cache = (long)(head * keyHeads / heads) * capacity;
    float16 q[(D + 15) / 16];
    for (int i = 0; i < D; i += 16)
        q[i / 16] = load_part(query + head * D + i, D - i) * scale;
    decode_head(q, keys + cache * D, values + cache * DV, total, out + head * DV, lse + head, entropy + head);
}

#define UNTURNED 0
#define ROTATE_HALF 1 // pairs (i, i + D/2); else (2i, 2i + 1)

// `from` turned by its position, as blocks_rotate does it.
static void turned(__global const float* from, __global const float2* step, __global const float2* block, int positions,
                   float* to)
{
    for (int i = 0; positions == UNTURNED && i < D; ++i)
        to[i] = from[i];
    for (int pair = 0; positions != UNTURNED && pair < D / 2; ++pair) {
        const float c = block[pair].x * step[pair].x - block[pair].y * step[pair].y;
        const float s = block[pair].y * step[pair].x + block[pair].x * step[pair].y;
        const int a = positions == ROTATE_HALF ? pair : 2 * pair;
        const int b = positions == ROTATE_HALF ? pair + D / 2 : 2 * pair + 1;
        to[a] = from[a] * c - from[b] * s;
        to[b] = from[a] * s + from[b] * c;
    }
}

// The whole step of one new token in a launch, a key/value head per work-group: turns its key and its heads' queries,
// stores the key and the value at place total − 1, and decodes.
__kernel void decode_new(__global const float* query, __global const float* key, __global const float* value,
                         __global float* keys, __global float* values, __global float* out, __global float* lse,
                         __global float* entropy, __global const float2* steps, __global const float2* blocks,
                         int positions, int total, int heads, int keyHeads, int capacity, float scale)
{
    const int keyHead = (int)get_group_id(0), place = total - 1;
    __global const float2* byStep = steps + (place & 255) * (D / 2);
    __global const float2* byBlock = blocks + (place >> 8) * (D / 2);
    __global float* ownKeys = keys + (long)keyHead * capacity * D;
    __global float* ownValues = values + (long)keyHead * capacity * DV;
    float row[(D + 15) / 16 * 16];
    turned(key + keyHead * D, byStep, byBlock, positions, row);
    for (int i = 0; i < D; ++i)
        ownKeys[(long)place * D + i] = row[i];
    copy_row(value + keyHead * DV, ownValues + (long)place * DV, DV);
    for (int head = 0; head < heads; ++head) {
        if (head * keyHeads / heads != keyHead)
            continue;
        float16 q[(D + 15) / 16];
        turned(query + head * D, byStep, byBlock, positions, row);
        for (int i = D; i < (D + 15) / 16 * 16; ++i)
            row[i] = 0.0f;
        for (int i = 0; i < D; i += 16)
            q[i / 16] = load16_private(row + i) * scale;
        decode_head(q, ownKeys, ownValues, total, out + head * DV, lse + head, entropy + head);
    }
}

// A rectangle of the map from recorded rows: tile[i][j] = e^(scale·q_i·k_j − lse_i), 0 after the query. Keys lie in panels
// of 16, [panel][D][16]; 4 query rows per work-group.
__kernel void weights(__global const float* query, __global const float* panels, __global const float* lse,
                      __global float* tile, int firstQuery, int queries, int firstKey, int keys, int causal,
                      float scale, int firstGroup)
{
    const int row = ((int)get_group_id(0) + firstGroup) * 4;
    for (int j = 0; j < keys; j += 16) {
        float16 c[4];
        score_panel(query, row, queries, panels + (long)j * D, scale, c);
        for (int i = 0; i < 4 && row + i < queries; ++i) {
            float16 w = weight_of(min(c[i] - lse[row + i] * M_LOG2E_F, (float16)(0.0f)));
            if (causal)
                w = select((float16)(0.0f), w, lane_positions(firstKey + j) <= firstQuery + row + i);
            store_part(w, tile + (long)(row + i) * keys + j, keys - j);
        }
    }
}
