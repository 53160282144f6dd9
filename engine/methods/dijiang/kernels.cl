// SPDX-License-Identifier: GPL-3.0-or-later
// DiJiang's sums over logarithms of features a = ln φ(k), b = ln φ(q) (features.cl):
//     S = Σ γ^(t−j) φ(k_j) v_jᵀ,  z = Σ γ^(t−j) φ(k_j),  o = Sᵀφ(q) / z·φ(q).
// S and z of feature f are kept divided by e^(M_f), M_f its running maximum, so that nothing overflows and the largest term
// is 1. D is the number of features here, DV the width of values. DENOMINATOR: rows are divided by their sum. RUNNING: there
// are maxima; features that sum to one need none. The kernels build on methods/common/tiles.cl.

#define SUM_NORM (D * DV)
#define SUM_MAXIMA (D * (DV + DENOMINATOR))
#define STATE (D * (DV + DENOMINATOR + RUNNING))
#define LANE_PARTS ((D + 15) / 16)
#define CHUNK QUERIES
#define SUM_ROWS 4                                  // a register tile of the sums: features
#define SUM_PARTS (DV > 48 ? 4 : (DV + 15) / 16)    // and vectors of values
#define ROWS_ASKED ((CHUNK * SUM_ROWS + D - 1) / D) // of the next chunk with each tile of the sums
// How far a maximum may rise inside a chunk: sums keep terms down to e^-87 of the reference, so that what is lost next to
// the largest visible term is below e^-40.
#define MOST_RISE 40.0f
// Logarithms of a row that is not a number (features.cl): as a key it adds nothing to the sums, and its own row is no
// number either.
#ifndef BROKEN
#define BROKEN -3e38f
#endif

static void clear_state(__global float* s)
{
    for (int i = 0; i < SUM_MAXIMA; ++i)
        s[i] = 0.0f;
    for (int i = SUM_MAXIMA; i < STATE; ++i)
        s[i] = masked;
}

// e^x squared, so that it is infinite where e^(2x) is too large for a float.
static float exp_of_twice(float x)
{
    const float half_way = safe_exp(x);
    return half_way * half_way;
}

static float16 exp_of_twice_16(float16 x)
{
    const float16 half_way = safe_exp_16(x);
    return half_way * half_way;
}

// to[c] = to[c]·keep + grow·from[c] over a row of values; where nothing grows the row is not read.
static void add_row(__global float* to, float keep, float grow, __global const float* from)
{
    for (int c = 0; c < DV; c += 16) {
        const float16 old = load_part(to + c, DV - c);
        const float16 new16 = grow == 0.0f ? (float16)(0.0f) : load_part(from + c, DV - c);
        store_part(keep == 1.0f ? old + new16 * grow : old * keep + new16 * grow, to + c, DV - c);
    }
}

// One key more: S ← γ S + φ(k) vᵀ, relative to the new maxima.
static void add_key(__global float* s, __global const float* a, __global const float* value, float decay, float logDecay)
{
    for (int f = 0; f < D; ++f) {
        float keep = decay;
        float grow;
#if RUNNING
        const float old = s[SUM_MAXIMA + f] + logDecay;
        const float top = old > a[f] ? old : a[f];
        keep = safe_exp(old - top);
        grow = safe_exp(a[f] - top);
        s[SUM_MAXIMA + f] = top;
#else
        grow = safe_exp(a[f]);
#endif
#if DENOMINATOR
        s[SUM_NORM + f] = s[SUM_NORM + f] * keep + grow;
#endif
        add_row(s + f * DV, keep, grow, value);
    }
}

