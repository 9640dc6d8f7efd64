/* Guards what the analyst is asked to look at: every method when training stands still, once when it is asked
 * for, ended when training goes on; a node curve that keeps coming; what looks say against the curves they
 * are made from. Run under ThreadSanitizer too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "engine/runner.h"
#include "engine/analysis.h"
#include "num/linalg.h"
#include "nn/mask.h"
#include "sanitized.h"
#include "unit/small.h"

static ht_error err;
static ht_dataset *data;

enum { TEST = 1300, ALL = (1 << HT_PRUNE_METHODS) - 1 };

static int make(void **state)
{
    (void)state;
    ht_linalg_init();
    data = small_data(200, TEST);
    return data ? 0 : -1;
}

static int unmake(void **state)
{
    (void)state;
    ht_dataset_free(data);
    return 0;
}

/* ---- analyses ---- */

static ht_prune_spec spec_of(ht_prune_method method)
{
    return (ht_prune_spec){.method = method,
                           .error = 0.1,
                           .ratio = (double)NAN,
                           .seed = 1,
                           .calibration = &data->train,
                           .calibration_limit = 32};
}

static const ht_prune_point *point_of(const ht_prune_curve *curve, int64_t removed)
{
    for (int i = 0; i < curve->count; i++)
        if (curve->points[i].removed == removed) return &curve->points[i];
    return NULL;
}

/* Every point of a look is a point of the whole curve; ends and κ are there; widths where all have a loss. */
static void looks_are_thinned_curves(void **state)
{
    (void)state;
    static const int widths[] = {3, 64, 300, 1000};
    ht_report *r = calloc(1, sizeof *r);
    ht_params params = small_params();
    for (int w = 0; w < (SANITIZED ? 3 : 4); w++) {
        ht_params_put(&params, HT_P_MODEL_WIDTH, widths[w]);
        ht_trainer *t = small_trainer(&params, data, NULL);
        const ht_network *net = ht_trainer_network(t);
        for (int m = 0; m < HT_PRUNE_METHODS; m++) {
            ht_prune_spec spec = spec_of((ht_prune_method)m);
            ht_prune_curve curve;
            if (m == HT_PRUNE_CORESET && w > 1) continue; /* long, and made like magnitude */
            assert_int_equal(ht_prune_curve_make(&curve, net, &data->test, &spec, NULL, &err), HT_OK);
            assert_int_equal(ht_analysis_method(r, net, &data->test, &spec, m == HT_PRUNE_SVD, &err), HT_OK);
            const ht_prune_look *look = &r->look[m];
            assert_in_range(look->count, 2, HT_REPORT_CURVE);
            bool kappa = false;
            for (int i = 0; i < look->count; i++) {
                const ht_prune_point *p = point_of(&curve, look->points[i].removed);
                assert_non_null(p);
                assert_memory_equal(p, &look->points[i], sizeof *p);
                kappa = kappa || p->removed == curve.at.removed;
                if (i > 0) assert_true(look->points[i].removed > look->points[i - 1].removed);
                if (curve.count > HT_REPORT_CURVE && p->removed != curve.at.removed)
                    assert_true(isfinite(p->loss));
            }
            ht_prune_reading reading = ht_prune_read(&curve);
            /* Of two layers pruned apart an error allows another share of each, which no point of a curve is.
             */
            const bool apart = m == HT_PRUNE_MAGNITUDE_LAYER || m == HT_PRUNE_CORESET;
            assert_true((kappa || apart) && look->points[0].ratio == 0 &&
                        look->points[look->count - 1].ratio == 1);
            assert_true(look->reading.area == reading.area && look->reading.one_point == reading.one_point);
            assert_true(look->units == curve.units && look->samples == TEST);
            if (curve.count > HT_REPORT_CURVE) assert_true(look->count >= 200);
            ht_prune_curve_free(&curve);
        }
        assert_true(r->method == HT_PRUNE_SVD && r->pruned.ratio == r->look[HT_PRUNE_SVD].at.ratio);
        ht_trainer_free(t);
    }
    free(r);
}

