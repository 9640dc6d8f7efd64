#include "experiment/width_sweep.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "experiment/background.h"
#include "experiment/trial.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "nn/pure_noise.h"
#include "num/summary.h"

enum { NARROWEST = 100, WIDEST = 10000, JOBS = HT_SWEEP_WIDTHS * (HT_SWEEP_SEEDS + 2) };

typedef enum job_kind { NOISY, PLAIN, LIMIT } job_kind; /* a run, one without noise, κ of pure noise */

typedef struct job {
    job_kind kind;
    int point, seed;
    double cost;         /* in units that cancel */
    _Atomic double done; /* fraction of it */
} job;

struct ht_width_sweep {
    ht_width_sweep_state state; /* under the lock */
    ht_background work;
    const ht_dataset *data;
    double begun;
    int jobs;
    job job[JOBS];
};

/* ---- settings ---------------------------------------------------------------------------------- */

/* What makes no difference to a run's results; the width sweep itself sets width and seed. */
static bool irrelevant(ht_param p, bool with_noise)
{
    ht_param_group group = ht_param_at(p)->group;
    if (p == HT_P_MODEL_WIDTH || p == HT_P_TRAIN_SEED || group == HT_GROUP_UI) return true;
    return !with_noise && group == HT_GROUP_NOISE;
}

bool ht_width_sweep_same(const ht_params *a, const ht_params *b, bool with_noise)
{
    for (int p = 0; p < HT_P_COUNT; p++) {
        if (irrelevant(p, with_noise)) continue;
        if (ht_param_at(p)->type == HT_TYPE_TEXT ? strcmp(ht_params_text(a, p), ht_params_text(b, p)) != 0
                                                 : ht_params_get(a, p) != ht_params_get(b, p))
            return false;
    }
    return true;
}

static bool noisy(const ht_params *params)
{
    return ht_params_get(params, HT_P_NOISE_TYPE) != HT_NOISE_NONE &&
           ht_params_get(params, HT_P_NOISE_SCALE) > 0;
}

/* Equal steps on a log axis, in round numbers. */
static int width_of(int point)
{
    double exact = NARROWEST * pow((double)WIDEST / NARROWEST, (double)point / (HT_SWEEP_WIDTHS - 1));
    return (int)(10 * round(exact / 10));
}

static void forget(ht_width_point *point, int width)
{
    *point = (ht_width_point){.width = width};
    for (int s = 0; s < HT_SWEEP_SEEDS; s++)
        point->ratio[s] = point->accuracy[s] = point->pruned[s] = point->mmo[s] = NAN;
}

static void prepare_state(ht_width_sweep *l, const ht_params *params, const ht_width_sweep_state *before)
{
    ht_width_sweep_state *s = &l->state;
    *s = (ht_width_sweep_state){.params = *params,
                                .widths = HT_SWEEP_WIDTHS,
                                .seeds = HT_SWEEP_SEEDS,
                                .seconds_left = NAN,
                                .running = true};
    bool bounded = ht_params_get(params, HT_P_TRAIN_STEPS) > 0 || ht_params_get(params, HT_P_TRAIN_STOP) > 0;
    if (!bounded) ht_params_put(&s->params, HT_P_TRAIN_STEPS, HT_SWEEP_STEPS);
    bool known = before && ht_width_sweep_same(&before->params, &s->params, false);
    for (int i = 0; i < s->widths; i++) {
        forget(&s->noisy[i], width_of(i));
        forget(&s->plain[i], width_of(i));
        if (known) s->plain[i] = before->plain[i];
        s->limit_low[i] = s->limit[i] = s->limit_high[i] = NAN;
    }
}

static void add_job(ht_width_sweep *l, job_kind kind, int point, int seed)
{
    /* A step costs the more the wider; a part of it does not depend on the width. */
    double cost = kind == LIMIT ? 500 : width_of(point) + 100;
    l->job[l->jobs++] = (job){.kind = kind, .point = point, .seed = seed, .cost = cost};
    l->state.total += kind != LIMIT;
}

static void plan(ht_width_sweep *l)
{
    bool with = noisy(&l->state.params);
    for (int i = 0; with && i < HT_SWEEP_WIDTHS; i++) add_job(l, NOISY, i, 0);
    for (int i = 0; with && i < HT_SWEEP_WIDTHS; i++) add_job(l, LIMIT, i, 0);
    for (int i = HT_SWEEP_WIDTHS; i-- > 0;)
        if (isnan(l->state.plain[i].ratio[0])) add_job(l, PLAIN, i, 0);
    for (int i = HT_SWEEP_WIDTHS; with && i-- > 0;)
        for (int seed = 1; seed < HT_SWEEP_SEEDS; seed++) add_job(l, NOISY, i, seed);
}

/* ---- runs -------------------------------------------------------------------------------------- */

typedef struct progress {
    ht_width_sweep *width_sweep;
    job *job;
    double steps; /* 0: it stops at an accuracy */
} progress;

static void tell(void *context, uint64_t step)
{
    progress *p = context;
    if (p->steps > 0) atomic_store(&p->job->done, (double)step / p->steps);
}