// o of one query from the state; `lse` gets ln Σ φ(q)·φ(k).
static void read_row(__global const float* s, __global const float* b, float alive, __global float* out,
                     __global float* lse)
{
    float p[D];
    float top = -3e38f;
    for (int f = 0; f < D; ++f) {
#if RUNNING
        p[f] = b[f] + s[SUM_MAXIMA + f];
#else
        p[f] = b[f];
#endif
        top = p[f] > top ? p[f] : top;
    }
    float sum = 0.0f;
    for (int f = 0; f < D; ++f) {
        p[f] = safe_exp(p[f] - top);
#if DENOMINATOR
        sum += p[f] * s[SUM_NORM + f];
#endif
    }
#if DENOMINATOR
    const float factor = alive / sum;
    *lse = alive > 0.0f ? top + log(sum) : masked;
#else
    const float factor = alive * exp_of_twice(0.5f * top);
#endif
    for (int c = 0; c < DV; c += 16) {
        float16 mixed = (float16)(0.0f);
        for (int f = 0; f < D; ++f)
            mixed += load_part(s + f * DV + c, DV - c) * p[f];
        store_part(mixed * factor, out + c, DV - c);
    }
}

// Rows token by token, for a decode step and for chunks whose maxima rise too far.
static void step_token(__global float* s, int state, int states, int token, __global const float* queryLogs,
                       __global const float* keyLogs, __global const float* value, float decay, float logDecay,
                       float alive, __global float* out, __global float* lse, int heads, int keyHeads)
{
    add_key(s, keyLogs + ((long)token * states + state) * D,
            value + ((long)token * keyHeads + state * keyHeads / states) * DV, decay, logDecay);
    for (int head = 0; head < heads; ++head)
        if (head * states / heads == state) {
            const long place = (long)token * heads + head;
            read_row(s, queryLogs + place * D, alive, out + place * DV, lse + place);
        }
}

// The chunk's references R_f: the largest of the state's maximum and the chunk's features, which all of its rows share.
// False where a row may see only terms that are too small next to them.
static int references(__global const float* s, __global const float* keyLogs, int state, int states, int chunk, int n,
                      float logDecay, float* reference)
{
#if RUNNING
    float16 rise = (float16)(0.0f);
    for (int f = 0; f < D; f += 16) { // lanes past D are zeros throughout
        const long stride = (long)states * D;
        __global const float* a = keyLogs + ((long)chunk * states + state) * D + f;
        const float16 first = load_part(a, D - f), old = load_part(s + SUM_MAXIMA + f, D - f);
        const float16 start = old > first ? old : first;
        float16 top = start;
        for (int j = 1; j < n; ++j) {
            const float16 x = load_part(a + j * stride, D - f);
            top = x > top ? x : top;
        }
        store16_private(top, reference + f);
        rise = top - start > rise ? top - start : rise;
    }
    return lane_max(rise) - n * logDecay <= MOST_RISE;
#else
    for (int f = 0; f < D; ++f)
        reference[f] = 0.0f;
    return -n * logDecay <= MOST_RISE;
#endif
}

// e [n][D] = φ(k) e^(−R) of the chunk's keys; the lanes of the last tile of keys are zeros.
static void chunk_features(__global const float* keyLogs, int state, int states, int chunk, int n,
                           const float* reference, __global float* e)
{
    for (int j = 0; j < CHUNK; ++j) {
        __global const float* a = keyLogs + ((long)(chunk + (j < n ? j : 0)) * states + state) * D;
        for (int f = 0; f < D; f += 16) {
            const float16 x = j < n ? safe_exp_16(load_part(a + f, D - f) - load16_private(reference + f))
                                    : (float16)(0.0f);
            store_part(x, e + j * D + f, D - f);
        }
    }
}

