// SPDX-License-Identifier: GPL-3.0-or-later
// Infini-attention: softmax inside a segment, and one memory [M | z] per key/value head for all segments before it, read
// with σ(q) = ELU(q) + 1 and mixed in by a gate. The kernels build on methods/common/tiles.cl.
//
// A batch is a run of new tokens. Its places count from the first token of the segment that was open before it: segment
// i of the batch has the places [i·segment, (i + 1)·segment), the first `open` of segment 0 came earlier. Segment 0 reads
// `state`, segment i reads slots[i − 1], the memory after segment i − 1.

#define SIZE (D * DV + D) // M [D][DV], then z [D], of one key/value head
#define BATCH 32          // tokens of one visit to a slice of the memory
#define SLICE 16          // columns of M that one work-group writes
#define LEAST 1e-6f       // a denominator is at least this
#define PARTS ((D + 15) / 16)
#define PADDED (PARTS * 16) // features of a token, those past D are 0
#define ROWS_AT_ONCE 8

#define LINEAR 0
#define DELTA 1
#define CORRECTED 2

// How queries read the memory; 0: as they are.
#define ZEROED 1
#define SHUFFLED 2

static float feature_of(float x)
{
    return x > 0.0f ? x + 1.0f : safe_exp(x);
}

static float16 features_of(float16 x)
{
    return x > (float16)(0.0f) ? x + 1.0f : safe_exp_16(x);
}

// 2^x for x ≤ 0, to 1e-7; 0 from 2^-127 on.
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

// Rows row0, row0 + 1, … of the new tokens into the caches [keyHeads][capacity][width], from `place` on, and the features
// of their keys without positions to [keyHeads][tokens][PADDED]. One work-item per token.
__kernel void store(__global const float* key, __global const float* raw, __global const float* value,
                    __global float* keys, __global float* values, __global float* features, int row0, int place,
                    int keyHeads, int capacity)
{
    const int token = (int)get_global_id(0), tokens = (int)get_global_size(0);
    for (int head = 0; head < keyHeads; ++head) {
        const long from = (long)(row0 + token) * keyHeads + head;
        const long to = (long)head * capacity + place + token;
        copy_row(key + from * D, keys + to * D, D);
        copy_row(value + from * DV, values + to * DV, DV);
        __global float* f = features + ((long)head * tokens + token) * PADDED;
        for (int i = 0; i < D; i += 16) {
            const float16 x = features_of(load_part(raw + from * D + i, D - i));
            store16(select((float16)(0.0f), x, lane_positions(i) < D), f + i);
        }
    }
}

// The open segment's rows to the front of the caches; they never overlap. One work-item per row.
__kernel void shift(__global float* keys, __global float* values, int from, int keyHeads, int capacity)
{
    const int row = (int)get_global_id(0);
    for (int head = 0; head < keyHeads; ++head) {
        const long to = (long)head * capacity + row;
        copy_row(keys + (to + from) * D, keys + to * D, D);
        copy_row(values + (to + from) * DV, values + to * DV, DV);
    }
}

// dm[i] += Σ_t f[t][i]·u[t] over n tokens. ROWS_AT_ONCE sums grow side by side, so that none waits for itself.
static void add_products(__global const float* f, const float16* u, int n, float16* dm)
{
    for (int i = 0; i < PADDED; i += ROWS_AT_ONCE) { // rows past D are scratch
        float16 c[ROWS_AT_ONCE];
#pragma unroll
        for (int r = 0; r < ROWS_AT_ONCE; ++r)
            c[r] = dm[i + r];
        for (int t = 0; t < n; ++t) {
            __global const float* x = f + t * PADDED + i;
#pragma unroll
            for (int r = 0; r < ROWS_AT_ONCE; ++r)
                c[r] += u[t] * x[r];
        }
#pragma unroll
        for (int r = 0; r < ROWS_AT_ONCE; ++r)
            dm[i + r] = c[r];
    }
}