/* The strongest neurons are those whose rows have the largest norms; each goes where its order says. */
static void the_strongest_are_the_last_by_norm(void **state)
{
    (void)state;
    ht_report *r = calloc(1, sizeof *r);
    ht_params params = small_params();
    ht_trainer *t = small_trainer(&params, data, NULL);
    const ht_tensor *layer = ht_trainer_network(t)->weights[0];
    ht_prune_spec node = spec_of(HT_PRUNE_NODE), lot = spec_of(HT_PRUNE_RANDOM);
    assert_int_equal(ht_analysis_method(r, ht_trainer_network(t), &data->test, &node, true, &err), HT_OK);
    assert_int_equal(ht_analysis_method(r, ht_trainer_network(t), &data->test, &lot, false, &err), HT_OK);
    ht_prune_order order;
    ht_prune_order_make(&order, layer, HT_PRUNE_RANDOM, HT_FRO, 1, &err);
    assert_int_equal(r->strongest.count, HT_REPORT_NEURONS);
    assert_int_equal(r->strongest.values, data->inputs);
    for (int i = 0; i < r->strongest.count; i++) {
        double norm2 = 0;
        int neuron = r->strongest.unit[i], larger = 0;
        const float *w = layer->data + (size_t)neuron * (size_t)layer->columns;
        for (int j = 0; j < layer->columns; j++) norm2 += (double)w[j] * (double)w[j];
        for (int k = 0; k < order.count; k++) larger += order.norm2[k] > norm2 * (1 + 1e-9);
        assert_int_equal(larger, i);
        assert_true(fabs((double)r->strongest.norm[i] - sqrt(norm2)) < 1e-5 * sqrt(norm2));
        assert_memory_equal(r->strongest.value + (size_t)i * (size_t)layer->columns, w,
                            (size_t)layer->columns * sizeof *w);
        assert_true(fabs(r->look[HT_PRUNE_NODE].goes[i] - (double)(order.count - i) / order.count) < 1e-12);
        int place = 0;
        while (order.neuron[place] != neuron) place++;
        assert_true(fabs(r->look[HT_PRUNE_RANDOM].goes[i] - (place + 1.0) / order.count) < 1e-12);
        assert_true(isinf(r->look[HT_PRUNE_SVD].goes[i]));
    }
    for (int i = 1; i < r->look[HT_PRUNE_NODE].groups; i++)
        assert_true(r->look[HT_PRUNE_NODE].group[i] >= r->look[HT_PRUNE_NODE].group[i - 1]);
    ht_prune_order_free(&order);
    ht_trainer_free(t);
    free(r);
}

static bool after(void *context)
{
    int *left = context;
    return (*left)-- <= 0;
}

/* Whatever a curve is made of, it ends soon after nobody wants it, and leaves nothing behind. */
static void every_curve_can_be_cancelled(void **state)
{
    (void)state;
    ht_report *r = calloc(1, sizeof *r), *before = calloc(1, sizeof *before);
    ht_params params = small_params();
    ht_trainer *t = small_trainer(&params, data, NULL);
    for (int m = 0; m < HT_PRUNE_METHODS; m++) {
        int left = ht_prune_ranks_rows((ht_prune_method)m) || m == HT_PRUNE_PFP ? 0 : 5;
        ht_prune_spec spec = spec_of((ht_prune_method)m);
        spec.cancelled = after, spec.cancel_context = &left;
        assert_int_equal(ht_analysis_method(r, ht_trainer_network(t), &data->test, &spec, true, &err),
                         HT_FAIL);
        assert_non_null(strstr(err.text, "cancelled"));
        assert_memory_equal(r, before, sizeof *r);
    }
    ht_trainer_free(t);
    free(r), free(before);
}

static void speed_is_of_the_smaller_network(void **state)
{
    (void)state;
    ht_report *r = calloc(1, sizeof *r);
    ht_params params = small_params();
    ht_params_put(&params, HT_P_MODEL_WIDTH, 1500);
    ht_trainer *t = small_trainer(&params, data, NULL);
    ht_network *before = small_copy(t);
    ht_prune_spec spec = spec_of(HT_PRUNE_NODE);
    spec.ratio = 0.9;
    assert_int_equal(ht_analysis_speed(r, ht_trainer_network(t), &data->test, &spec, &err), HT_OK);
    assert_true(r->speed_ratio == 0.9 && r->speed_method == HT_PRUNE_NODE && r->speed_up > 1.5);
    assert_true(small_same(before, ht_trainer_network(t)));
    ht_network_free(before);
    ht_trainer_free(t);
    free(r);
}

