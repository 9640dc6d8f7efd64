#include "chart/heat.h"

#include <math.h>
#include <string.h>

void ht_heat_clear(ht_heat *heat)
{
    heat->count = 0;
    heat->stride = 0;
}

void ht_heat_cut(ht_heat *heat, double step)
{
    while (heat->count && heat->column[heat->count - 1].first > step) heat->count--;
    if (heat->count) heat->column[heat->count - 1].last = fmin(heat->column[heat->count - 1].last, step);
}

static void merge(ht_heat_column *into, const ht_heat_column *next)
{
    uint32_t looks = into->looks + next->looks;
    float part = (float)next->looks / (float)looks;
    for (int i = 0; i < HT_HEAT_ROWS; i++) into->share[i] += part * (next->share[i] - into->share[i]);
    into->last = next->last;
    into->looks = looks;
}

static void halve(ht_heat *heat)
{
    int kept = 0;
    for (int i = 0; i < heat->count; i += 2) {
        ht_heat_column *c = &heat->column[kept++];
        if (kept - 1 != i) *c = heat->column[i];
        if (i + 1 < heat->count) merge(c, &heat->column[i + 1]);
    }
    double span = heat->column[kept - 1].last - heat->column[0].first;
    heat->count = kept;
    heat->stride = fmax(2 * heat->stride, span / (HT_HEAT_COLUMNS - 1));
}

void ht_heat_add(ht_heat *heat, double step, const float share[HT_HEAT_ROWS])
{
    ht_heat_column next = {.first = step, .last = step, .looks = 1};
    memcpy(next.share, share, sizeof next.share);
    ht_heat_column *last = heat->count ? &heat->column[heat->count - 1] : NULL;
    if (last && step - last->first < heat->stride) {
        merge(last, &next);
        return;
    }
    if (heat->count == HT_HEAT_COLUMNS) halve(heat);
    heat->column[heat->count++] = next;
}