// u[t] −= what the memory returns for f[t]. ROWS_AT_ONCE tokens side by side; those past the last repeat it.
static void subtract_known(__global const float* f, int n, const float16* m, const float* z, float16* u)
{
    for (int t = 0; t < n; t += ROWS_AT_ONCE) {
        float16 known[ROWS_AT_ONCE];
        __global const float* x[ROWS_AT_ONCE];
#pragma unroll
        for (int r = 0; r < ROWS_AT_ONCE; ++r) {
            known[r] = (float16)(0.0f);
            x[r] = f + (t + r < n ? t + r : n - 1) * PADDED;
        }
        for (int i = 0; i < D; ++i)
#pragma unroll
            for (int r = 0; r < ROWS_AT_ONCE; ++r)
                known[r] += m[i] * x[r][i];
        for (int r = 0; r < ROWS_AT_ONCE && t + r < n; ++r) {
            float16 parts = (float16)(0.0f);
            for (int i = 0; i < PADDED; i += 16)
                parts += load16_private(z + i) * load16(x[r] + i);
            const float denominator = lane_sum(parts);
            u[t + r] -= known[r] / (denominator > LEAST ? denominator : LEAST);
        }
    }
}

// Token by token against m + dm, z + dz; z grows only by what it lacks of a key.
static void write_corrected(__global const float* f, int n, const float16* m, const float* z, float16* u, float16* dm,
                            float* dz)
{
    for (int t = 0; t < n; ++t, f += PADDED) {
        float16 known = (float16)(0.0f);
        float denominator = 0.0f, stored = 0.0f, squares = 0.0f;
        for (int i = 0; i < D; ++i) {
            known += (m[i] + dm[i]) * f[i];
            denominator += (z[i] + dz[i]) * f[i];
            stored += z[i] + dz[i];
            squares += f[i] * f[i];
        }
        if (!(squares > 0.0f))
            continue;
        if (stored > 0.0f)
            u[t] -= known / (denominator > LEAST ? denominator : LEAST);
        const float lacks = 1.0f - denominator / squares;
        const float gamma = lacks > 0.0f ? lacks : 0.0f;
        for (int i = 0; i < D; ++i) {
            dm[i] += u[t] * f[i];
            dz[i] += f[i] * gamma;
        }
    }
}

// The writes of a batch, segment after segment, for one slice of the columns of M; every slice keeps z for itself and
// computes the same. `pending` is what the open segment will add: a segment is summed first, then added once. slots[i] is
// the memory after segment i, the open one included. `bad` [slices·keyHeads] becomes 1 + i where slots[i] is not finite.
// features [keyHeads][count][PADDED], values [keyHeads][capacity][DV] from the open segment's first. Work-groups (slice,
// keyHead).
__kernel void write(__global const float* features, __global const float* values, __global const float* state,
                    __global float* slots, __global float* pending, __global int* bad, int count, int open, int segment,
                    int keyHeads, int capacity, int rule)
{
    const int slices = (int)get_num_groups(0);
    const int slice = (int)get_group_id(0);
    const int head = (int)get_group_id(1);
    const int column = slice * SLICE;
    const int columns = DV - column < SLICE ? DV - column : SLICE;
    float16 m[PADDED], dm[PADDED], u[BATCH];
    float z[PADDED], dz[PADDED];
    __global const float* before = state + (long)head * SIZE;
    __global float* sum = pending + (long)head * SIZE;
    for (int i = 0; i < D; ++i) {
        m[i] = load_part(before + i * DV + column, columns);
        dm[i] = open > 0 ? load_part(sum + i * DV + column, columns) : (float16)(0.0f);
        z[i] = before[D * DV + i];
        // Slices share z: its pending sum is kept once per slice.
        dz[i] = open > 0 ? pending[(long)keyHeads * SIZE + ((long)slice * keyHeads + head) * D + i] : 0.0f;
    }
    for (int i = D; i < PADDED; ++i) {
        m[i] = dm[i] = (float16)(0.0f);
        z[i] = dz[i] = 0.0f;
    }
    __global const float* value = values + ((long)head * capacity + open) * DV + column;
    int slot = 0;
    for (int t = 0; t < count;) {
        int n = segment - open < count - t ? segment - open : count - t;
        n = n < BATCH ? n : BATCH;
        __global const float* f = features + ((long)head * count + t) * PADDED;
        float stored = 0.0f;
        for (int i = 0; i < D; ++i)
            stored += z[i];
        for (int j = 0; j < n; ++j)
            u[j] = load_part(value + (long)(t + j) * DV, columns);
        if (rule == CORRECTED) {
            write_corrected(f, n, m, z, u, dm, dz);
        } else {
            if (rule == DELTA && stored > 0.0f)
                subtract_known(f, n, m, z, u);
            add_products(f, u, n, dm);
            for (int i = 0; i < PADDED; i += 16) {
                float16 sum = load16_private(dz + i);
                for (int j = 0; j < n; ++j)
                    sum += load16(f + j * PADDED + i);
                store16_private(sum, dz + i);
            }
        }
        t += n;
        open += n;
        if (open < segment && t < count)
            continue;
        __global float* after = slots + ((long)slot * keyHeads + head) * SIZE;
        int16 broken = (int16)(0);
        for (int i = 0; i < D; ++i) {
            const float16 whole = m[i] + dm[i];
            broken |= (as_int16(whole) & 0x7f800000) == 0x7f800000;
            store_part(whole, after + i * DV + column, columns);
            if (slice == 0)
                after[D * DV + i] = z[i] + dz[i];
            broken |= (int16)(is_finite(z[i] + dz[i]) ? 0 : -1);
            if (open == segment) {
                m[i] = whole;
                z[i] += dz[i];
                dm[i] = (float16)(0.0f);
                dz[i] = 0.0f;
            }
        }
        if (any(broken) && bad[head * slices + slice] == 0)
            bad[head * slices + slice] = 1 + slot;
        if (open == segment) {
            open = 0;
            ++slot;
        }
    }
    for (int i = 0; i < D; ++i) {
        store_part(dm[i], sum + i * DV + column, columns);
        pending[(long)keyHeads * SIZE + ((long)slice * keyHeads + head) * D + i] = dz[i];
    }
}