static void keep(ht_width_sweep *l, const job *j, const ht_results *r)
{
    bool diverged = r->end == HT_END_DIVERGED;
    pthread_mutex_lock(&l->work.lock);
    ht_width_point *point = j->kind == PLAIN ? &l->state.plain[j->point] : &l->state.noisy[j->point];
    l->state.done++;
    l->state.diverged += diverged;
    if (!diverged) {
        point->ratio[j->seed] = r->prune.ratio;
        point->accuracy[j->seed] = r->test.accuracy;
        point->pruned[j->seed] = r->prune.test.accuracy;
        point->mmo[j->seed] = r->tail.all[HT_MMO].value;
    }
    pthread_mutex_unlock(&l->work.lock);
}

static ht_code train(ht_width_sweep *l, job *j, ht_error *err)
{
    ht_params params = l->state.params; /* constant after the start */
    ht_results results = {0};
    /* Seeds of its own for each width: a neuron's noise depends on the seed and its number, so with the same
     * seed one giant among the first hundred neurons would stand in every width. */
    double seed = ht_params_get(&params, HT_P_TRAIN_SEED) + j->seed + 1000.0 * j->point;
    ht_params_put(&params, HT_P_TRAIN_SEED, seed);
    ht_params_put(&params, HT_P_MODEL_WIDTH, width_of(j->point));
    if (j->kind == PLAIN) ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    progress p = {l, j, ht_params_get(&params, HT_P_TRAIN_STEPS)};
    if (ht_params_get(&params, HT_P_TRAIN_STOP) > 0) p.steps = 0;
    ht_trainer *trainer = ht_trainer_new(&params, l->data, NULL, err);
    ht_code code = trainer ? ht_trial_run(&results, trainer, l->data, NULL, tell, &p, err) : err->code;
    if (code == HT_OK) keep(l, j, &results);
    ht_trainer_free(trainer);
    return code;
}

static ht_code draw_limit(ht_width_sweep *l, const job *j, ht_error *err)
{
    enum { MOST = 400 };
    const ht_params *p = &l->state.params;
    double ratios[MOST];
    ht_pure_noise limit = {.type = (ht_noise_type)ht_params_get(p, HT_P_NOISE_TYPE),
                           .alpha = ht_params_get(p, HT_P_NOISE_ALPHA),
                           .inputs = l->data->inputs,
                           .width = width_of(j->point),
                           .metric = (ht_prune_metric)ht_params_get(p, HT_P_PRUNE_METRIC),
                           .error = ht_params_get(p, HT_P_PRUNE_ERROR),
                           .seed = 1};
    int count = ht_pure_noise_count(&limit, 0.3);
    if (ht_pure_noise_ratios(&limit, count, ratios, NULL, err) != HT_OK) return err->code;
    ht_summary s = ht_summarize(ratios, (size_t)count);
    pthread_mutex_lock(&l->work.lock);
    l->state.limit_low[j->point] = s.low;
    l->state.limit[j->point] = s.median;
    l->state.limit_high[j->point] = s.high;
    pthread_mutex_unlock(&l->work.lock);
    return HT_OK;
}

static ht_code run_job(void *context, int number, ht_error *err)
{
    ht_width_sweep *l = context;
    job *j = &l->job[number];
    ht_code code = j->kind == LIMIT ? draw_limit(l, j, err) : train(l, j, err);
    atomic_store(&j->done, 1);
    return code;
}

static void ended(void *context, const char *fault)
{
    ht_width_sweep *l = context;
    ht_text_copy(l->state.fault, sizeof l->state.fault, fault);
    l->state.running = false;
    l->state.stopped = l->state.done < l->state.total;
}

/* ---- all of them ------------------------------------------------------------------------------- */

ht_width_sweep *ht_width_sweep_start(const ht_params *params, const ht_dataset *data, int threads,
                                     const ht_width_sweep_state *before, ht_error *err)
{
    ht_width_sweep *l = ht_alloc(1, sizeof *l, "the width sweep", err);
    if (!l) return NULL;
    l->data = data;
    l->begun = ht_now();
    prepare_state(l, params, before);
    plan(l);
    const ht_background_work work = {"the width sweep's thread", l->jobs, run_job, NULL, ended, l};
    if (ht_background_start(&l->work, &work, threads, err) == HT_OK) return l;
    ht_width_sweep_free(l);
    return NULL;
}

void ht_width_sweep_look(ht_width_sweep *l, ht_width_sweep_state *state)
{
    double all = 0, done = 0, seconds = ht_now() - l->begun;
    for (int i = 0; i < l->jobs; i++) {
        all += l->job[i].cost;
        done += l->job[i].cost * atomic_load(&l->job[i].done);
    }
    pthread_mutex_lock(&l->work.lock);
    *state = l->state;
    pthread_mutex_unlock(&l->work.lock);
    state->fraction = all > 0 ? done / all : 1;
    state->seconds_left = done > 0 && seconds > 0.5 ? seconds / done * (all - done) : (double)NAN;
}

void ht_width_sweep_stop(ht_width_sweep *l)
{
    ht_background_stop(&l->work);
}

bool ht_width_sweep_gone(ht_width_sweep *l, double seconds)
{
    return !l || ht_background_gone(&l->work, seconds);
}

void ht_width_sweep_free(ht_width_sweep *l)
{
    if (!l) return;
    ht_background_free(&l->work);
    ht_free(l);
}
