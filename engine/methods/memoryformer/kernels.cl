// SPDX-License-Identifier: GPL-3.0-or-later
// The Memory Layer: addresses and scales of a token's chunks, then the picked rows summed.

#define MOST_BITS 32      // room for a chunk: two vectors
#define TABLES_AT_ONCE 16 // whose entries are hashed together
#define NOT_A_NUMBER 0x7fc00000

// Floats in their order as integers, −0 and 0 alike: a comparison that no denormal and no sign of zero can bend.
static int order_of(float x)
{
    const int bits = as_int(x);
    return bits >= 0 ? bits : (int)0x80000000 - bits;
}

// A chunk's entries with the thresholds off, and its address, most significant bit first.
static int load_chunk(__global const float* x, __global const float* thresholds, int bits, float* z)
{
    int code = 0;
    for (int i = 0; i < bits; ++i) {
        code = 2 * code + (order_of(x[i]) >= order_of(thresholds[i]));
        z[i] = fabs(x[i] - thresholds[i]);
    }
    for (int i = bits; i < MOST_BITS; ++i)
        z[i] = 0.0f;
    return code;
}

static float cosine(const float* z, int bits)
{
    float top = 0.0f, sum = 0.0f, squares = 0.0f;
    for (int i = 0; i < bits; ++i)
        top = z[i] > top ? z[i] : top;
    if (order_of(top) == 0)
        return 0.0f;
    for (int i = 0; i < bits; ++i) {
        const float share = z[i] / top;
        sum += share;
        squares += share * share;
    }
    return sum / sqrt((float)bits * squares);
}

// Entries [begin, begin + count) of a row, 16 at a time: what they do to the address and to the scale. bits: 1 where z ≥ 0,
// 2 more where z is not finite; factors: 1/(1 + e^(−2|z|/t)).
static void load_entries(__global const float* x, __global const float* thresholds, int count, float steepness, int* bits,
                         float* sizes, float* factors)
{
    for (int i = 0; i < count; i += LANES) {
        float16 z, edge;
        if (i + LANES <= count) {
            z = vload16(0, x + i);
            edge = vload16(0, thresholds + i);
        } else {
            float entries[LANES], edges[LANES];
            for (int lane = 0; lane < LANES; ++lane) {
                entries[lane] = i + lane < count ? x[i + lane] : 0.0f;
                edges[lane] = i + lane < count ? thresholds[i + lane] : 0.0f;
            }
            z = vload16(0, entries);
            edge = vload16(0, edges);
        }
        const float16 size = fabs(z - edge);
        const int16 raw = as_int16(z), zero = as_int16(edge);
        const int16 order = select((int)0x80000000 - raw, raw, raw >= 0);
        const int16 least = select((int)0x80000000 - zero, zero, zero >= 0);
        const int16 broken = (raw & 0x7f800000) == 0x7f800000;
        // select, not `& 1`: Oclgrind makes 255 of a truth value that is widened.
        const int16 none = (int16)(0);
        vstore16(select(none, (int16)(1), order >= least) + select(none, (int16)(2), broken), i / LANES, bits);
        vstore16(size, i / LANES, sizes);
        vstore16(1.0f / (1.0f + safe_exp_16(-steepness * size)), i / LANES, factors);
    }
}

// Addresses and scales of up to TABLES_AT_ONCE tables of one token from `block` on; returns how many there are.
// `kernel_kind` counts as Weighting in layer.h. The scale of a chunk with a number that is not finite is no number, and so
// is its token's row then.
static int hash_block(__global const float* x, __global const float* thresholds, int width, int bits, int kernel_kind,
                      float steepness, int block, int* codes, float* scales)
{
    int marks[TABLES_AT_ONCE * MOST_BITS];
    float sizes[TABLES_AT_ONCE * MOST_BITS], factors[TABLES_AT_ONCE * MOST_BITS];
    const int begin = block * bits, count = min(TABLES_AT_ONCE * bits, width - begin);
    load_entries(x + begin, thresholds + begin, count, steepness, marks, sizes, factors);
    int chunk = 0;
    for (; chunk * bits < count; ++chunk) {
        const int from = chunk * bits, to = min(from + bits, count);
        int code = 0, seen = 0;
        float product = 1.0f, sum = 0.0f;
        for (int i = from; i < to; ++i) {
            code = 2 * code + (marks[i] & 1);
            seen |= marks[i];
            product *= factors[i];
            sum += sizes[i];
        }
        float scale = kernel_kind == 0 ? product : kernel_kind == 1 ? product * sum : 1.0f;
        if (kernel_kind == 3)
            scale = cosine(sizes + from, to - from);
        codes[chunk] = code;
        scales[chunk] = seen & 2 ? as_float(NOT_A_NUMBER) : scale;
    }
    return chunk;
}