// What the two branches of 32 queries become: a = share of the memory over its denominator, b = of local attention over
// its sum.
static void mix_branches(const float16 (*memory)[2], float16 (*nearby)[2], int side, float16 a, float16 b)
{
    for (int c = 0; c < DV; ++c)
        nearby[c][side] = memory[c][side] * a + nearby[c][side] * b;
}

// Per row and head: ‖a‖/(‖a‖ + ‖b‖) of the branches weighted so.
static float16 share_of(const float16 (*memory)[2], const float16 (*nearby)[2], int side, float16 a, float16 b)
{
    float16 first = (float16)(0.0f), second = (float16)(0.0f);
    for (int c = 0; c < DV; ++c) {
        const float16 x = memory[c][side] * a;
        const float16 y = nearby[c][side] * b;
        first += x * x;
        second += y * y;
    }
    const float16 size = sqrt(first) + sqrt(second);
    return size > (float16)(0.0f) ? sqrt(first) / size : (float16)(0.0f);
}

// 32 queries of one head and one segment per work-group: the memory before the segment, then the segment's keys up to
// the query. `query` has positions, `raw` has not. Where `wantNumbers`, per row and head: `lse` of the local scores,
// `denominator` σ(q)·z (0: the memory is empty), `share` of the memory branch; where `wantBranches`, `read`, `nearby`
// [rows, heads·DV] are A_mem and A_dot.
__kernel void attend(__global const float* query, __global const float* raw, __global const float* keys,
                     __global const float* values, __global const float* state, __global const float* slots,
                     __global const float* gates, __global float* out, __global float* lse,
                     __global float* denominator, __global float* share, __global float* read, __global float* nearby,
                     int row0, int count, int open, int segment, int heads, int keyHeads, int capacity, float scale,
                     int firstGated, int reading, int wantNumbers, int wantBranches, int firstGroup)
{
    const int total = open + count; // places of the batch end here
    const int endOfFirst = segment < total ? segment : total;
    const int panelsFirst = (endOfFirst - open + QUERIES - 1) / QUERIES;
    const int panelsEach = (segment + QUERIES - 1) / QUERIES;
    const int after = total - endOfFirst;
    const int panels = panelsFirst + after / segment * panelsEach + (after % segment + QUERIES - 1) / QUERIES;
    const int group = (int)get_group_id(0) + firstGroup;
    const int head = group / panels;
    const int panel = group % panels;
    const int index = panel < panelsFirst ? 0 : 1 + (panel - panelsFirst) / panelsEach;
    const int start = index * segment;
    const int place = panel < panelsFirst ? open + panel * QUERIES
                                          : start + (panel - panelsFirst) % panelsEach * QUERIES;
    const int end = start + segment < total ? start + segment : total;
    const int row = row0 + place - open;
    const int lastRow = row0 + end - open;
    const int keyHead = head * keyHeads / heads;
    const long cache = (long)keyHead * capacity + start;
    __global const float* m =
        index == 0 ? state + (long)keyHead * SIZE : slots + ((long)(index - 1) * keyHeads + keyHead) * SIZE;
    __global const float* z = m + D * DV;

    float16 q[D][2];
    float16 scores[KEYS][2];
    float16 mixed[DV][2], memory[DV][2];
    load_queries(raw + head * D, heads * D, row, lastRow, 1.0f, q);
    const int next = row + QUERIES, soon = next + QUERIES < row0 + count ? next + QUERIES : row0 + count;
    ask_for_rows(raw + head * D, D, heads * D, next, soon);
    for (int f = 0; reading == SHUFFLED && f < D / 2; ++f) {
        for (int side = 0; side < 2; ++side) {
            const float16 x = q[f][side];
            q[f][side] = q[D - 1 - f][side];
            q[D - 1 - f][side] = x;
        }
    }
    float stored = 0.0f;
    float16 sum0 = (float16)(0.0f), sum1 = (float16)(0.0f);
    for (int f = 0; f < D; ++f) {
        q[f][0] = features_of(q[f][0]);
        q[f][1] = features_of(q[f][1]);
        sum0 += q[f][0] * z[f];
        sum1 += q[f][1] * z[f];
        stored += z[f];
    }
    for (int c = 0; c < DV; ++c)
        mixed[c][0] = mixed[c][1] = memory[c][0] = memory[c][1] = (float16)(0.0f);
    const int full = stored > 0.0f;
    if (full)
        mix(q, m, D, (float16)(0.0f), (float16)(0.0f), memory);
    const float16 least = (float16)(LEAST);
    const float16 over0 = 1.0f / (sum0 > least ? sum0 : least);
    const float16 over1 = 1.0f / (sum1 > least ? sum1 : least);
    if (wantNumbers)
        store_numbers(sum0, sum1, denominator + head, heads, row, lastRow);
    if (wantBranches)
        store_rows(memory, over0, over1, read + head * DV, heads * DV, row, lastRow);

    load_queries(query + head * D, heads * D, row, lastRow, scale, q);
    if (query != raw)
        ask_for_rows(query + head * D, D, heads * D, next, soon);
    float16 max0 = (float16)(masked), max1 = (float16)(masked);
    float16 part0 = (float16)(0.0f), part1 = (float16)(0.0f); // Σ 2^(score − max)
    const int first = place - start;
    const int visible = end - start < first + QUERIES ? end - start : first + QUERIES;
    const int16 position0 = lane_positions(first);
    const int16 position1 = position0 + 16;
    for (int block = 0; block < visible; block += KEYS) {
        const int n = visible - block < KEYS ? visible - block : KEYS;
        __global const float* key = keys + (cache + block) * D;
        float16 top0 = max0, top1 = max1;
        for (int j = 0; j < n; j += TILE)
            score_tile(q, key + j * D, scores + j);
        for (int j = 0; j < n; ++j) {
            scores[j][0] = select((float16)(masked), scores[j][0], position0 >= block + j);
            scores[j][1] = select((float16)(masked), scores[j][1], position1 >= block + j);
            top0 = scores[j][0] > top0 ? scores[j][0] : top0;
            top1 = scores[j][1] > top1 ? scores[j][1] : top1;
        }
        const float16 keep0 = weight_of(max0 - top0);
        const float16 keep1 = weight_of(max1 - top1);
        part0 *= keep0;
        part1 *= keep1;
        for (int j = 0; j < n; ++j) {
            scores[j][0] = weight_of(scores[j][0] - top0);
            scores[j][1] = weight_of(scores[j][1] - top1);
            part0 += scores[j][0];
            part1 += scores[j][1];
        }
        mix(scores, values + (cache + block) * DV, n, keep0, keep1, mixed);
        max0 = top0;
        max1 = top1;
    }
    if (wantBranches)
        store_rows(mixed, 1.0f / part0, 1.0f / part1, nearby + head * DV, heads * DV, row, lastRow);
    const float gate = gates[head];
    const float ofMemory = full && reading != ZEROED ? gate : 0.0f;
    const float ofLocal = full || firstGated ? 1.0f - gate : 1.0f;
    const float16 memory0 = over0 * ofMemory, memory1 = over1 * ofMemory;
    const float16 local0 = ofLocal / part0, local1 = ofLocal / part1;
    if (wantNumbers)
        store_numbers(share_of(memory, mixed, 0, memory0, local0), share_of(memory, mixed, 1, memory1, local1),
                      share + head, heads, row, lastRow);
    mix_branches(memory, mixed, 0, memory0, local0);
    mix_branches(memory, mixed, 1, memory1, local1);
    store_rows(mixed, (float16)(1.0f), (float16)(1.0f), out + head * DV, heads * DV, row, lastRow);
    if (wantNumbers)
        store_numbers(max0 * M_LN2_F + log(part0), max1 * M_LN2_F + log(part1), lse + head, heads, row, lastRow);
}