// The rows of the chunk for one query head, their logarithms in p, which is used up: what the state holds, aged γ^(i+1),
// and the pairs inside the chunk.
static void read_chunk(__global const float* s, __global const float* e, float16 (*p)[2],
                       __global const float* packed, const float* reference, int chunk, int n, float logDecay,
                       float alive, __global float* out, __global float* lse, int head, int heads)
{
    float16 mixed[DV][2];
    float16 w[CHUNK][2];
    float16 top0 = (float16)(-3e38f), top1 = top0;
    for (int f = 0; f < D; ++f) {
        p[f][0] += reference[f];
        p[f][1] += reference[f];
        top0 = p[f][0] > top0 ? p[f][0] : top0;
        top1 = p[f][1] > top1 ? p[f][1] : top1;
    }
    for (int f = 0; f < D; ++f) {
        p[f][0] = safe_exp_16(p[f][0] - top0);
        p[f][1] = safe_exp_16(p[f][1] - top1);
    }
    for (int j = 0; j < n; j += TILE)
        score_tile(p, e + j * D, w + j);
    const int16 place0 = lane_positions(0), place1 = place0 + 16;
    float16 sum0 = (float16)(0.0f), sum1 = sum0;
    for (int j = 0; j < n; ++j) {
        const float16 age0 = convert_float16(place0 - j), age1 = convert_float16(place1 - j);
        float16 w0 = w[j][0], w1 = w[j][1];
        if (logDecay != 0.0f) {
            w0 *= safe_exp_16((age0 > 0.0f ? age0 : (float16)(0.0f)) * logDecay);
            w1 *= safe_exp_16((age1 > 0.0f ? age1 : (float16)(0.0f)) * logDecay);
        }
        w0 = select((float16)(0.0f), w0, place0 >= j);
        w1 = select((float16)(0.0f), w1, place1 >= j);
        sum0 += w0;
        sum1 += w1;
        w[j][0] = w0;
        w[j][1] = w1;
    }
    // What the state gives is relative to its own maxima: p e^(M − R).
    float16 aged0 = (float16)(1.0f), aged1 = aged0;
    if (logDecay != 0.0f) {
        aged0 = safe_exp_16((convert_float16(place0) + 1.0f) * logDecay);
        aged1 = safe_exp_16((convert_float16(place1) + 1.0f) * logDecay);
    }
    float kept[LANE_PARTS * 16];
    for (int f = 0; f < D; f += 16)
#if RUNNING
        store16_private(safe_exp_16(load_part(s + SUM_MAXIMA + f, D - f) - load16_private(reference + f)), kept + f);
#else
        store16_private((float16)(1.0f), kept + f);
#endif
    for (int f = 0; f < D; ++f) {
        p[f][0] *= kept[f] * aged0;
        p[f][1] *= kept[f] * aged1;
#if DENOMINATOR
        sum0 += p[f][0] * s[SUM_NORM + f];
        sum1 += p[f][1] * s[SUM_NORM + f];
#endif
    }
    for (int c = 0; c < DV; ++c)
        mixed[c][0] = mixed[c][1] = (float16)(0.0f);
    const float16 one = (float16)(1.0f);
    mix(p, s, D, one, one, mixed);
    mix(w, packed, n, one, one, mixed);
#if DENOMINATOR
    const float16 factor0 = alive / sum0, factor1 = alive / sum1;
    float16 lse0 = top0 + log(sum0), lse1 = top1 + log(sum1);
    if (alive == 0.0f)
        lse0 = lse1 = (float16)(masked);
    store_numbers(lse0, lse1, lse + (long)chunk * heads + head, heads, 0, n);
#else
    const float16 factor0 = exp_of_twice_16(0.5f * top0) * alive;
    const float16 factor1 = exp_of_twice_16(0.5f * top1) * alive;
#endif
    store_rows(mixed, factor0, factor1, out + ((long)chunk * heads + head) * DV, heads * DV, 0, n);
}