// One group per token: codes and scales [rows, tables].
__kernel void hash(__global const float* x, __global const float* thresholds, __global int* codes,
                   __global float* scales, int width, int tables, int bits, int kernel_kind, float steepness, int first)
{
    const int row = (int)get_group_id(0) + first;
    int own_codes[TABLES_AT_ONCE];
    float own_scales[TABLES_AT_ONCE];
    for (int block = 0; block < tables; block += TABLES_AT_ONCE) {
        const int count = hash_block(x + (long)row * width, thresholds, width, bits, kernel_kind, steepness, block,
                                     own_codes, own_scales);
        for (int chunk = 0; chunk < count; ++chunk) {
            codes[row * tables + block + chunk] = own_codes[chunk];
            scales[row * tables + block + chunk] = own_scales[chunk];
        }
    }
}

#ifdef PROBES
// The likeliest addresses of every chunk with their renormalised weights, [rows, tables, PROBES]: layer.cpp, likeliest().
__kernel void hash_probes(__global const float* x, __global const float* thresholds, __global int* codes,
                          __global float* scales, int width, int tables, int bits, float steepness, int first)
{
    const int place = (int)get_group_id(0) + first, row = place / tables, table = place % tables;
    const int begin = table * bits, own = min(bits, width - begin);
    float z[MOST_BITS];
    const int code = load_chunk(x + row * width + begin, thresholds + begin, own, z);
    int order[MOST_BITS];
    for (int i = 0; i < own; ++i) { // insertion, so that equal sizes keep their order
        int to = i;
        for (; to > 0 && z[order[to - 1]] > z[i]; --to)
            order[to] = order[to - 1];
        order[to] = i;
    }
    float sums[PROBES + 1];
    int lasts[PROBES + 1], sets[PROBES + 1];
    int waiting = 1, found = 0;
    sums[0] = z[order[0]];
    lasts[0] = 0;
    sets[0] = 1;
    float total = 0.0f;
    __global int* to_code = codes + place * PROBES;
    __global float* to_scale = scales + place * PROBES;
    float sum = 0.0f;
    int set = 0;
    while (true) {
        int flipped = code;
        for (int i = 0; i < own; ++i)
            flipped ^= (set >> i & 1) << (own - 1 - order[i]);
        const float weight = safe_exp(-steepness * sum);
        to_code[found] = flipped;
        to_scale[found] = weight;
        total += weight;
        if (++found == PROBES || waiting == 0)
            break;
        int least = 0;
        for (int i = 1; i < waiting; ++i)
            least = sums[i] < sums[least] ? i : least;
        sum = sums[least];
        set = sets[least];
        const int next = lasts[least] + 1;
        --waiting;
        for (int i = least; i < waiting; ++i) { // the first of equal sums goes first
            sums[i] = sums[i + 1];
            lasts[i] = lasts[i + 1];
            sets[i] = sets[i + 1];
        }
        if (next < own && waiting + 2 <= PROBES + 1) {
            sums[waiting] = sum + z[order[next]];
            sums[waiting + 1] = sum - z[order[next - 1]] + z[order[next]];
            lasts[waiting] = lasts[waiting + 1] = next;
            sets[waiting] = set | 1 << next;
            sets[waiting + 1] = (set ^ 1 << (next - 1)) | 1 << next;
            waiting += 2;
        }
    }
    int broken = 0;
    for (int i = 0; i < own; ++i)
        broken |= !is_finite(x[row * width + begin + i]);
    for (int i = 0; i < found; ++i)
        to_scale[i] = broken ? as_float(NOT_A_NUMBER) : to_scale[i] / total;
    for (int i = found; i < PROBES; ++i) {
        to_code[i] = 0;
        to_scale[i] = 0.0f;
    }
}
#endif