/* ---- the analyst ---- */

typedef struct lab {
    ht_pool *pool;
    ht_trainer *trainer;
    ht_runner *runner;
    const ht_report *report;
    ht_state state;
    uint64_t step;
    double masked;
    bool fresh; /* the report is new */
} lab;

static lab *lab_open(int width)
{
    ht_params params = small_params();
    if (SANITIZED) ht_params_put(&params, HT_P_UI_EFFORT, HT_EFFORT_FULL);
    lab *l = calloc(1, sizeof *l);
    ht_params_put(&params, HT_P_MODEL_WIDTH, width);
    l->pool = small_pool(2);
    l->trainer = small_trainer(&params, data, l->pool);
    l->runner = ht_runner_start(l->trainer, data, l->pool, &err);
    assert_non_null(l->runner);
    return l;
}

static void lab_close(lab *l)
{
    ht_runner_stop(l->runner);
    ht_trainer_free(l->trainer);
    ht_pool_free(l->pool);
    free(l);
}

static void receive(lab *l)
{
    ht_sample s;
    while (ht_runner_receive(l->runner, &s)) {
        l->step = s.step;
        l->masked = s.masked;
        if (s.kind == HT_SAMPLE_STATE) l->state = s.state;
    }
    l->report = ht_runner_report(l->runner, &l->fresh);
}