// What of the sums is kept once the chunk's keys are added, and what the new part is worth, per feature: the state is n
// tokens older then. Its maxima and z are brought up to date, and e is aged.
static void age_chunk(__global float* s, __global const float* keyLogs, int state, int states, int chunk,
                      __global float* e, const float* reference, int n, float logDecay, float* keeps, float* grows)
{
    for (int f = 0; f < D; f += 16) {
        float16 keep = (float16)(safe_exp(n * logDecay)), grow = (float16)(1.0f);
#if RUNNING
        const float16 old = load_part(s + SUM_MAXIMA + f, D - f) + n * logDecay;
        const float16 whole = load16_private(reference + f);
        float16 top = whole;
        if (logDecay != 0.0f) { // the newest maximum counts its age
            top = old;
            for (int j = 0; j < n; ++j) {
                const float16 a =
                    load_part(keyLogs + ((long)(chunk + j) * states + state) * D + f, D - f) + (n - 1 - j) * logDecay;
                top = a > top ? a : top;
            }
        }
        keep = safe_exp_16(old - top);
        grow = safe_exp_16(whole - top);
        store_part(top, s + SUM_MAXIMA + f, D - f);
#endif
        float16 sum = (float16)(0.0f);
        for (int j = 0; j < n; ++j) {
            float16 x = load_part(e + j * D + f, D - f);
            if (logDecay != 0.0f) {
                x *= safe_exp((n - 1 - j) * logDecay);
                store_part(x, e + j * D + f, D - f); // aged for the sums below
            }
            sum += x;
        }
#if DENOMINATOR
        store_part(load_part(s + SUM_NORM + f, D - f) * keep + sum * grow, s + SUM_NORM + f, D - f);
#endif
        store16_private(keep, keeps + f);
        store16_private(grow, grows + f);
    }
}

// Rows first … first + SUM_ROWS of S: keeps·S + grows·Σ e v.
static void add_features(__global float* s, int first, __global const float* e, __global const float* packed, int n,
                         const float* keeps, const float* grows)
{
    for (int c = 0; c < DV; c += SUM_PARTS * 16) {
        float16 grown[SUM_ROWS][SUM_PARTS];
#pragma unroll
        for (int r = 0; r < SUM_ROWS; ++r)
#pragma unroll
            for (int part = 0; part < SUM_PARTS; ++part)
                grown[r][part] = (float16)(0.0f);
        for (int j = 0; j < n; ++j) {
            float16 v[SUM_PARTS];
#pragma unroll
            for (int part = 0; part < SUM_PARTS; ++part)
                v[part] = c + part * 16 < DV ? load_part(packed + j * DV + c + part * 16, DV - c - part * 16)
                                             : (float16)(0.0f);
#pragma unroll
            for (int r = 0; r < SUM_ROWS; ++r) {
                const float x = e[j * D + (first + r < D ? first + r : D - 1)]; // a row past the last is not stored
#pragma unroll
                for (int part = 0; part < SUM_PARTS; ++part)
                    grown[r][part] += v[part] * x;
            }
        }
#pragma unroll
        for (int r = 0; r < SUM_ROWS; ++r)
#pragma unroll
            for (int part = 0; part < SUM_PARTS; ++part) {
                const int column = c + part * 16;
                __global float* to = s + (first + r) * DV + column;
                if (first + r < D && column < DV)
                    store_part(load_part(to, DV - column) * keeps[first + r] + grown[r][part] * grows[first + r], to,
                               DV - column);
            }
    }
}

// The chunk's keys into the state.
static void add_chunk(__global float* s, __global const float* keyLogs, int state, int states, int chunk,
                      __global float* e, __global const float* packed, const float* reference, int n, float logDecay)
{
    float keeps[LANE_PARTS * 16], grows[LANE_PARTS * 16];
    age_chunk(s, keyLogs, state, states, chunk, e, reference, n, logDecay, keeps, grows);
    for (int f = 0; f < D; f += SUM_ROWS)
        add_features(s, f, e, packed, n, keeps, grows);
}

// Values of the chunk's keys side by side; zeros for a key that is no number, whose value may be none either.
static void pack_values(__global const float* keyLogs, __global const float* value, int own, int keyHeads, int states,
                        int chunk, int n, __global float* packed)
{
    for (int j = 0; j < n; ++j) {
        __global float* to = packed + j * DV;
        if (keyLogs[((long)(chunk + j) * states + own) * D] == BROKEN)
            for (int c = 0; c < DV; ++c)
                to[c] = 0.0f;
        else
            copy_row(value + ((long)(chunk + j) * keyHeads + own * keyHeads / states) * DV, to, DV);
    }
}

