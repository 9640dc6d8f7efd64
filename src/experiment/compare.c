#include "experiment/compare.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "experiment/background.h"
#include "experiment/roads.h"
#include "experiment/trial.h"
#include "base/alloc.h"
#include "base/text.h"

struct ht_compare {
    ht_compare_state state; /* under the lock */
    ht_background work;
    const ht_dataset *data;
    _Atomic double fraction[HT_ROADS];
};

/* ---- one road ---- */

/* The curve's points with both ends; of more than there is room for, those that lie apart on a logarithmic
 * axis of what is kept. */
static void thin(ht_road_state *road, const ht_prune_curve *curve)
{
    const ht_prune_point *p = curve->points;
    int last = curve->count - 1;
    double least = 1, apart = 0; /* in log(kept) */
    for (int i = 0; i <= last; i++)
        if (p[i].weights > 0) least = fmin(least, p[i].weights);
    if (curve->count > HT_ROAD_POINTS) apart = log(least) / (HT_ROAD_POINTS - 2);
    road->points = 0;
    for (int i = 0; i <= last; i++)
        if (i == last || (road->points < HT_ROAD_POINTS - 1 && log(p[i].weights) <= apart * road->points))
            road->curve[road->points++] = p[i];
    double enough = p[0].accuracy - 0.01;
    for (int i = 0; i <= last && p[i].accuracy >= enough; i++) road->one_point = p[i].weights;
}

static ht_code prune(ht_road_state *road, const ht_network *net, const ht_params *params,
                     const ht_dataset *data, ht_error *err)
{
    ht_prune_curve curve;
    ht_prune_spec spec = ht_prune_spec_of(params, &data->train);
    spec.method = road->method;
    if (ht_prune_curve_make(&curve, net, &data->test, &spec, NULL, err) != HT_OK) return err->code;
    thin(road, &curve);
    ht_prune_curve_free(&curve);
    return HT_OK;
}

/* What a road's network is: that of the best epoch where epochs are judged, else what averages say. */
static const ht_network *network_of(ht_trainer *trainer)
{
    const ht_network *best = ht_trainer_best(trainer);
    return best ? best : ht_trainer_measured(trainer);
}

static ht_code measure(ht_compare *c, int number, ht_trainer *trainer, const ht_results *results,
                       ht_error *err)
{
    const ht_network *net = network_of(trainer);
    const ht_params *params = ht_trainer_params(trainer);
    ht_sizes sizes = ht_network_sizes(net);
    ht_road_state road = {.train = results->train,
                          .test = results->test,
                          .above_1e4 = (double)sizes.above_1e4 / (double)sizes.weights,
                          .kappa = results->roads.pruning[0], /* by neurons */
                          .rows = results->roads.rows.median,
                          .eta_over_b = results->roads.eta_over_b};
    if (net != ht_trainer_network(trainer) &&
        (ht_network_evaluate(net, &c->data->train, NULL, NULL, &road.train, err) != HT_OK ||
         ht_network_evaluate(net, &c->data->test, NULL, NULL, &road.test, err) != HT_OK))
        return err->code;
    road.stage = results->end == HT_END_DIVERGED ? HT_ROAD_DIVERGED : HT_ROAD_DONE;
    road.fraction = 1;
    for (int i = 0; i < c->state.count; i++) {
        const ht_road_state *own = &c->state.road[i]; /* what it was made with does not change */
        if (ht_road_at(i)->shares != number) continue;
        road.name = own->name, road.title = own->title, road.method = own->method;
        if (prune(&road, net, params, c->data, err) != HT_OK) return err->code;
        pthread_mutex_lock(&c->work.lock);
        c->state.road[i] = road;
        c->state.done++;
        pthread_mutex_unlock(&c->work.lock);
    }
    return HT_OK;
}

typedef struct progress {
    ht_compare *compare;
    int road;
    double steps;
} progress;

static void tell(void *context, uint64_t step)
{
    progress *p = context;
    atomic_store(&p->compare->fraction[p->road], (double)step / p->steps);
}

static void enter(ht_compare *c, int road, ht_road_stage stage)
{
    pthread_mutex_lock(&c->work.lock);
    c->state.road[road].stage = stage;
    pthread_mutex_unlock(&c->work.lock);
}

/* Nothing is known of it, unless it had arrived. */
static void stop_road(void *context, int road)
{
    ht_compare *c = context;
    pthread_mutex_lock(&c->work.lock);
    if (c->state.road[road].stage == HT_ROAD_RUNNING) c->state.road[road].stage = HT_ROAD_STOPPED;
    pthread_mutex_unlock(&c->work.lock);
}

static ht_code travel(void *context, int road, ht_error *err)
{
    ht_compare *c = context;
    ht_params params;
    ht_results results;
    if (ht_road_at(road)->shares != road) return HT_OK; /* arrives with the one whose network it shares */
    ht_road_params(road, &c->state.params, c->state.samples, &params);
    progress p = {c, road, ht_params_get(&params, HT_P_TRAIN_STEPS)};
    ht_trainer *trainer = ht_trainer_new(&params, c->data, NULL, err);
    if (!trainer) return HT_FAIL;
    enter(c, road, HT_ROAD_RUNNING);
    ht_code code = ht_trial_run(&results, trainer, c->data, NULL, tell, &p, err);
    if (code == HT_OK) code = measure(c, road, trainer, &results, err);
    ht_trainer_free(trainer);
    return code;
}

static void ended(void *context, const char *fault)
{
    ht_compare *c = context;
    ht_text_copy(c->state.fault, sizeof c->state.fault, fault);
    c->state.running = false;
    c->state.stopped = c->state.done < c->state.count;
}

/* ---- all of them ---- */

/* Networks that one method prunes differ by their training alone. */
static void enter_roads(ht_compare_state *s, const ht_prune_method *method)
{
    for (int i = 0; i < ht_road_count(); i++) {
        const ht_road *road = ht_road_at(i);
        if (method && road->shares != i) continue;
        s->road[s->count++] = (ht_road_state){
            .name = road->name, .title = road->title, .method = method ? *method : road->method};
    }
}

ht_compare *ht_compare_start(const ht_params *common, const ht_prune_method *method, const ht_dataset *data,
                             int threads, ht_error *err)
{
    ht_compare *c = ht_alloc(1, sizeof *c, "the comparison", err);
    if (!c) return NULL;
    c->data = data;
    c->state = (ht_compare_state){.params = *common, .samples = data->train.count, .running = true};
    ht_params plain;
    ht_road_params(0, common, data->train.count, &plain);
    c->state.steps = ht_params_get(&plain, HT_P_TRAIN_STEPS);
    enter_roads(&c->state, method);
    const ht_background_work work = {"the comparison's thread", c->state.count, travel, stop_road, ended, c};
    if (ht_background_start(&c->work, &work, threads, err) == HT_OK) return c;
    ht_compare_free(c);
    return NULL;
}

void ht_compare_look(ht_compare *c, ht_compare_state *state)
{
    pthread_mutex_lock(&c->work.lock);
    *state = c->state;
    pthread_mutex_unlock(&c->work.lock);
    for (int i = 0; i < state->count; i++)
        if (state->road[i].stage == HT_ROAD_RUNNING) state->road[i].fraction = atomic_load(&c->fraction[i]);
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