static void nap(void)
{
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* Looking has a share of the machine, and a look costs twenty times as much under a sanitizer. */
enum { PATIENCE = SANITIZED ? 300 : 60 };

#define WAIT(l, condition)                                                                                   \
    do {                                                                                                     \
        double end_ = ht_now() + PATIENCE;                                                                   \
        for (receive(l); !(condition); receive(l), nap())                                                    \
            if (ht_now() > end_) fail_msg("line %d: waited in vain for %s", __LINE__, #condition);           \
    } while (0)

static void look(lab *l, unsigned methods, bool thorough)
{
    ht_analysis_request request = {.methods = methods, .watched = true, .thorough = thorough};
    assert_int_not_equal(ht_runner_look(l->runner, &request), 0);
}

static void run(lab *l)
{
    ht_runner_send(l->runner, HT_COMMAND_RUN, 0, 0);
    WAIT(l, l->state == HT_STATE_RUNNING);
}

static void pause_run(lab *l)
{
    ht_runner_send(l->runner, HT_COMMAND_PAUSE, 0, 0);
    WAIT(l, l->state == HT_STATE_PAUSED);
}

static bool knows(const lab *l, unsigned methods)
{
    for (int m = 0; m < HT_PRUNE_METHODS; m++) {
        const ht_prune_look *k = &l->report->look[m];
        if (methods >> m & 1 && (k->count == 0 || k->step != l->step || k->samples != TEST)) return false;
    }
    return !(l->report->pending & methods);
}

static void standing_still_every_requested_method_is_looked_at(void **state)
{
    (void)state;
    lab *l = lab_open(64);
    unsigned some = 1u << HT_PRUNE_NODE | 1u << HT_PRUNE_SVD | 1u << HT_PRUNE_RANDOM;
    WAIT(l, knows(l, 1u << HT_PRUNE_NODE));
    assert_int_equal(l->report->look[HT_PRUNE_SVD].count, 0); /* nobody has asked */
    look(l, some, false);
    WAIT(l, knows(l, some));
    assert_int_equal(l->report->look[HT_PRUNE_MAGNITUDE].count, 0);
    uint64_t count = l->report->count;
    look(l, some & ~(1u << HT_PRUNE_RANDOM), false); /* what is known is not made again */
    WAIT(l, l->report->count > count);
    assert_int_equal(l->report->count, count + 1);
    look(l, ALL, false);
    WAIT(l, knows(l, ALL));
    /* Other weights at the same step: a pruning. */
    double before = l->report->look[HT_PRUNE_SVD].at.ratio;
    ht_prune_intent intent = {spec_of(HT_PRUNE_NODE), true};
    intent.spec.calibration = NULL, intent.spec.ratio = 0.5;
    ht_runner_prune(l->runner, &intent);
    WAIT(l, l->masked == 0.5 && knows(l, ALL) && l->report->look[HT_PRUNE_SVD].at.ratio != before);
    assert_true(l->report->pruned.ratio >= 0.5);
    ht_runner_send(l->runner, HT_COMMAND_UNDO_STATE, 0, 0);
    WAIT(l, l->masked == 0 && knows(l, ALL) && l->report->look[HT_PRUNE_SVD].at.ratio == before);
    lab_close(l);
}

static void running_the_node_curve_comes_and_others_when_asked(void **state)
{
    (void)state;
    lab *l = lab_open(SANITIZED ? 150 : 400);
    look(l, 1u << HT_PRUNE_NODE, false);
    run(l);
    double start = ht_now();
    int reports = 0;
    WAIT(l, (reports += l->fresh) >= 4);
    print_message("[          ] %.1f node curves a second, %d samples\n", reports / (ht_now() - start),
                  l->report->look[HT_PRUNE_NODE].samples);
    assert_in_range(l->report->look[HT_PRUNE_NODE].samples, 250, 1000);
    assert_int_equal(l->report->look[HT_PRUNE_SVD].count, 0);
    look(l, 1u << HT_PRUNE_NODE | 1u << HT_PRUNE_SVD, false);
    WAIT(l, l->report->look[HT_PRUNE_SVD].count > 0);
    uint64_t once = l->report->look[HT_PRUNE_SVD].step;
    WAIT(l, l->report->look[HT_PRUNE_NODE].step > once + 20); /* the others stay as they were */
    assert_int_equal(l->report->look[HT_PRUNE_SVD].step, once);
    look(l, 1u << HT_PRUNE_NODE | 1u << HT_PRUNE_SVD, true); /* unless they are asked for */
    WAIT(l, l->report->look[HT_PRUNE_SVD].step > once && l->report->look[HT_PRUNE_SVD].samples == TEST);
    lab_close(l);
}

/* A coreset of this network takes seconds. */
static void what_takes_long_ends_when_training_goes_on(void **state)
{
    (void)state;
    lab *l = lab_open(SANITIZED ? 500 : 1500);
    look(l, 1u << HT_PRUNE_NODE, false);
    WAIT(l, knows(l, 1u << HT_PRUNE_NODE));
    look(l, 1u << HT_PRUNE_NODE | 1u << HT_PRUNE_CORESET, false);
    WAIT(l, l->report->pending & 1u << HT_PRUNE_CORESET);
    run(l);
    WAIT(l, l->report->look[HT_PRUNE_NODE].step > 0);
    pause_run(l);
    double start = ht_now();
    lab_close(l); /* nor does anybody wait for it at the end */
    assert_true(ht_now() - start < 60);
}

/* ---- masks ---- */

static void the_share_of_a_mask_is_of_hidden_weights(void **state)
{
    (void)state;
    ht_network *net = ht_network_new(10, 8, 2, 3, HT_RELU, false, &err);
    ht_network_init(net, 1, NULL);
    ht_mask *mask = ht_mask_new(net, &err);
    assert_true(ht_mask_hidden_share(mask) == 0);
    memset(net->weights[0]->data, 0, 4 * 10 * sizeof(float)); /* 40 of 80 + 64 */
    memset(net->weights[2]->data, 0, 5 * sizeof(float));      /* the output layer does not count */
    ht_mask_take_zeros(mask, net);
    assert_true(fabs(ht_mask_hidden_share(mask) - 40.0 / 144) < 1e-12);
    ht_mask_free(mask);
    ht_network_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_are_thinned_curves),
        cmocka_unit_test(the_strongest_are_the_last_by_norm),
        cmocka_unit_test(every_curve_can_be_cancelled),
        cmocka_unit_test(speed_is_of_the_smaller_network),
        cmocka_unit_test(standing_still_every_requested_method_is_looked_at),
        cmocka_unit_test(running_the_node_curve_comes_and_others_when_asked),
        cmocka_unit_test(what_takes_long_ends_when_training_goes_on),
        cmocka_unit_test(the_share_of_a_mask_is_of_hidden_weights),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
