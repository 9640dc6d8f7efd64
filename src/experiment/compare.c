#include "experiment/compare.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "experiment/background.h"
#include "experiment/methods.h"
#include "experiment/trial.h"
#include "base/alloc.h"
#include "base/text.h"

struct ht_compare {
    ht_compare_state state; /* under the lock */
    ht_background work;
    const ht_dataset *data;
    int first; /* the slot of the first seed with a job to do */
    _Atomic double fraction[HT_METHODS];
};

/* ---- one method ---- */

/* The curve's points with both ends; of more than there is room for, those that lie apart on a logarithmic
 * axis of what is kept. */
static void thin(ht_method_state *method, const ht_prune_curve *curve)
{
    const ht_prune_point *p = curve->points;
    int last = curve->count - 1;
    double least = 1, apart = 0; /* in log(kept) */
    for (int i = 0; i <= last; i++)
        if (p[i].weights > 0) least = fmin(least, p[i].weights);
    if (curve->count > HT_METHOD_POINTS) apart = log(least) / (HT_METHOD_POINTS - 2);
    method->points = 0;
    for (int i = 0; i <= last; i++)
        if (i == last ||
            (method->points < HT_METHOD_POINTS - 1 && log(p[i].weights) <= apart * method->points))
            method->curve[method->points++] = p[i];
    ht_prune_reading reading = ht_prune_read(curve);
    method->kept = reading.kept, method->compute = reading.compute;
}

static ht_code prune(ht_method_state *method, const ht_network *net, const ht_params *params,
                     const ht_dataset *data, ht_error *err)
{
    ht_prune_curve curve;
    ht_prune_spec spec = ht_prune_spec_of(params, &data->train);
    spec.method = method->pruning;
    if (ht_prune_curve_make(&curve, net, &data->test, &spec, NULL, err) != HT_OK) return err->code;
    thin(method, &curve);
    ht_prune_curve_free(&curve);
    return HT_OK;
}

/* The network that a method gives: that of the best epoch where epochs are validated, else the mean or the
 * last iterate. */
static const ht_network *network_of(ht_trainer *trainer)
{
    const ht_network *best = ht_trainer_best(trainer);
    return best ? best : ht_trainer_measured(trainer);
}

/* What one seed gave; the first one's is the method's. */
static void enter_results(ht_compare *c, int i, int slot, const ht_method_state *found)
{
    pthread_mutex_lock(&c->work.lock);
    ht_method_state *own = &c->state.method[i];
    if (slot == 0) {
        ht_method_state whole = *found; /* other seeds may be done already */
        memcpy(whole.seed, own->seed, sizeof whole.seed);
        *own = whole;
    }
    own->seed[slot] = (ht_method_seed){.stage = found->stage,
                                       .kept = found->kept,
                                       .compute = found->compute,
                                       .accuracy = found->test.accuracy,
                                       .loss = found->test.loss,
                                       .kappa = found->kappa,
                                       .above_1e4 = found->above_1e4,
                                       .rows = found->rows};
    own->fraction = 1;
    c->state.done++;
    pthread_mutex_unlock(&c->work.lock);
}

static ht_code measure(ht_compare *c, int number, int slot, ht_trainer *trainer, const ht_results *results,
                       ht_error *err)
{
    const ht_network *net = network_of(trainer);
    const ht_params *params = ht_trainer_params(trainer);
    ht_sizes sizes = ht_network_sizes(net);
    ht_method_state method = {.train = results->train,
                              .test = results->test,
                              .above_1e4 = (double)sizes.above_1e4 / (double)sizes.weights,
                              .parameters = sizes.weights,
                              .kappa = results->methods.pruning[0], /* by neurons */
                              .rows = results->methods.rows.median,
                              .eta_over_b = results->methods.eta_over_b};
    if (net != ht_trainer_network(trainer) &&
        (ht_network_evaluate(net, &c->data->train, NULL, NULL, &method.train, err) != HT_OK ||
         ht_network_evaluate(net, &c->data->test, NULL, NULL, &method.test, err) != HT_OK))
        return err->code;
    method.stage = results->end == HT_END_DIVERGED ? HT_METHOD_DIVERGED : HT_METHOD_DONE;
    method.fraction = 1;
    for (int i = 0; i < c->state.count; i++) {
        const ht_method_state *own = &c->state.method[i]; /* what it was made with does not change */
        if (ht_method_at(i)->shares != number) continue;
        method.name = own->name, method.title = own->title, method.pruning = own->pruning;
        if (prune(&method, net, params, c->data, err) != HT_OK) return err->code;
        enter_results(c, i, slot, &method);
    }
    return HT_OK;
}

