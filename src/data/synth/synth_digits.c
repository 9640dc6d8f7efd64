/* `digits-synth`: handwritten digits. The strokes of assets/digits/strokes.txt, their points moved a little,
 * slanted, turned and bent, drawn with a round pen on 28 × 28 pixels in the manner of MNIST (20 pixels high,
 * centred). */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/embedded.h"
#include "data/loader.h"
#include "data/synth/balance.h"
#include "data/synth/strokes.h"
#include "num/rng.h"

enum {
    SIZE = 28,
    INPUTS = SIZE * SIZE,
    CLASSES = 10,
    TRAIN_COUNT = 10000,
    TEST_COUNT = 2000,
    PIECES = 5, /* straight pieces between two points of a stroke */
    POINTS_MAX = HT_GLYPH_STROKES * ((HT_STROKE_POINTS - 1) * PIECES + 1),
    BENDS = 2,
    EXTENT_MAX = 20, /* pixels, of the pen's way */
    MARGIN = 3,      /* pixels that only the width of the pen may enter */
};

/* Of the training pixels (0..1) of seed 1; other seeds differ by less than 0.002. */
#define PIXEL_MEAN 0.1418f
#define PIXEL_STD 0.3196f

static const char file_name[] = "assets/digits/strokes.txt";

/* The pen's way: points in pixels, and which of them begin a stroke. */
typedef struct path {
    int count;
    double x[POINTS_MAX], y[POINTS_MAX];
    bool begins[POINTS_MAX];
} path;

/* ---- shape ------------------------------------------------------------------------------------- */

/* Catmull-Rom: at u in 0..1 between b and c, with a before and d after them. */
static double spline(double a, double b, double c, double d, double u)
{
    return b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)));
}

static void add_point(path *way, double x, double y, bool begins)
{
    way->x[way->count] = x;
    way->y[way->count] = y;
    way->begins[way->count++] = begins;
}

static void add_stroke(const ht_stroke *stroke, path *way)
{
    const double *x = stroke->x, *y = stroke->y;
    add_point(way, x[0], y[0], true);
    for (int i = 0; i + 1 < stroke->count; i++) {
        int before = i > 0 ? i - 1 : 0, after = i + 2 < stroke->count ? i + 2 : i + 1;
        for (int piece = 1; piece <= PIECES; piece++) {
            double u = (double)piece / PIECES;
            if (stroke->curved)
                add_point(way, spline(x[before], x[i], x[i + 1], x[after], u),
                          spline(y[before], y[i], y[i + 1], y[after], u), false);
            else
                add_point(way, x[i] + u * (x[i + 1] - x[i]), y[i] + u * (y[i + 1] - y[i]), false);
        }
    }
}

/* A shaky hand: every point of the outline moves on its own. */
static void trace(ht_rng *rng, const ht_glyph *glyph, path *way)
{
    double shake = 0.8 + 2.2 * ht_rng_uniform(rng);
    way->count = 0;
    for (int s = 0; s < glyph->count; s++) {
        ht_stroke moved = glyph->strokes[s];
        for (int i = 0; i < moved.count; i++) {
            moved.x[i] += shake * ht_rng_normal(rng);
            moved.y[i] += shake * ht_rng_normal(rng);
        }
        add_stroke(&moved, way);
    }
}

/* From the box of 100 to pixels around 0: scale, slant, turn. */
static void transform(ht_rng *rng, path *way)
{
    double turn = 0.11 * ht_rng_normal(rng), slant = 0.12 + 0.2 * ht_rng_normal(rng);
    double height = 0.187 * exp(0.06 * ht_rng_normal(rng)),
           width = height * exp(-0.02 + 0.16 * ht_rng_normal(rng));
    double cosine = cos(turn), sine = sin(turn);
    for (int i = 0; i < way->count; i++) {
        double y = height * (way->y[i] - 50), x = width * (way->x[i] - 50) - slant * y;
        way->x[i] = cosine * x - sine * y;
        way->y[i] = sine * x + cosine * y;
    }
}

/* Elastic distortion: a few long random waves move the points, so that neighbours move together. */
static void bend(ht_rng *rng, path *way)
{
    for (int b = 0; b < 2 * BENDS; b++) {
        double angle = 2 * M_PI * ht_rng_uniform(rng), phase = 2 * M_PI * ht_rng_uniform(rng);
        double length = 12 + 16 * ht_rng_uniform(rng), size = 0.7 * ht_rng_normal(rng);
        double kx = 2 * M_PI / length * cos(angle), ky = 2 * M_PI / length * sin(angle);
        double *moved = b % 2 ? way->x : way->y;
        for (int i = 0; i < way->count; i++) moved[i] += size * sin(kx * way->x[i] + ky * way->y[i] + phase);
    }
}

typedef struct span {
    double low, high, centre;
} span;

static span measure(const double *v, int count)
{
    span s = {.low = v[0], .high = v[0]};
    double mean = 0;
    for (int i = 0; i < count; i++) {
        s.low = fmin(s.low, v[i]);
        s.high = fmax(s.high, v[i]);
        mean += v[i] / count;
    }
    /* Between the middle of the box and the centre of mass, as people centre by eye. */
    s.centre = 0.5 * mean + 0.25 * (s.low + s.high);
    return s;
}

/* Scales one coordinate and moves it to the middle of the picture, off by `shift`, but inside the margin. */
static void place(double *v, int count, span s, double scale, double shift)
{
    double offset = SIZE / 2.0 + shift - s.centre * scale;
    offset = fmin(fmax(offset, MARGIN - s.low * scale), SIZE - MARGIN - s.high * scale);
    for (int i = 0; i < count; i++) v[i] = v[i] * scale + offset;
}

