#include "data/augment.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "num/rng.h"

/* What is done to one picture: flipped first, then moved down and right. */
typedef struct change {
    bool flip;
    int down, right;
} change;

ht_code ht_augment_check(ht_augment how, const ht_dataset *data, ht_error *err)
{
    char shape[64] = "have no shape";
    if (how == HT_AUGMENT_NONE || ht_dataset_is_pictures(data)) return HT_OK;
    if (data->width > 0)
        snprintf(shape, sizeof shape, "are %d × %d × %d", data->channels, data->height, data->width);
    return ht_error_set(err, HT_USAGE,
                        "data.augment: the samples of '%s' %s and are no pictures that could be flipped or "
                        "shifted; say data.augment=none, or take a set of pictures, as pictures-synth",
                        data->name, shape);
}

float ht_augment_padding(const ht_dataset *data, int channel)
{
    int c = channel < HT_SCALED_CHANNELS ? channel : 0;
    return -data->mean[c] / data->std[c];
}

float ht_augment_bound(ht_augment how, const ht_dataset *data)
{
    float most = 0;
    if (how != HT_AUGMENT_SHIFT && how != HT_AUGMENT_FLIP_SHIFT) return 0;
    for (int c = 0; c < data->channels; c++) most = fmaxf(most, fabsf(ht_augment_padding(data, c)));
    return most;
}

static int draw_shift(ht_rng *rng, int side)
{
    int reach = side / 3 < HT_AUGMENT_REACH ? side / 3 : HT_AUGMENT_REACH;
    return (int)ht_rng_below(rng, 2 * (uint32_t)reach + 1) - reach;
}

/* A batch has at most 100 000 places, and 2^44 steps are more than anybody makes. All choices draw alike. */
static change draw_change(ht_augment how, const ht_dataset *data, uint64_t seed, uint64_t step,
                          uint32_t place)
{
    ht_rng rng;
    ht_rng_init(&rng, seed, HT_STREAM_AUGMENT, step << 20 | place);
    change c = {.flip = ht_rng_u32(&rng) >> 31};
    c.down = draw_shift(&rng, data->height);
    c.right = draw_shift(&rng, data->width);
    if (how == HT_AUGMENT_SHIFT) c.flip = false;
    if (how == HT_AUGMENT_FLIP) c.down = c.right = 0;
    return c;
}

static void change_row(const float *from, int width, const change *c, float padding, float *to)
{
    int first = c->right > 0 ? c->right : 0, end = c->right < 0 ? width + c->right : width;
    for (int w = 0; w < first; w++) to[w] = padding;
    if (c->flip)
        for (int w = first; w < end; w++) to[w] = from[width - 1 - (w - c->right)];
    else
        memcpy(to + first, from + first - c->right, (size_t)(end - first) * sizeof *to);
    for (int w = end; w < width; w++) to[w] = padding;
}

void ht_augment_sample(ht_augment how, const ht_dataset *data, uint64_t seed, uint64_t step, uint32_t place,
                       const float *from, float *to)
{
    int width = data->width, height = data->height;
    if (how == HT_AUGMENT_NONE) {
        memcpy(to, from, (size_t)data->inputs * sizeof *to);
        return;
    }
    change c = draw_change(how, data, seed, step, place);
    for (int k = 0; k < data->channels; k++, from += (size_t)width * (size_t)height) {
        float padding = ht_augment_padding(data, k);
        for (int h = 0; h < height; h++, to += width) {
            int at = h - c.down;
            if (at >= 0 && at < height)
                change_row(from + (size_t)at * (size_t)width, width, &c, padding, to);
            else
                for (int w = 0; w < width; w++) to[w] = padding;
        }
    }
}