#define SLICE 64 // outputs of a work-group: four vectors, which stay in registers
#define PARTS (SLICE / LANES)

// s += Σ scale · row over tables [from, to) of one token, four vectors wide. Sums go in the order of the tables.
static void add_rows(float16* s, __global const int* codes, __global const float* scales, __global const float* slice,
                     int from, int to, int probes, int table_rows)
{
    float16 s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];
    for (int table = from, term = from * probes; table < to; ++table) {
        __global const float* cells = slice + (long)table * table_rows * SLICE;
        for (int probe = 0; probe < probes; ++probe, ++term) {
            __global const float16* row = (__global const float16*)(cells + (long)codes[term] * SLICE);
            const float scale = scales[term];
            s0 += row[0] * scale;
            s1 += row[1] * scale;
            s2 += row[2] * scale;
            s3 += row[3] * scale;
        }
    }
    s[0] = s0;
    s[1] = s1;
    s[2] = s2;
    s[3] = s3;
}

// The same for a last slice of fewer vectors.
static void add_narrow_rows(float16* s, int parts, __global const int* codes, __global const float* scales,
                            __global const float* slice, int from, int to, int probes, int table_rows)
{
    for (int part = 0; part < parts; ++part) {
        float16 sum = s[part];
        for (int term = from * probes; term < to * probes; ++term) {
            const long row = (long)(term / probes) * table_rows + codes[term];
            sum += ((__global const float16*)slice)[row * parts + part] * scales[term];
        }
        s[part] = sum;
    }
}

// out (+)= sum + bias, as far as there are outputs.
static void write_sum(float16 sum, __global const float* bias, __global float* out, int left, int accumulate)
{
    float lanes[LANES];
    vstore16(sum + vload16(0, bias), 0, lanes);
    for (int lane = 0; lane < min(left, LANES); ++lane)
        out[lane] = accumulate ? out[lane] + lanes[lane] : lanes[lane];
}

#define AHEAD 4 // tokens: their rows are on the way while others are summed

// Asks for a row that is soon summed: it may lie anywhere in memory. PoCL's own prefetch() does nothing, and Oclgrind does
// not know the compiler's.
static void fetch_row(__global const float* row, int parts)
{
#ifdef POCL_DEVICE_ADDRESS_BITS
    for (int part = 0; part < parts; ++part)
        __builtin_prefetch(row + part * LANES, 0, 2);
#endif
}

// The same for a token's rows of the tables [from, to).
static void fetch_rows(__global const int* codes, __global const float* slice, int parts, int from, int to, int probes,
                       int table_rows)
{
    for (int table = from; table < to; ++table)
        for (int probe = 0; probe < probes; ++probe)
            fetch_row(slice + ((long)table * table_rows + codes[table * probes + probe]) * parts * LANES, parts);
}

// out[rows, outputs] (+)= Σ scale · row + bias. Tables lie in slices of SLICE outputs, [slice][table][code][outputs], the
// last slice padded to whole vectors. A group takes one slice of `panel` tokens through `block` tables at a time, so many
// as the cache holds: tokens of one code find its row there. Sums between blocks go through `sums`, laid out likewise.
__kernel void gather(__global const int* codes, __global const float* scales, __global const float* cells,
                     __global const float* bias, __global float* sums, __global float* out, int rows, int outputs,
                     int padded, int tables, int probes, int table_rows, int panel, int block, int accumulate, int first)
{
    const int group = (int)get_group_id(0) + first, panels = (rows + panel - 1) / panel;
    const int column = group / panels * SLICE, parts = min(SLICE, padded - column) / LANES;
    const int begin = group % panels * panel, end = min(begin + panel, rows);
    __global const float* slice = cells + (long)column * tables * table_rows;
    __global float16* kept = (__global float16*)(sums + (long)column * rows);
    for (int from = 0; from < tables; from += block) {
        const int to = min(from + block, tables);
        for (int token = begin; token < end; ++token) {
            const long place = (long)token * tables * probes;
            if (token + AHEAD < end)
                fetch_rows(codes + place + (long)AHEAD * tables * probes, slice, parts, from, to, probes, table_rows);
            float16 s[PARTS];
            for (int part = 0; part < parts; ++part)
                s[part] = from > 0 ? kept[(long)token * parts + part] : (float16)(0.0f);
            if (parts == PARTS)
                add_rows(s, codes + place, scales + place, slice, from, to, probes, table_rows);
            else
                add_narrow_rows(s, parts, codes + place, scales + place, slice, from, to, probes, table_rows);
            for (int part = 0; part < parts; ++part) {
                const int at = column + part * LANES;
                if (to < tables)
                    kept[(long)token * parts + part] = s[part];
                else
                    write_sum(s[part], bias + at, out + (long)token * outputs + at, outputs - at, accumulate);
            }
        }
    }
}