typedef struct progress {
    ht_compare *compare;
    int method;
    double steps;
} progress;

static void tell(void *context, uint64_t step)
{
    progress *p = context;
    atomic_store(&p->compare->fraction[p->method], (double)step / p->steps);
}

/* A job is a method and a seed, those of one seed after the other. */
typedef struct place {
    int method, slot;
} place;

static place place_of(const ht_compare *c, int job)
{
    return (place){job % c->state.count, c->first + job / c->state.count};
}

static void enter(ht_compare *c, place at, ht_method_stage stage)
{
    ht_method_state *method = &c->state.method[at.method];
    pthread_mutex_lock(&c->work.lock);
    method->seed[at.slot].stage = stage;
    if (at.slot == 0) method->stage = stage;
    pthread_mutex_unlock(&c->work.lock);
}

/* It has no results, unless it was done. */
static void stop_job(void *context, int job)
{
    ht_compare *c = context;
    place at = place_of(c, job);
    pthread_mutex_lock(&c->work.lock);
    bool cut = c->state.method[at.method].seed[at.slot].stage == HT_METHOD_RUNNING;
    pthread_mutex_unlock(&c->work.lock);
    if (cut) enter(c, at, HT_METHOD_STOPPED);
}

static bool is_done(const ht_method_state *method, int slot)
{
    ht_method_stage stage = method->seed[slot].stage;
    return stage == HT_METHOD_DONE || stage == HT_METHOD_DIVERGED;
}

static ht_code run_job(void *context, int job, ht_error *err)
{
    ht_compare *c = context;
    place at = place_of(c, job);
    int method = at.method;
    ht_params common = c->state.params, params;
    ht_results results;
    if (ht_method_at(method)->shares != method)
        return HT_OK; /* is measured with the one whose network it shares */
    pthread_mutex_lock(&c->work.lock);
    bool before = is_done(&c->state.method[method], at.slot); /* the comparison was stopped */
    pthread_mutex_unlock(&c->work.lock);
    if (before) return HT_OK;
    ht_params_put(&common, HT_P_TRAIN_SEED, c->state.train_seed[at.slot]);
    ht_method_params(method, &common, c->state.samples, &params);
    progress p = {c, method, ht_params_get(&params, HT_P_TRAIN_STEPS)};
    ht_trainer *trainer = ht_trainer_new(&params, c->data, NULL, err);
    if (!trainer) return HT_FAIL;
    enter(c, at, HT_METHOD_RUNNING);
    ht_code code = ht_trial_run(&results, trainer, c->data, NULL, tell, &p, err);
    if (code == HT_OK) code = measure(c, method, at.slot, trainer, &results, err);
    ht_trainer_free(trainer);
    return code;
}

static void ended(void *context, const char *fault)
{
    ht_compare *c = context;
    ht_text_copy(c->state.fault, sizeof c->state.fault, fault);
    c->state.running = false;
    c->state.stopped = c->state.done < c->state.wanted;
}

/* ---- all of them ---- */

/* Networks that are all pruned by one method differ by their training alone. */
static void enter_methods(ht_compare_state *s, const ht_prune_method *pruning)
{
    for (int i = 0; i < ht_method_count(); i++) {
        const ht_method *method = ht_method_at(i);
        if (pruning && method->shares != i) continue;
        s->method[s->count++] = (ht_method_state){
            .name = method->name, .title = method->title, .pruning = pruning ? *pruning : method->pruning};
    }
}

/* But for the screen's own. */
static bool same_settings(const ht_params *a, const ht_params *b)
{
    for (int p = 0; p < HT_P_COUNT; p++)
        if (ht_param_at(p)->group != HT_GROUP_UI && ht_params_differ(a, b, p)) return false;
    return true;
}

