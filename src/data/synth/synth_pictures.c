/* `pictures-synth`: ten shapes and textures in colour, 3 × 32 × 32, for networks that look for the same thing
 * everywhere. A shape lies anywhere, of any size, turned and stretched at random, in a colour that only
 * differs from what is around it, before clutter and coloured waves, under noise. Its class depends on none
 * of these: what tells it is how pixels lie beside each other, so a dense network has to learn it anew at
 * every place. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "data/loader.h"
#include "data/synth/balance.h"
#include "num/rng.h"

enum {
    SIDE = 32,
    PIXELS = SIDE * SIDE,
    COLOURS = 3,
    INPUTS = COLOURS * PIXELS,
    CLASSES = 10,
    TRAIN_COUNT = 10000,
    TEST_COUNT = 2000,
    WAVES = 2,
    LINES_MAX = 3, /* pieces of clutter behind the shape are one more at the most */
};

/* Of the training pixels (0..1) of seed 1, all colours; other seeds differ by less than 0.002. */
#define PIXEL_MEAN 0.4997f
#define PIXEL_STD 0.2485f

static const char *const names[CLASSES] = {"disc",  "ring", "square",   "frame",   "triangle",
                                           "cross", "star", "crescent", "stripes", "checks"};

/* The picture as it is painted: levels of red, green, blue. */
typedef float canvas[COLOURS][SIDE][SIDE];

typedef struct colour {
    float of[COLOURS];
} colour;

static double between(ht_rng *rng, double low, double high)
{
    return low + (high - low) * ht_rng_uniform(rng);
}

static colour draw_colour(ht_rng *rng, double low, double high)
{
    colour c;
    for (int k = 0; k < COLOURS; k++) c.of[k] = (float)between(rng, low, high);
    return c;
}

/* ---- shapes: how far inside (u, v) is, below 0 outside; the shape reaches about 1 from the middle --------
 */

typedef double outline(double u, double v);

static double disc(double u, double v)
{
    return 0.9 - hypot(u, v);
}

static double ring(double u, double v)
{
    return 0.2 - fabs(hypot(u, v) - 0.75);
}

static double square(double u, double v)
{
    return 0.76 - fmax(fabs(u), fabs(v));
}

static double frame(double u, double v)
{
    return 0.18 - fabs(fmax(fabs(u), fabs(v)) - 0.66);
}

static double triangle(double u, double v)
{
    return 0.55 - fmax(v, 0.5 * sqrt(3) * fabs(u) - 0.5 * v);
}

static double cross(double u, double v)
{
    double low = fmin(fabs(u), fabs(v)), high = fmax(fabs(u), fabs(v));
    return fmin(0.27 - low, 0.95 - high);
}

/* Five points; one of their ten equal edges, after folding the others onto it. */
static double star(double u, double v)
{
    const double tenth = M_PI / 5, inner = 0.42, outer = 1.05;
    double radius = hypot(u, v), angle = fabs(remainder(atan2(u, v), 2 * tenth));
    double x = radius * cos(angle), y = radius * sin(angle);
    double dx = inner * cos(tenth) - outer, dy = inner * sin(tenth);
    return (dy * (outer - x) + dx * y) / hypot(dx, dy);
}

static double crescent(double u, double v)
{
    return fmin(0.95 - hypot(u, v), hypot(u - 0.5, v) - 0.72);
}

static double stripes(double u, double v)
{
    return fmin(1 - hypot(u, v), 0.15 - fabs(remainder(u, 0.6)));
}

static double checks(double u, double v)
{
    double a = 0.25 - fabs(remainder(u, 1)), b = 0.25 - fabs(remainder(v, 1));
    double level = (a > 0) == (b > 0) ? fmin(fabs(a), fabs(b)) : -fmin(fabs(a), fabs(b));
    return fmin(1 - hypot(u, v), level);
}

static outline *const outlines[CLASSES] = {disc,  ring, square,   frame,   triangle,
                                           cross, star, crescent, stripes, checks};

/* ---- painting ------------------------------------------------------------------------------------------ */

static void paint_pixel(canvas to, int row, int column, const colour *paint, double cover)
{
    float share = cover >= 1 ? 1 : (float)cover;
    for (int k = 0; k < COLOURS; k++) to[k][row][column] += share * (paint->of[k] - to[k][row][column]);
}

static int pixel_at(double place)
{
    return place < 0 ? 0 : place >= SIDE ? SIDE - 1 : (int)place;
}

/* Flat colour and long waves of other colours: sin(a + b) from tables of rows and columns. */
static void paint_ground(ht_rng *rng, const colour *ground, canvas to)
{
    for (int k = 0; k < COLOURS; k++)
        for (int i = 0; i < PIXELS; i++) to[k][i / SIDE][i % SIDE] = ground->of[k];
    for (int w = 0; w < WAVES; w++) {
        double turn = between(rng, 0, M_PI), phase = between(rng, 0, 2 * M_PI);
        double rate = 2 * M_PI / between(rng, 9, 40);
        float across[2][SIDE], down[2][SIDE];
        colour size = draw_colour(rng, -0.1, 0.1);
        for (int i = 0; i < SIDE; i++) {
            double x = rate * cos(turn) * i, y = rate * sin(turn) * i + phase;
            across[0][i] = (float)sin(x), across[1][i] = (float)cos(x);
            down[0][i] = (float)sin(y), down[1][i] = (float)cos(y);
        }
        for (int k = 0; k < COLOURS; k++)
            for (int r = 0; r < SIDE; r++)
                for (int c = 0; c < SIDE; c++)
                    to[k][r][c] += size.of[k] * (across[0][c] * down[1][r] + across[1][c] * down[0][r]);
    }
}