// Tokens [begin, end) of the rows given, for one state per work-group: outputs of the query heads that read it, and the
// state after them. queryLogs [end − begin][heads][D], keyLogs [end − begin][states][D], value [count][keyHeads][DV],
// scratch [states][CHUNK][D + DV]. alive 0: all weights of the state are zero, and so is its output.
__kernel void advance(__global const float* queryLogs, __global const float* keyLogs, __global const float* value,
                      __global float* state, __global const float* logDecays, __global const float* alive,
                      __global float* scratch, __global float* out, __global float* lse, int heads, int keyHeads,
                      int states, int begin, int end, int fresh)
{
    const int own = (int)get_group_id(0);
    const float logDecay = logDecays[own];
    const float decay = exp(logDecay);
    __global float* s = state + (long)own * STATE;
    __global float* e = scratch + (long)own * CHUNK * (D + DV);
    __global float* packed = e + CHUNK * D;
    float reference[LANE_PARTS * 16];
    const int count = end - begin;
    value += (long)begin * keyHeads * DV;
    out += (long)begin * heads * DV;
    lse += (long)begin * heads;
    if (fresh)
        clear_state(s);
    for (int chunk = 0; chunk < count; chunk += CHUNK) {
        const int n = count - chunk < CHUNK ? count - chunk : CHUNK;
        if (n == 1 || !references(s, keyLogs, own, states, chunk, n, logDecay, reference)) {
            for (int j = 0; j < n; ++j)
                step_token(s, own, states, chunk + j, queryLogs, keyLogs, value, decay, logDecay, alive[own], out, lse,
                           heads, keyHeads);
            continue;
        }
        pack_values(keyLogs, value, own, keyHeads, states, chunk, n, packed);
        const int next = chunk + CHUNK, after = next + CHUNK < count ? next + CHUNK : count;
        ask_for_rows(value + own * keyHeads / states * DV, DV, keyHeads * DV, next, after);
        chunk_features(keyLogs, own, states, chunk, n, reference, e);
        for (int head = 0; head < heads; ++head) {
            if (head * states / heads != own)
                continue;
            float16 p[D][2];
            load_queries(queryLogs + ((long)chunk * heads + head) * D, heads * D, 0, n, 1.0f, p);
            read_chunk(s, e, p, packed, reference, chunk, n, logDecay, alive[own], out, lse, head, heads);
        }
        add_chunk(s, keyLogs, own, states, chunk, e, packed, reference, n, logDecay);
    }
}

// Without mask: all keys into the state first.
__kernel void gather(__global const float* keyLogs, __global const float* value, __global float* state,
                     __global float* scratch, int keyHeads, int states, int begin, int end, int fresh)
{
    const int own = (int)get_group_id(0);
    __global float* s = state + (long)own * STATE;
    __global float* e = scratch + (long)own * CHUNK * (D + DV);
    __global float* packed = e + CHUNK * D;
    float reference[LANE_PARTS * 16];
    if (fresh)
        clear_state(s);
    for (int chunk = begin; chunk < end; chunk += CHUNK) {
        const int n = end - chunk < CHUNK ? end - chunk : CHUNK;
        references(s, keyLogs, own, states, chunk, n, 0.0f, reference);
        pack_values(keyLogs, value, own, keyHeads, states, chunk, n, packed);
        chunk_features(keyLogs, own, states, chunk, n, reference, e);
        add_chunk(s, keyLogs, own, states, chunk, e, packed, reference, n, 0.0f);
    }
}