ht_compare_plan ht_compare_plan_next(const ht_params *common, const ht_compare_state *before)
{
    ht_compare_plan plan = {.common = *common, .seeds = 1, .seed = {ht_params_get(common, HT_P_TRAIN_SEED)}};
    if (before->count == 0 || before->running || !same_settings(&before->params, common)) return plan;
    plan.before = before;
    plan.seeds = 0;
    if (before->done < before->wanted) return plan;
    double next = before->train_seed[before->seeds - 1] + 1;
    _Static_assert(HT_METHOD_SEEDS == 16, "the message says how many");
    if (before->seeds >= HT_METHOD_SEEDS)
        plan.refused = "16 seeds are all that a comparison holds";
    else if (next > ht_param_at(HT_P_TRAIN_SEED)->high)
        plan.refused = "no further seed: train.seed has its largest value; begin with a smaller one";
    else
        plan.seed[plan.seeds++] = next;
    return plan;
}

/* A network that was not measured for all that share it is trained again: nothing of it is done. */
static void forget_cut(ht_compare_state *s, int slot)
{
    bool cut[HT_METHODS] = {false};
    for (int i = 0; i < s->count; i++)
        if (!is_done(&s->method[i], slot)) cut[ht_method_at(i)->shares] = true;
    for (int i = 0; i < s->count; i++) {
        ht_method_state *method = &s->method[i];
        if (!cut[ht_method_at(i)->shares]) continue;
        s->done -= is_done(method, slot);
        method->seed[slot] = (ht_method_seed){.stage = HT_METHOD_WAITING};
        method->fraction = 0;
        if (slot == 0) method->stage = HT_METHOD_WAITING;
    }
}

static int first_to_do(const ht_compare_state *s)
{
    for (int slot = 0; slot < s->seeds; slot++)
        for (int i = 0; i < s->count; i++)
            if (!is_done(&s->method[i], slot)) return slot;
    return s->seeds;
}

/* What is there before any of it is trained. */
static void begin(ht_compare *c, const ht_compare_plan *plan)
{
    ht_compare_state *s = &c->state;
    ht_params plain;
    if (plan->before) {
        *s = *plan->before;
        s->fault[0] = '\0';
        for (int slot = 0; slot < s->seeds; slot++) forget_cut(s, slot);
    } else {
        *s = (ht_compare_state){.params = plan->common, .samples = c->data->train.count};
        enter_methods(s, plan->pruning);
    }
    s->running = true, s->stopped = false;
    for (int i = 0; i < plan->seeds && s->seeds < HT_METHOD_SEEDS; i++)
        s->train_seed[s->seeds++] = plan->seed[i];
    c->first = first_to_do(s);
    s->wanted = s->seeds * s->count;
    ht_method_params(0, &plan->common, c->data->train.count, &plain);
    s->steps = ht_params_get(&plain, HT_P_TRAIN_STEPS);
}

ht_compare *ht_compare_start(const ht_compare_plan *plan, const ht_dataset *data, int threads, ht_error *err)
{
    ht_compare *c = ht_alloc(1, sizeof *c, "the comparison", err);
    if (!c) return NULL;
    c->data = data;
    begin(c, plan);
    const ht_background_work work = {
        "the comparison's thread", (c->state.seeds - c->first) * c->state.count, run_job, stop_job, ended, c};
    if (ht_background_start(&c->work, &work, threads, err) == HT_OK) return c;
    ht_compare_free(c);
    return NULL;
}

static bool in_training(const ht_method_state *method)
{
    bool running = false;
    for (int i = 0; i < HT_METHOD_SEEDS; i++) running = running || method->seed[i].stage == HT_METHOD_RUNNING;
    return running;
}

void ht_compare_look(ht_compare *c, ht_compare_state *state)
{
    pthread_mutex_lock(&c->work.lock);
    *state = c->state;
    pthread_mutex_unlock(&c->work.lock);
    for (int i = 0; i < state->count; i++)
        if (in_training(&state->method[i])) state->method[i].fraction = atomic_load(&c->fraction[i]);
}

void ht_compare_wait(ht_compare *c)
{
    ht_background_wait(&c->work);
}

void ht_compare_stop(ht_compare *c)
{
    ht_background_stop(&c->work);
}

bool ht_compare_gone(ht_compare *c, double seconds)
{
    return !c || ht_background_gone(&c->work, seconds);
}

void ht_compare_free(ht_compare *c)
{
    if (!c) return;
    ht_background_free(&c->work);
    ht_free(c);
}