// One new token, one head per work-group: the lanes are features, then values. It is place `place` of the open segment,
// whose memory is `state`.
__kernel void decode(__global const float* query, __global const float* raw, __global const float* keys,
                     __global const float* values, __global const float* state, __global const float* gates,
                     __global float* out, __global float* lse, __global float* denominator, __global float* share,
                     __global float* read, __global float* nearby, int row, int place, int heads, int keyHeads,
                     int capacity, float scale, int firstGated, int reading, int wantBranches)
{
    const int head = (int)get_group_id(0);
    const int keyHead = head * keyHeads / heads;
    const long cache = (long)keyHead * capacity;
    const long slot = (long)row * heads + head;
    __global const float* m = state + (long)keyHead * SIZE;
    __global const float* z = m + D * DV;
    float16 q[(D + 15) / 16];
    float16 mixed[(DV + 15) / 16], memory[(DV + 15) / 16];
    float16 scores[KEYS / 16];
    float* score = (float*)scores;
    for (int i = 0; i < DV; i += 16)
        mixed[i / 16] = memory[i / 16] = (float16)(0.0f);
    float stored = 0.0f, sum = 0.0f;
    for (int f = 0; f < D; ++f) {
        const float x = feature_of(raw[slot * D + (reading == SHUFFLED ? D - 1 - f : f)]);
        stored += z[f];
        sum += x * z[f];
        for (int i = 0; i < DV; i += 16)
            memory[i / 16] += load_part(m + f * DV + i, DV - i) * x;
    }
    for (int i = 0; i < D; i += 16)
        q[i / 16] = load_part(query + slot * D + i, D - i) * scale;
    float top = masked, part = 0.0f;
    for (int block = 0; block <= place; block += KEYS) {
        const int n = place + 1 - block < KEYS ? place + 1 - block : KEYS;
        __global const float* key = keys + (cache + block) * D;
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
        float16 all = (float16)(0.0f);
        for (int i = 0; i < KEYS / 16; ++i) {
            scores[i] = weight_of(scores[i] - next);
            all += scores[i];
        }
        part = part * keep + lane_sum(all);
        for (int i = 0; i < DV; i += 16) {
            __global const float* v = values + (cache + block) * DV + i;
            float16 c = (float16)(0.0f);
            for (int j = 0; j < n; ++j, v += DV)
                c += load_part(v, DV - i) * score[j];
            mixed[i / 16] = mixed[i / 16] * keep + c;
        }
        top = next;
    }
    const int full = stored > 0.0f;
    const float over = 1.0f / (sum > LEAST ? sum : LEAST);
    const float ofMemory = full && reading != ZEROED ? gates[head] : 0.0f;
    const float ofLocal = full || firstGated ? 1.0f - gates[head] : 1.0f;
    float16 first = (float16)(0.0f), second = (float16)(0.0f);
    for (int i = 0; i < DV; i += 16) { // lanes past the row are 0 in both
        const float16 x = memory[i / 16] * (over * ofMemory);
        const float16 y = mixed[i / 16] * (ofLocal / part);
        first += x * x;
        second += y * y;
        store_part(x + y, out + slot * DV + i, DV - i);
        if (wantBranches) {
            store_part(memory[i / 16] * (full ? over : 0.0f), read + slot * DV + i, DV - i);
            store_part(mixed[i / 16] / part, nearby + slot * DV + i, DV - i);
        }
    }
    const float a = sqrt(lane_sum(first)), b = sqrt(lane_sum(second));
    share[slot] = a + b > 0.0f ? a / (a + b) : 0.0f;
    denominator[slot] = sum;
    lse[slot] = top * M_LN2_F + log(part);
}