// Without mask: 32 queries of one head per work-group read the state.
__kernel void read_all(__global const float* queryLogs, __global const float* state, __global const float* alive,
                       __global float* out, __global float* lse, int count, int heads, int states, int firstGroup)
{
    const int group = (int)get_group_id(0) + firstGroup;
    const int panels = (count + QUERIES - 1) / QUERIES;
    const int head = group / panels;
    const int row = group % panels * QUERIES;
    const int own = head * states / heads;
    __global const float* s = state + (long)own * STATE;
    float16 p[D][2];
    float16 mixed[DV][2];
    load_queries(queryLogs + head * D, heads * D, row, count, 1.0f, p);
    float16 top0 = (float16)(-3e38f), top1 = top0;
    for (int f = 0; f < D; ++f) {
#if RUNNING
        p[f][0] += s[SUM_MAXIMA + f];
        p[f][1] += s[SUM_MAXIMA + f];
#endif
        top0 = p[f][0] > top0 ? p[f][0] : top0;
        top1 = p[f][1] > top1 ? p[f][1] : top1;
    }
    float16 sum0 = (float16)(0.0f), sum1 = sum0;
    for (int f = 0; f < D; ++f) {
        p[f][0] = safe_exp_16(p[f][0] - top0);
        p[f][1] = safe_exp_16(p[f][1] - top1);
#if DENOMINATOR
        sum0 += p[f][0] * s[SUM_NORM + f];
        sum1 += p[f][1] * s[SUM_NORM + f];
#endif
    }
    for (int c = 0; c < DV; ++c)
        mixed[c][0] = mixed[c][1] = (float16)(0.0f);
    const float16 one = (float16)(1.0f);
    mix(p, s, D, one, one, mixed);
#if DENOMINATOR
    const float16 factor0 = alive[own] / sum0, factor1 = alive[own] / sum1;
    float16 lse0 = top0 + log(sum0), lse1 = top1 + log(sum1);
    if (alive[own] == 0.0f)
        lse0 = lse1 = (float16)(masked);
    store_numbers(lse0, lse1, lse + head, heads, row, count);
#else
    const float16 factor0 = exp_of_twice_16(0.5f * top0) * alive[own];
    const float16 factor1 = exp_of_twice_16(0.5f * top1) * alive[own];
#endif
    store_rows(mixed, factor0, factor1, out + head * DV, heads * DV, row, count);
}

static void write_nan(__global float* to, int count)
{
    for (int i = 0; i < count; ++i)
        ((__global uint*)to)[i] = 0x7fc00000u;
}

#ifdef FEATURES // features.cl stands in front, and D is the width of rows too
// A row whose query or key is no number is none; a row of numbers that floats do not hold is marked (see spoil).
static void spoil_row(int broken, __global float* out, __global float* lse, __global int* marks, int token)
{
    if (broken) {
        write_nan(out, DV);
        write_nan(lse, 1);
    }
#if RUNNING && !DENOMINATOR
    for (int c = 0; !broken && c < DV; ++c)
        if (!is_finite(out[c]))
            marks[0] = 1 + token;
#endif
}

