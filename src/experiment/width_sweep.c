#include "experiment/width_sweep.h"

#include <math.h>
#include <string.h>

#include "experiment/background.h"
#include "experiment/trial.h"
#include "experiment/width_plan.h"
#include "base/alloc.h"
#include "base/cancel.h"
#include "base/text.h"

struct ht_width_sweep {
    ht_width_sweep_state state; /* under the lock; its params are constant after the start */
    ht_background work;
    const ht_dataset *data;
    int jobs, done;
    ht_width_job job[HT_WIDTH_JOBS];
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
    for (int p = 0; p < HT_P_COUNT; p++)
        if (!irrelevant(p, with_noise) && ht_params_differ(a, b, p)) return false;
    return true;
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
    *s = (ht_width_sweep_state){.params = ht_width_settings(params, l->data), .widths = HT_SWEEP_WIDTHS};
    if (before && ht_width_sweep_same(&before->params, &s->params, true)) *s = *before;
    bool known = before && ht_width_sweep_same(&before->params, &s->params, false);
    const char *asked = ht_params_layout(params), *own = ht_params_layout(&s->params);
    ht_text_copy(s->unequal, sizeof s->unequal, strcmp(asked, own) == 0 ? "" : asked);
    s->fault[0] = '\0';
    s->running = true;
    for (int i = 0; i < HT_SWEEP_WIDTHS; i++) {
        if (s->noisy[i].width == 0) {
            forget(&s->noisy[i], ht_width_of(i));
            forget(&s->plain[i], ht_width_of(i));
        }
        if (known) s->plain[i] = before->plain[i];
    }
}

/* ---- runs -------------------------------------------------------------------------------------- */

typedef struct measured {
    double ratio, accuracy, pruned, mmo;
} measured;

static ht_code measure(measured *m, ht_trainer *trainer, const ht_dataset *data, ht_error *err)
{
    ht_score test;
    ht_prune_result pruned;
    ht_estimate estimates[HT_ESTIMATORS];
    const ht_network *net = ht_trainer_measured(trainer);
    const ht_tensor *first = net->weights[0];
    ht_values w = {.f32 = first->data, .rows = (size_t)first->rows, .columns = (size_t)first->columns};
    ht_prune_spec spec = ht_prune_spec_of(ht_trainer_params(trainer), &data->train);
    if (ht_network_evaluate(ht_trainer_network(trainer), &data->test, NULL, NULL, &test, err) != HT_OK ||
        ht_prune_try(&pruned, net, NULL, &data->test, &spec, NULL, NULL, err) != HT_OK ||
        ht_tail_quick(&w, estimates, err) != HT_OK)
        return err->code;
    *m = (measured){pruned.ratio, test.accuracy, pruned.test.accuracy, estimates[HT_MMO].value};
    return HT_OK;
}

static void keep(ht_width_sweep *l, const ht_width_job *j, bool diverged, const measured *m)
{
    pthread_mutex_lock(&l->work.lock);
    ht_width_point *point = j->kind == HT_WIDTH_PLAIN ? &l->state.plain[j->point] : &l->state.noisy[j->point];
    l->state.runs++;
    l->state.diverged += diverged;
    point->ended[j->seed] = true;
    if (!diverged) {
        point->ratio[j->seed] = m->ratio;
        point->accuracy[j->seed] = m->accuracy;
        point->pruned[j->seed] = m->pruned;
        point->mmo[j->seed] = m->mmo;
    }
    pthread_mutex_unlock(&l->work.lock);
}

static ht_code train(ht_width_sweep *l, const ht_width_job *j, ht_error *err)
{
    ht_params params = l->state.params;
    ht_end end = HT_END_NOT;
    measured m = {0};
    bool plain = j->kind == HT_WIDTH_PLAIN;
    if (plain) ht_params_put(&params, HT_P_NOISE_TYPE, HT_NOISE_NONE);
    ht_params_put(&params, HT_P_TRAIN_SEED, (double)ht_width_seed(&params, j->point, j->seed));
    ht_params_put(&params, HT_P_MODEL_WIDTH, ht_width_of(j->point));
    ht_trainer *trainer = ht_trainer_new(&params, l->data, NULL, err);
    if (!trainer) return err->code;
    ht_code code = ht_trial_train(trainer, &end, NULL, NULL, err);
    if (code == HT_OK && end != HT_END_DIVERGED) code = measure(&m, trainer, l->data, err);
    if (code == HT_OK) code = ht_still_wanted(err);
    if (code == HT_OK) keep(l, j, end == HT_END_DIVERGED, &m);
    ht_trainer_free(trainer);
    return code;
}

static ht_code predict(ht_width_sweep *l, const ht_width_job *j, ht_error *err)
{
    const double seconds[] = {0.01, 0.4}; /* the quick one takes 20 draws where that is little */
    ht_params params = l->state.params;
    ht_row_prediction predicted;
    ht_params_put(&params, HT_P_MODEL_WIDTH, ht_width_of(j->point));
    double steps = ht_params_get(&params, HT_P_TRAIN_STEPS);
    ht_code code =
        ht_row_noise_predict(&params, l->data->inputs, steps, seconds[j->seed], &predicted, NULL, err);
    if (code != HT_OK) return code;
    pthread_mutex_lock(&l->work.lock);
    if (predicted.ratio.count >= l->state.predicted[j->point].ratio.count)
        l->state.predicted[j->point] = predicted;
    pthread_mutex_unlock(&l->work.lock);
    return HT_OK;
}

static ht_code run_job(void *context, int number, ht_error *err)
{
    ht_width_sweep *l = context;
    const ht_width_job *j = &l->job[number];
    ht_code code = j->kind == HT_WIDTH_PREDICTION ? predict(l, j, err) : train(l, j, err);
    pthread_mutex_lock(&l->work.lock);
    l->done += code == HT_OK;
    pthread_mutex_unlock(&l->work.lock);
    return code;
}

static void ended(void *context, const char *fault)
{
    ht_width_sweep *l = context;
    ht_text_copy(l->state.fault, sizeof l->state.fault, fault);
    l->state.running = false;
    l->state.complete = l->done == l->jobs;
}

/* ---- all of them ------------------------------------------------------------------------------- */

ht_width_sweep *ht_width_sweep_start(const ht_params *params, const ht_dataset *data, int threads, int seeds,
                                     const ht_width_sweep_state *before, ht_error *err)
{
    if (!ht_params_has_width(params)) {
        ht_error_set(err, HT_USAGE,
                     "no widths to train: model.layers has no n; write units as n, 2n or n/2: %.100s",
                     ht_params_layout(params));
        return NULL;
    }
    ht_width_sweep *l = ht_alloc(1, sizeof *l, "the width sweep", err);
    if (!l) return NULL;
    l->data = data;
    prepare_state(l, params, before);
    l->jobs = ht_width_plan(&l->state, seeds, l->job);
    const ht_background_work work = {"the width sweep's thread", l->jobs, run_job, NULL, ended, l};
    if (ht_background_start(&l->work, &work, threads, err) == HT_OK) return l;
    ht_width_sweep_free(l);
    return NULL;
}

void ht_width_sweep_look(ht_width_sweep *l, ht_width_sweep_state *state)
{
    pthread_mutex_lock(&l->work.lock);
    *state = l->state;
    pthread_mutex_unlock(&l->work.lock);
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