#define MOST_SLICES 8   // of a group of look_up: their sums stay in the first cache
#define MOST_TABLES 256 // whose rows are fetched before they are summed

// s += Σ scale · row over `count` tables from `table` on, of a slice of `parts` vectors; as add_rows sums them.
static void add_hashed(float16* s, int parts, const int* codes, const float* scales, int count,
                       __global const float* slice, int table, int table_rows)
{
    if (parts < PARTS) {
        for (int part = 0; part < parts; ++part) {
            __global const float16* cells = (__global const float16*)slice + part;
            for (int i = 0; i < count; ++i)
                s[part] += cells[((long)(table + i) * table_rows + codes[i]) * parts] * scales[i];
        }
        return;
    }
    float16 s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];
    for (int i = 0; i < count; ++i) {
        __global const float16* row =
            (__global const float16*)(slice + ((long)(table + i) * table_rows + codes[i]) * SLICE);
        s0 += row[0] * scales[i];
        s1 += row[1] * scales[i];
        s2 += row[2] * scales[i];
        s3 += row[3] * scales[i];
    }
    s[0] = s0;
    s[1] = s1;
    s[2] = s2;
    s[3] = s3;
}

// hash and gather of a few tokens in one launch: a group hashes its token for itself and sums `share` slices of it. Rows
// of tables that are hashed are on the way while the next are.
__kernel void look_up(__global const float* x, __global const float* thresholds, __global const float* cells,
                      __global const float* bias, __global float* out, int width, int tables, int bits, int kernel_kind,
                      float steepness, int outputs, int padded, int table_rows, int share, int accumulate, int first)
{
    const int slices = (padded + SLICE - 1) / SLICE, groups = (slices + share - 1) / share;
    const int group = (int)get_group_id(0) + first, token = group / groups;
    const int begin = group % groups * share, end = min(begin + share, slices);
    int codes[MOST_TABLES];
    float scales[MOST_TABLES];
    float16 sums[MOST_SLICES * PARTS];
    for (int i = 0; i < (end - begin) * PARTS; ++i)
        sums[i] = (float16)(0.0f);
    for (int from = 0; from < tables; from += MOST_TABLES) {
        const int count = min(MOST_TABLES, tables - from);
        for (int block = 0; block < count; block += TABLES_AT_ONCE) {
            const int hashed = hash_block(x + (long)token * width, thresholds, width, bits, kernel_kind, steepness,
                                          from + block, codes + block, scales + block);
            for (int i = begin; i < end; ++i) {
                const int column = i * SLICE, parts = min(SLICE, padded - column) / LANES;
                for (int table = block; table < block + hashed; ++table)
                    fetch_row(cells + (long)column * tables * table_rows +
                                  ((long)(from + table) * table_rows + codes[table]) * parts * LANES,
                              parts);
            }
        }
        for (int i = begin; i < end; ++i) {
            const int column = i * SLICE, parts = min(SLICE, padded - column) / LANES;
            __global const float* slice = cells + (long)column * tables * table_rows;
            add_hashed(sums + (i - begin) * PARTS, parts, codes, scales, count, slice, from, table_rows);
        }
    }
    for (int column = begin * SLICE; column < min(end * SLICE, padded); column += LANES)
        write_sum(sums[(column - begin * SLICE) / LANES], bias + column, out + (long)token * outputs + column,
                  outputs - column, accumulate);
}

// Whole numbers as floats, for the recorder.
__kernel void numbers(__global const int* from, __global float* to, int count)
{
    const int begin = (int)get_group_id(0) * 256, end = min(begin + 256, count);
    for (int i = begin; i < end; ++i)
        to[i] = (float)from[i];
}