/* A short line of any colour, anywhere. */
static void paint_line(ht_rng *rng, canvas to)
{
    double x = between(rng, 0, SIDE), y = between(rng, 0, SIDE), turn = between(rng, 0, M_PI);
    double length = between(rng, 3, 8), thick = between(rng, 0.4, 1.3);
    double dx = cos(turn), dy = sin(turn), reach = length + thick + 1;
    colour paint = draw_colour(rng, 0, 1);
    for (int r = pixel_at(y - reach); r <= pixel_at(y + reach); r++)
        for (int c = pixel_at(x - reach); c <= pixel_at(x + reach); c++) {
            double px = c + 0.5 - x, py = r + 0.5 - y, along = px * dx + py * dy;
            double beyond = fabs(along) > length ? fabs(along) - length : 0;
            double cover = thick + 0.5 - hypot(px * dy - py * dx, beyond);
            if (cover > 0) paint_pixel(to, r, c, &paint, cover);
        }
}

/* A colour that stands out from the ground: at least 0.6 away from it. */
static colour draw_ink(ht_rng *rng, const colour *ground)
{
    for (;;) {
        colour ink = draw_colour(rng, 0, 1);
        double square = 0;
        for (int k = 0; k < COLOURS; k++) {
            double d = (double)ink.of[k] - (double)ground->of[k];
            square += d * d;
        }
        if (square >= 0.6 * 0.6) return ink;
    }
}

static void paint_shape(ht_rng *rng, outline *inside, const colour *ground, canvas to)
{
    double size = between(rng, 7, 11.5), stretch = exp(between(rng, -0.2, 0.2)),
           turn = between(rng, -0.4, 0.4);
    double x = between(rng, 0.8 * size, SIDE - 0.8 * size), y = between(rng, 0.8 * size, SIDE - 0.8 * size);
    double wide = size * stretch, high = size / stretch, reach = 1.1 * fmax(wide, high) + 1;
    double cosine = cos(turn), sine = sin(turn), side = ht_rng_below(rng, 2) ? 1 : -1,
           scale = fmin(wide, high);
    colour ink = draw_ink(rng, ground);
    for (int r = pixel_at(y - reach); r <= pixel_at(y + reach); r++)
        for (int c = pixel_at(x - reach); c <= pixel_at(x + reach); c++) {
            double px = c + 0.5 - x, py = r + 0.5 - y;
            double u = side * (cosine * px + sine * py) / wide, v = (cosine * py - sine * px) / high;
            double cover = scale * inside(u, v) + 0.5;
            if (cover > 0) paint_pixel(to, r, c, &ink, cover);
        }
}

/* Noise of every pixel and colour, the sum of two even ones; then levels end at 0 and 1, and are
 * standardized. */
static void finish(ht_rng *rng, canvas to)
{
    float noise = (float)between(rng, 0.02, 0.14) / 255, *level = &to[0][0][0];
    for (int i = 0; i < INPUTS; i += 2) {
        uint32_t bits = ht_rng_u32(rng);
        for (int k = 0; k < 2; k++, bits >>= 16) {
            float x = level[i + k] + noise * (float)((int)(bits & 255) - (int)(bits >> 8 & 255));
            x = x < 0 ? 0 : x > 1 ? 1 : x;
            level[i + k] = (x - PIXEL_MEAN) / PIXEL_STD;
        }
    }
}

static void draw_picture(ht_rng *rng, int which, canvas to)
{
    colour ground = draw_colour(rng, 0.1, 0.9);
    int behind = 1 + (int)ht_rng_below(rng, LINES_MAX), before = (int)ht_rng_below(rng, 2);
    paint_ground(rng, &ground, to);
    for (int i = 0; i < behind; i++) paint_line(rng, to);
    paint_shape(rng, outlines[which], &ground, to);
    for (int i = 0; i < before; i++) paint_line(rng, to);
    finish(rng, to);
}

/* ---- the set ------------------------------------------------------------------------------------------- */

/* All labels, and the first `limit` pictures of the part's (0: all). */
static ht_code make_part(uint64_t seed, ht_synth_part which, size_t total, size_t limit, ht_raw_part *part,
                         ht_error *err)
{
    canvas picture;
    part->inputs = INPUTS;
    part->count = ht_data_limited(total, limit);
    part->x = ht_alloc(part->count * INPUTS, sizeof *part->x, "the pictures", err);
    if (!part->x) return err->code;
    for (size_t i = 0; i < total; i++) {
        ht_rng rng;
        int class = ht_balanced_class(seed, which, i, CLASSES);
        if (ht_labels_add_number(&part->labels, class, err) != HT_OK) return err->code;
        if (i >= part->count) continue;
        ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(which, i));
        draw_picture(&rng, class, picture);
        memcpy(part->x + i * INPUTS, picture, sizeof picture);
    }
    return HT_OK;
}

ht_code ht_synth_pictures(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    raw->names = names;
    raw->name_count = CLASSES;
    ht_raw_shape(raw, COLOURS, SIDE, SIDE);
    ht_raw_scale(raw, PIXEL_MEAN, PIXEL_STD);
    if (make_part(request->seed, HT_SYNTH_TRAIN, TRAIN_COUNT, request->train_limit, &raw->train, err) !=
        HT_OK)
        return err->code;
    return make_part(request->seed, HT_SYNTH_TEST, TEST_COUNT, request->test_limit, &raw->test, err);
}