// advance() from the rows themselves, for one state per work-group: the features of a chunk are made where they are used,
// and no logarithm of them leaves the caches. query [count][heads][D], key [count][keyHeads][D];
// scratch [states][CHUNK][2 D + DV], queryLogs [CHUNK][heads][D] for chunks whose maxima rise too far.
__kernel void advance_rows(__global const float* query, __global const float* key, __global const float* value, MAPS,
                           __global float* state, __global const float* logDecays, __global const float* alive,
                           __global float* scratch, __global float* queryLogs, __global float* out,
                           __global float* lse, __global int* marks, int heads, int keyHeads, int states,
                           int firstToken, int begin, int end, int fresh)
{
    const int own = (int)get_group_id(0), keyHead = own * keyHeads / states;
    const float logDecay = logDecays[own];
    const float decay = exp(logDecay);
    __global float* s = state + (long)own * STATE;
    __global float* e = scratch + (long)own * CHUNK * (2 * D + DV);
    __global float* packed = e + CHUNK * D;
    __global float* keyLogs = packed + CHUNK * DV;
    float reference[LANE_PARTS * 16], keeps[LANE_PARTS * 16], grows[LANE_PARTS * 16];
    float16 q[D][2];
    float16 p[SPACE][2];
    if (fresh)
        clear_state(s);
    for (int chunk = begin; chunk < end; chunk += CHUNK) {
        const int n = end - chunk < CHUNK ? end - chunk : CHUNK;
        const int next = chunk + CHUNK, after = next + CHUNK < end ? next + CHUNK : end;
        __global const float* values = value + ((long)chunk * keyHeads + keyHead) * DV;
        __global float* rows = out + (long)chunk * heads * DV;
        __global float* sums = lse + (long)chunk * heads;
        load_queries(key + keyHead * D, keyHeads * D, chunk, end, 1.0f, q);
        logs_of(q, own * maps / states, MAPS_GIVEN, p);
        store_lanes(p, D, (float16)(1.0f), (float16)(1.0f), keyLogs, D, 0, n);
        const int together = n > 1 && references(s, keyLogs, 0, 1, 0, n, logDecay, reference);
        if (together) {
            pack_values(keyLogs, values, 0, keyHeads, 1, 0, n, packed);
            chunk_features(keyLogs, 0, 1, 0, n, reference, e);
        }
        for (int head = 0; head < heads; ++head) {
            if (head * states / heads != own)
                continue;
            load_queries(query + head * D, heads * D, chunk, end, 1.0f, q);
            logs_of(q, head * maps / heads, MAPS_GIVEN, p);
            if (!together) {
                store_lanes(p, D, (float16)(1.0f), (float16)(1.0f), queryLogs + head * D, heads * D, 0, n);
                continue;
            }
            float first[QUERIES];
            store16_private(p[0][0], first);
            store16_private(p[0][1], first + 16);
            read_chunk(s, e, p, packed, reference, 0, n, logDecay, alive[own], rows, sums, head, heads);
            for (int j = 0; j < n; ++j)
                spoil_row(first[j] == BROKEN || keyLogs[j * D] == BROKEN, rows + ((long)j * heads + head) * DV,
                          sums + (long)j * heads + head, marks, firstToken + chunk + j);
        }
        if (together) {
            age_chunk(s, keyLogs, 0, 1, 0, e, reference, n, logDecay, keeps, grows);
            for (int f = 0; f < D; f += SUM_ROWS) {
                // The next chunk's rows, a few at a time: asked for at once they would wait for each other.
                const int ask = next + f / SUM_ROWS * ROWS_ASKED;
                const int asked = ask + ROWS_ASKED < after ? ask + ROWS_ASKED : after;
                ask_for_rows(key + keyHead * D, D, keyHeads * D, ask, asked);
                ask_for_rows(query + own * heads / states * D, heads / states * D, heads * D, ask, asked);
                ask_for_rows(value + keyHead * DV, DV, keyHeads * DV, ask, asked);
                add_features(s, f, e, packed, n, keeps, grows);
            }
            continue;
        }
        for (int j = 0; j < n; ++j) {
            add_key(s, keyLogs + j * D, values + (long)j * keyHeads * DV, decay, logDecay);
            for (int head = 0; head < heads; ++head) {
                if (head * states / heads != own)
                    continue;
                const long place = (long)j * heads + head;
                read_row(s, queryLogs + place * D, alive[own], rows + place * DV, sums + place);
                spoil_row(queryLogs[place * D] == BROKEN || keyLogs[j * D] == BROKEN, rows + place * DV, sums + place,
                          marks, firstToken + chunk + j);
            }
        }
    }
}
#endif

// After the sums, for one token and query head per work-item: rows whose query or key is no number are none. A row of
// numbers that floats do not hold leaves 1 + its token in `marks`: without denominator it grows with e^(q·k). The
// logarithms are those of the rows from `begin` on.
__kernel void spoil(__global float* queryLogs, __global const float* keyLogs, __global float* out, __global float* lse,
                    __global int* marks, int heads, int states, int firstToken, int begin)
{
    const int place = (int)get_global_id(0), token = place / heads, head = place % heads;
    out += (long)begin * heads * DV;
    lse += (long)begin * heads;
    const int broken = queryLogs[(long)place * D] == BROKEN;
    if (broken || keyLogs[((long)token * states + head * states / heads) * D] == BROKEN) {
        write_nan(out + (long)place * DV, DV);
        write_nan(lse + place, 1);
    }
#if RUNNING && !DENOMINATOR
    else {
        for (int c = 0; c < DV; ++c)
            if (!is_finite(out[(long)place * DV + c]))
                marks[0] = 1 + firstToken + begin + token;
    }
#endif
    if (broken)
        write_nan(queryLogs + (long)place * D, D);
}

