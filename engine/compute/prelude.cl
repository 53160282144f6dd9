// SPDX-License-Identifier: GPL-3.0-or-later
// Put in front of every program (OpenCL C 1.2, float32). Built with -cl-mad-enable -cl-no-signed-zeros
// -cl-finite-math-only, so NaN and infinity mean nothing here: inputs are checked on the host, and a masked score is
// `masked`, not -INFINITY.

// One work-item works on LANES numbers at a time: PoCL does not vectorise a work-item that contains a loop.
#define LANES 16

__constant float masked = -1e30f;

static float lane_sum(float16 x)
{
    const float8 a = x.lo + x.hi;
    const float4 b = a.lo + a.hi;
    const float2 c = b.lo + b.hi;
    return c.x + c.y;
}

static float lane_max(float16 x)
{
    // a > b ? a : b is one instruction; fmax() adds fix-ups for NaN.
    const float8 a = x.lo > x.hi ? x.lo : x.hi;
    const float4 b = a.lo > a.hi ? a.lo : a.hi;
    const float2 c = b.lo > b.hi ? b.lo : b.hi;
    return c.x > c.y ? c.x : c.y;
}

// 2^x to 2e-7 relative, saturating: 0 below 2^-126, 2^127.5 above. Adding and subtracting 1.5·2^23 rounds to the
// nearest integer; its low bits are the exponent.
#define SAFE_EXP2(NAME, FLOATN, INTN, AS_FLOATN, AS_INTN)                                                             \
    static FLOATN NAME(FLOATN x)                                                                                      \
    {                                                                                                                 \
        const FLOATN low = (FLOATN)(-126.0f);                                                                         \
        const FLOATN high = (FLOATN)(127.49f);                                                                        \
        FLOATN y = x > low ? x : low;                                                                                 \
        y = y < high ? y : high;                                                                                      \
        const FLOATN shifted = y + 12582912.0f;                                                                       \
        const FLOATN f = y - (shifted - 12582912.0f);                                                                 \
        FLOATN p = (FLOATN)(1.5403530e-4f);                                                                           \
        p = p * f + 1.3333558e-3f;                                                                                    \
        p = p * f + 9.6181291e-3f;                                                                                    \
        p = p * f + 5.5504109e-2f;                                                                                    \
        p = p * f + 2.4022651e-1f;                                                                                    \
        p = p * f + 6.9314718e-1f;                                                                                    \
        p = p * f + 1.0f;                                                                                             \
        const FLOATN power = AS_FLOATN((AS_INTN(shifted) << 23) + 0x3f800000);                                        \
        return x >= low ? p * power : (FLOATN)(0.0f);                                                                 \
    }

// e^x to 2e-7 relative, saturating like 2^x. ln 2 is split in two so that a large x loses nothing: n·0.693359375 is
// exact.
#define SAFE_EXP(NAME, FLOATN, INTN, AS_FLOATN, AS_INTN)                                                              \
    static FLOATN NAME(FLOATN x)                                                                                      \
    {                                                                                                                 \
        const FLOATN low = (FLOATN)(-87.33f);                                                                         \
        const FLOATN high = (FLOATN)(88.37f);                                                                         \
        FLOATN y = x > low ? x : low;                                                                                 \
        y = y < high ? y : high;                                                                                      \
        const FLOATN shifted = y * 1.44269504f + 12582912.0f;                                                         \
        const FLOATN n = shifted - 12582912.0f;                                                                       \
        FLOATN f = y - n * 0.693359375f;                                                                              \
        f = f + n * 2.12194440e-4f;                                                                                   \
        FLOATN p = (FLOATN)(1.3888889e-3f);                                                                           \
        p = p * f + 8.3333333e-3f;                                                                                    \
        p = p * f + 4.1666667e-2f;                                                                                    \
        p = p * f + 1.6666667e-1f;                                                                                    \
        p = p * f + 0.5f;                                                                                             \
        p = p * f + 1.0f;                                                                                             \
        p = p * f + 1.0f;                                                                                             \
        const FLOATN power = AS_FLOATN((AS_INTN(shifted) << 23) + 0x3f800000);                                        \
        return x >= low ? p * power : (FLOATN)(0.0f);                                                                 \
    }

SAFE_EXP2(safe_exp2, float, int, as_float, as_int)
SAFE_EXP2(safe_exp2_16, float16, int16, as_float16, as_int16)
SAFE_EXP(safe_exp, float, int, as_float, as_int)
SAFE_EXP(safe_exp_16, float16, int16, as_float16, as_int16)

// Sum of a[i]·b[i], i < n.
static float dot_n(__global const float* a, __global const float* b, int n)
{
    float16 sum = (float16)(0.0f);
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        sum = vload16(0, a + i) * vload16(0, b + i) + sum;
    float tail = 0.0f;
    for (; i < n; ++i)
        tail += a[i] * b[i];
    return lane_sum(sum) + tail;
}

// Whether x is a number, told by its bits: -cl-finite-math-only folds isfinite(x) to true.
static int is_finite(float x)
{
    return (as_uint(x) & 0x7f800000u) != 0x7f800000u;
}