/* Centres the path in the picture with a small random shift, and shrinks what would not fit. */
static void centre(ht_rng *rng, path *way)
{
    span across = measure(way->x, way->count), down = measure(way->y, way->count);
    double extent = fmax(across.high - across.low, down.high - down.low);
    double scale = extent > EXTENT_MAX ? EXTENT_MAX / extent : 1;
    place(way->x, way->count, across, scale, 0.6 * ht_rng_normal(rng));
    place(way->y, way->count, down, scale, 0.6 * ht_rng_normal(rng));
}

/* ---- ink --------------------------------------------------------------------------------------- */

static int pixel_at(double place)
{
    return place < 0 ? 0 : place >= SIZE ? SIZE - 1 : (int)place;
}

/* Darkens the pixels near the piece from point i−1 to i: full inside the pen's radius, fading over `edge`
 * pixels. */
static void draw_piece(const path *way, int i, double radius, double edge, float *ink)
{
    double ax = way->x[i - 1], ay = way->y[i - 1], dx = way->x[i] - ax, dy = way->y[i] - ay;
    double reach = radius + edge, square = dx * dx + dy * dy + 1e-12;
    int left = pixel_at(fmin(ax, ax + dx) - reach), right = pixel_at(fmax(ax, ax + dx) + reach);
    int top = pixel_at(fmin(ay, ay + dy) - reach), bottom = pixel_at(fmax(ay, ay + dy) + reach);
    for (int row = top; row <= bottom; row++)
        for (int column = left; column <= right; column++) {
            double px = column + 0.5 - ax, py = row + 0.5 - ay;
            double along = (px * dx + py * dy) / square;
            along = along < 0 ? 0 : along > 1 ? 1 : along;
            px -= along * dx, py -= along * dy;
            double distance = px * px + py * py;
            if (distance >= reach * reach) continue;
            float level = (float)fmin((reach - sqrt(distance)) / edge, 1);
            if (level > ink[row * SIZE + column]) ink[row * SIZE + column] = level;
        }
}

static void draw_path(ht_rng *rng, const path *way, float *ink)
{
    double pen = 0.4 + 0.75 * ht_rng_uniform(rng), edge = 0.9 + 0.4 * ht_rng_uniform(rng);
    double pressure = 0.2 * ht_rng_normal(rng), rate = 0.05 + 0.1 * ht_rng_uniform(rng);
    double phase = 2 * M_PI * ht_rng_uniform(rng);
    for (int i = 1; i < way->count; i++)
        if (!way->begins[i]) draw_piece(way, i, pen * (1 + pressure * sin(rate * i + phase)), edge, ink);
}

/* row is (28 × 28), standardized. */
static void draw_digit(ht_rng *rng, const ht_glyph *glyph, float *row)
{
    path way;
    memset(row, 0, INPUTS * sizeof *row);
    trace(rng, glyph, &way);
    transform(rng, &way);
    bend(rng, &way);
    centre(rng, &way);
    draw_path(rng, &way, row);
    for (int i = 0; i < INPUTS; i++) row[i] = (row[i] - PIXEL_MEAN) / PIXEL_STD;
}

/* ---- the set ----------------------------------------------------------------------------------- */

static const ht_glyph *pick_glyph(ht_rng *rng, const ht_glyphs *all, int digit)
{
    const ht_glyph *ways[HT_GLYPHS_MAX] = {NULL};
    uint32_t count = 0;
    for (int i = 0; i < all->count; i++)
        if (all->glyphs[i].digit == digit) ways[count++] = &all->glyphs[i];
    return ways[ht_rng_below(rng, count)];
}

static ht_code make_part(const ht_glyphs *all, uint64_t seed, ht_synth_part which, size_t count,
                         ht_raw_part *part, ht_error *err)
{
    part->inputs = INPUTS;
    part->count = count;
    part->x = ht_alloc(count * INPUTS, sizeof *part->x, "the digits", err);
    if (!part->x) return err->code;
    for (size_t i = 0; i < count; i++) {
        ht_rng rng;
        int digit = ht_balanced_class(seed, which, i, CLASSES);
        ht_rng_init(&rng, seed, HT_STREAM_DATA, ht_synth_which(which, i));
        draw_digit(&rng, pick_glyph(&rng, all, digit), part->x + i * INPUTS);
        if (ht_labels_add_number(&part->labels, digit, err) != HT_OK) return err->code;
    }
    return HT_OK;
}

ht_code ht_synth_digits(const ht_data_request *request, ht_raw *raw, ht_error *err)
{
    static const char *const names[CLASSES] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    const ht_embedded *file = ht_embedded_find(file_name);
    if (!file) return ht_error_set(err, HT_FAIL, "%s: is not compiled in; build again with make", file_name);
    ht_glyphs *all = ht_alloc(1, sizeof *all, "the digits", err);
    if (!all) return err->code;
    ht_raw_shape(raw, 1, SIZE, SIZE);
    ht_raw_scale(raw, PIXEL_MEAN, PIXEL_STD);
    raw->names = names;
    raw->name_count = CLASSES;
    size_t train = ht_data_limited(TRAIN_COUNT, request->train_limit);
    size_t test = ht_data_limited(TEST_COUNT, request->test_limit);
    ht_code code = ht_glyphs_parse(file_name, file->data, all, err);
    /* A limit below ten would leave out digits; their labels are needed all the same. */
    if (code == HT_OK)
        code = make_part(all, request->seed, HT_SYNTH_TRAIN, train < CLASSES ? CLASSES : train, &raw->train,
                         err);
    if (code == HT_OK) code = make_part(all, request->seed, HT_SYNTH_TEST, test, &raw->test, err);
    ht_free(all);
    return code;
}
