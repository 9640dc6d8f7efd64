#include "experiment/width_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NARROWEST = 100, WIDEST = 10000, NARROW = 1000 };

int ht_width_of(int point)
{
    double exact = NARROWEST * pow((double)WIDEST / NARROWEST, (double)point / (HT_SWEEP_WIDTHS - 1));
    return (int)(10 * round(exact / 10));
}

/* ---- settings ---------------------------------------------------------------------------------- */

ht_params ht_width_settings(const ht_params *params, const ht_dataset *data)
{
    const double LARGE = 2e5; /* numbers in a batch */
    ht_params own = *params;
    double batch = fmin(ht_params_get(params, HT_P_TRAIN_BATCH), (double)data->train.count);
    double steps = batch * data->inputs > LARGE ? HT_SWEEP_STEPS_LARGE : HT_SWEEP_STEPS;
    double asked = ht_params_get(params, HT_P_TRAIN_STEPS);
    ht_params_put(&own, HT_P_TRAIN_STEPS, asked > 0 ? fmin(asked, steps) : steps);
    ht_params_put(&own, HT_P_TRAIN_STOP, 0);
    ht_params_put(&own, HT_P_TRAIN_STOP_LOSS, 0);
    ht_params_put(&own, HT_P_MODEL_WIDTH, NARROWEST); /* ends a list, but for layers in parts of n */
    return own;
}

/* One more number in a hash: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t mix(uint64_t hash, uint64_t more)
{
    hash = (hash ^ more) + 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return hash ^ hash >> 31;
}

uint64_t ht_width_seed(const ht_params *settings, int point, int seed)
{
    uint64_t hash = mix(mix(0, (uint64_t)point), (uint64_t)seed);
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        uint64_t bits = 0;
        double value = ht_params_get(settings, p);
        if (info->group == HT_GROUP_UI) continue;
        if (info->type == HT_TYPE_TEXT)
            for (const char *c = ht_params_text(settings, p); *c; c++) bits = mix(bits, (unsigned char)*c);
        else
            memcpy(&bits, &value, sizeof bits);
        hash = mix(hash, bits);
    }
    return hash >> 11; /* a double holds it */
}

/* ---- order ------------------------------------------------------------------------------------- */

/* `due` counts work, a neuron's training as 1. */
typedef struct costs {
    double pass;  /* one seed at each narrow width */
    double roots; /* Σ √n over the wide ones: they take turns as 1/√n */
} costs;

enum {
    EARLY = 4,
    ENOUGH = 31
}; /* seeds of the narrow widths: before one without noise; before the wide ones */

static costs count_costs(void)
{
    costs c = {0};
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++)
        if (ht_width_of(i) <= NARROW)
            c.pass += ht_width_of(i);
        else
            c.roots += sqrt(ht_width_of(i));
    return c;
}

/* Alone until there are enough, then with an eighth of the work. */
static double narrow_due(const costs *c, int seed)
{
    return c->pass * (seed < ENOUGH ? seed : ENOUGH + 8 * (seed - ENOUGH));
}

/* Of seven eighths. */
static double wide_due(const costs *c, int width, int seed)
{
    return c->pass * ENOUGH + c->roots * sqrt(width) * (seed + 0.5) * 8 / 7;
}

static double due_of(const costs *c, ht_width_kind kind, int point, int seed)
{
    int width = ht_width_of(point);
    if (kind == HT_WIDTH_PREDICTION)
        return seed == 0 ? -width : c->pass * (HT_SWEEP_WIDTHS - point) / 2; /* longest first */
    if (kind == HT_WIDTH_PLAIN) seed = width <= NARROW ? EARLY : 1;
    return width <= NARROW ? narrow_due(c, seed) : wide_due(c, width, seed);
}

static int by_due(const void *a, const void *b)
{
    const ht_width_job *x = a, *y = b;
    if (x->due != y->due) return x->due < y->due ? -1 : 1;
    if (x->kind != y->kind) return (int)x->kind - (int)y->kind;
    return x->point != y->point ? x->point - y->point : x->seed - y->seed;
}

int ht_width_plan(const ht_width_sweep_state *s, int seeds, ht_width_job jobs[HT_WIDTH_JOBS])
{
    int count = 0;
    const costs c = count_costs();
    bool noisy = ht_params_get(&s->params, HT_P_NOISE_TYPE) != HT_NOISE_NONE &&
                 ht_params_get(&s->params, HT_P_NOISE_SCALE) > 0;
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) {
        for (int round = 0; noisy && round < 2; round++)
            jobs[count++] = (ht_width_job){HT_WIDTH_PREDICTION, i, round, 0};
        if (!s->plain[i].ended[0]) jobs[count++] = (ht_width_job){HT_WIDTH_PLAIN, i, 0, 0};
        for (int seed = 0; noisy && seed < seeds; seed++)
            if (!s->noisy[i].ended[seed]) jobs[count++] = (ht_width_job){HT_WIDTH_NOISY, i, seed, 0};
    }
    for (int i = 0; i < count; i++) jobs[i].due = due_of(&c, jobs[i].kind, jobs[i].point, jobs[i].seed);
    qsort(jobs, (size_t)count, sizeof *jobs, by_due);
    return count;
}