// GroupNorm of every row in place (groups 0: none), times weight, plus bias, then times SiLU of the gate's row where
// there is one. One work-item per row.
__kernel void norm(__global float* rows, __global const float* weight, __global const float* bias,
                   __global const float* gate, int width, int groups, int gated, long gateOffset)
{
    const int row = (int)get_global_id(0);
    __global float* x = rows + (long)row * width;
    const int each = groups > 0 ? width / groups : width;
    for (int first = 0; groups > 0 && first < width; first += each) {
        float mean = 0.0f, square = 0.0f;
        for (int i = 0; i < each; ++i)
            mean += x[first + i];
        mean /= each;
        for (int i = 0; i < each; ++i)
            square += (x[first + i] - mean) * (x[first + i] - mean);
        const float factor = 1.0f / sqrt(square / each + 1e-5f);
        for (int i = 0; i < each; ++i)
            x[first + i] = (x[first + i] - mean) * factor * weight[first + i] + bias[first + i];
    }
    if (gated)
        for (int i = 0; i < width; ++i) {
            const float g = gate[gateOffset + (long)row * width + i];
            x[i] *= g / (1.0f + safe_exp(-g));
        }
}

// [count][from][D] to [count][to][D]: a key head's rows for every query head that reads them, to be shown.
__kernel void spread(__global const float* rows, __global float* out, int from, int to)
{
    const int place = (int)get_global_id(0);
    const int row = place / to, head = place % to;
    __global const float* source = rows + ((long)row * from + head * from / to) * D;
    for (int f = 0; f < D; ++f)
        out[(long)place * D + f] = source[f];
    if (source[0] == BROKEN)
        write_nan(out + (long)place * D, D);
}

// A rectangle of the map: tile[i][j] = Σ_f e^(a_jf + b_if + age·ln γ), b with the row's log sum taken off; 0 after the
// query. Keys lie in panels of 16, [panel][D][16]. One query row per work-group.
__kernel void weights(__global const float* queryLogs, __global const float* panels, __global float* tile,
                      int firstQuery, int firstKey, int keys, int causal, float logDecay, int firstGroup)
{
    const int row = (int)get_group_id(0) + firstGroup;
    __global const float* b = queryLogs + (long)row * D;
    for (int j = 0; j < keys; j += 16) {
        const int16 place = lane_positions(firstKey + j);
        const float16 age = convert_float16(firstQuery + row - place);
        const float16 past = logDecay == 0.0f ? (float16)(0.0f) : age * logDecay;
        float16 w = (float16)(0.0f);
        for (int f = 0; f < D; ++f)
            w += safe_exp_16(load16(panels + ((long)j * D + f * 16)) + (past + b[f]));
        if (causal)
            w = select((float16)(0.0f), w, place <= firstQuery + row);
        store_part(w, tile + (long)row * keys + j, keys - j);
    }
}

// [z | S], z where it is kept, of one state as plain numbers, [D][DENOMINATOR + DV]. One work-item per feature.
__kernel void show(__global const float* state, __global float* out, int own)
{
    const int f = (int)get_global_id(0);
    __global const float* s = state + (long)own * STATE;
    __global float* to = out + f * (DENOMINATOR + DV);
    float factor = 1.0f;
#if RUNNING
    factor = safe_exp(s[SUM_MAXIMA + f]);
#endif
#if DENOMINATOR
    to[0] = s[SUM_NORM + f] * factor;
#endif
    for (int c = 0; c < DV; ++c)
        to[DENOMINATOR + c] = s[f * DV + c] * factor;
}
