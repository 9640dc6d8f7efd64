/* smooth_body.c - layer norm and GELU (places.h); compiled once per instruction set, like kernel_body.c, with
 * the same bits from each: sums are taken in sixteen parts, then those in order. */
#include <math.h>

#include "kernel/place_parts.h"
#include "kernel/places.h"

enum { LANES = 16 };

/* ---- layer norm ---- */

/* Of x less `from`, and of its square. */
INLINE double sum_in_lanes(const float *x, int channels, double from, bool squares)
{
    double sum[LANES] = {0}, all = 0;
    int c = 0;
    for (; c + LANES <= channels; c += LANES)
        for (int i = 0; i < LANES; i++) {
            double value = (double)x[c + i] - from;
            sum[i] += squares ? value * value : value;
        }
    for (int i = 0; c + i < channels; i++) {
        double value = (double)x[c + i] - from;
        sum[i] += squares ? value * value : value;
    }
    for (int i = 0; i < LANES; i++) all += sum[i];
    return all;
}

/* Less a mean in two parts: where values are large and close to each other, no digits are lost. */
typedef struct measure {
    float mean, rest, scale;
} measure;

INLINE measure measure_of(const double measured[2])
{
    float mean = (float)measured[0];
    return (measure){mean, (float)(measured[0] - (double)mean), (float)measured[1]};
}

INLINE float normalized(float x, measure by)
{
    return ((x - by.mean) - by.rest) * by.scale;
}

extern void PASTE(ht_normalize_, HT_ISA)(const float *x, int places, int channels, double epsilon,
                                         const float *gain, const float *bias, double *measured, float *h);
void PASTE(ht_normalize_, HT_ISA)(const float *restrict x, int places, int channels, double epsilon,
                                  const float *restrict gain, const float *restrict bias,
                                  double *restrict measured, float *restrict h)
{
    for (int p = 0; p < places; p++, x += channels, h += channels, measured += 2) {
        measured[0] = sum_in_lanes(x, channels, 0, false) / channels;
        measured[1] = 1 / sqrt(sum_in_lanes(x, channels, measured[0], true) / channels + epsilon);
        measure by = measure_of(measured);
        for (int c = 0; c < channels; c++) h[c] = normalized(x[c], by) * gain[c];
        for (int c = 0; bias && c < channels; c++) h[c] += bias[c];
    }
}

/* The sums of g = gain · delta and of g · y, y the normalized values, of up to LANES of them. */
INLINE void add_lanes(const float *restrict x, const float *restrict gain, const float *restrict delta,
                      int count, measure by, float sum[LANES], float with[LANES])
{
    for (int i = 0; i < count; i++) {
        float g = gain[i] * delta[i];
        sum[i] += g;
        with[i] += g * normalized(x[i], by);
    }
}

extern void PASTE(ht_normalize_back_, HT_ISA)(const float *x, int places, int channels,
                                              const double *measured, const float *gain, const float *delta,
                                              float *d);
void PASTE(ht_normalize_back_, HT_ISA)(const float *restrict x, int places, int channels,
                                       const double *restrict measured, const float *restrict gain,
                                       const float *restrict delta, float *restrict d)
{
    for (int p = 0; p < places; p++, x += channels, delta += channels, d += channels, measured += 2) {
        float sum[LANES] = {0}, with[LANES] = {0};
        double all = 0, shares = 0;
        measure by = measure_of(measured);
        int whole = channels / LANES * LANES;
        for (int c = 0; c < whole; c += LANES) add_lanes(x + c, gain + c, delta + c, LANES, by, sum, with);
        add_lanes(x + whole, gain + whole, delta + whole, channels - whole, by, sum, with);
        for (int i = 0; i < LANES; i++) all += (double)sum[i], shares += (double)with[i];
        float less = (float)(all / channels), share = (float)(shares / channels);
        for (int c = 0; c < channels; c++)
            d[c] = by.scale * (gain[c] * delta[c] - less - normalized(x[c], by) * share);
    }
}

extern void PASTE(ht_normalize_gains_, HT_ISA)(const float *x, int places, int channels,
                                               const double *measured, const float *delta, float *gains,
                                               float *biases);
void PASTE(ht_normalize_gains_, HT_ISA)(const float *restrict x, int places, int channels,
                                        const double *restrict measured, const float *restrict delta,
                                        float *restrict gains, float *restrict biases)
{
    for (int p = 0; p < places; p++, x += channels, delta += channels, measured += 2) {
        measure by = measure_of(measured);
        for (int c = 0; c < channels; c++) gains[c] += delta[c] * normalized(x[c], by);
        for (int c = 0; biases && c < channels; c++) biases[c] += delta[c];
    }
}

/* ---- GELU ---- */

/* Of a ≥ 0: (Φ(-a) / φ(a)) (1 + 0.35 a), a polynomial in t = 1 / (1 + 0.35 a) that was fitted on 0 … 14 (its
 * largest relative error is 3e-8). Relatively right however far out, as 1 + erf is not. */
INLINE floats tail_ratio(floats t)
{
    static const float of[] = {-0.07305853813886642f, 0.3608860671520233f,   -0.6409857869148254f,
                               0.3989962935447693f,   -0.05793173611164093f, 0.26447099447250366f,
                               0.3003760576248169f,   0.3505817651748657f,   0.3499789535999298f};
    floats p = spread(of[0]);
    for (int i = 1; i < 9; i++) p = p * t + spread(of[i]);
    return p;
}

/* Φ(z); *density: φ(z). */
INLINE floats normal(floats z, floats *density)
{
    floats a = (floats)((integers)z & INT32_MAX), t = spread(1.0f) / (spread(1.0f) + spread(0.35f) * a);
    *density = spread(0.3989422804014327f) * exponential_of(spread(-0.5f) * z * z);
    floats tail = *density * (t * tail_ratio(t));
    return choose(z > (floats){0}, spread(1.0f) - tail, tail);
}

INLINE void gelu_vector(float *x, float *slope, int lanes)
{
    floats z = load_lanes(x, lanes), density, up = normal(z, &density);
    if (slope) put_lanes(slope, lanes, up + z * density);
    put_lanes(x, lanes, z * up);
}

INLINE void gelu_all(float *x, float *slope, size_t count)
{
    size_t whole = count / FLOATS * FLOATS;
    for (size_t i = 0; i < whole; i += FLOATS) gelu_vector(x + i, slope ? slope + i : NULL, FLOATS);
    if (whole < count) gelu_vector(x + whole, slope ? slope + whole : NULL, (int)(count - whole));
}

extern void PASTE(ht_gelu_, HT_ISA)(float *x, float *slope, size_t count);
void PASTE(ht_gelu_, HT_ISA)(float *x, float *slope, size_t count)
{
    if (slope)
        gelu_all(x, slope, count);
    else
        gelu_all(x, NULL, count);
}
