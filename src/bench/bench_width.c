/* bench_width.c - the width sweep of the lab on ecg-demo: how soon its prediction and its first run are
 * there, and what it says after a minute, for several values of train.seed. The numbers of its runs are in
 * the JSON: tests/bench/width_truth.py holds the sentences against a sweep of 200 seeds. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "bench/bench.h"
#include "base/clock.h"
#include "experiment/width_sweep.h"
#include "session/session.h"
#include "view/panels/width_trend.h"

static const double minute = 60, look_seconds = 0.002;
static int first_seed = 1, seeds = 1, runs_wanted = 0; /* 0: as many as a minute gives */

void ht_bench_width_seeds(int first, int count)
{
    first_seed = first, seeds = count;
}

void ht_bench_width_runs(int runs)
{
    runs_wanted = runs;
}

typedef struct times {
    double predicted, run; /* seconds until every width has a prediction; until the first run is done */
} times;

static bool all_predicted(const ht_width_sweep_state *s)
{
    bool all = true;
    for (int i = 0; i < s->widths; i++) all = all && s->predicted[i].ratio.count > 0;
    return all;
}

/* Until there are enough runs, or the minute is over. */
static void watch(ht_width_sweep *sweep, ht_width_sweep_state *s, times *t)
{
    double start = ht_now(), now = 0;
    *t = (times){0};
    do {
        nanosleep(&(struct timespec){.tv_nsec = (long)(1e9 * look_seconds)}, NULL);
        ht_width_sweep_look(sweep, s);
        now = ht_now() - start;
        if (t->predicted == 0 && all_predicted(s)) t->predicted = now;
        if (t->run == 0 && s->runs > 0) t->run = now;
    } while (s->running && (runs_wanted > 0 ? s->runs < runs_wanted : now < minute));
}

static json_t *points_of(const ht_width_sweep_state *s)
{
    json_t *points = json_array();
    for (int i = 0; i < s->widths; i++) {
        json_t *ratios = json_array();
        for (int k = 0; k < HT_SWEEP_SEEDS; k++)
            if (isfinite(s->noisy[i].ratio[k]))
                json_array_append_new(ratios, json_real(s->noisy[i].ratio[k]));
        json_array_append_new(points, json_pack("{s:i, s:o}", "width", s->noisy[i].width, "ratios", ratios));
    }
    return points;
}

/* Of a line; without one the slope is null. */
static json_t *row_of(int seed, const ht_width_sweep_state *s, const times *t)
{
    const ht_trend line = ht_width_trend(s);
    json_t *row = json_pack("{s:i, s:f, s:f, s:i, s:f, s:i, s:o}", "seed", seed, "predicted_s", t->predicted,
                            "first_run_s", t->run, "runs", s->runs, "steps",
                            ht_params_get(&s->params, HT_P_TRAIN_STEPS), "line_widths", line.groups, "points",
                            points_of(s));
    if (line.groups == 0) {
        json_object_set_new(row, "slope", json_null());
        return row;
    }
    json_object_set_new(row, "slope", json_real(line.slope));
    json_object_set_new(row, "half", json_real(line.half));
    json_object_set_new(row, "line_runs", json_integer((json_int_t)line.values));
    json_object_set_new(row, "widest", json_integer(s->noisy[line.groups - 1].width));
    return row;
}

static ht_code run_seed(const ht_session *session, int seed, json_t *rows, ht_error *err)
{
    static ht_width_sweep_state state; /* large */
    times t;
    ht_params params = session->params;
    ht_params_put(&params, HT_P_TRAIN_SEED, seed);
    ht_width_sweep *sweep = ht_width_sweep_start(&params, session->data, ht_pool_threads(session->pool),
                                                 HT_SWEEP_SEEDS, NULL, err);
    if (!sweep) return HT_FAIL;
    watch(sweep, &state, &t);
    ht_width_sweep_free(sweep);
    if (state.fault[0]) return ht_error_set(err, HT_FAIL, "bench width: %s", state.fault);
    json_array_append_new(rows, row_of(seed, &state, &t));
    return HT_OK;
}

static ht_code run(json_t *rows, ht_error *err)
{
    const ht_arguments args = {.preset = "ecg-demo"};
    ht_session session = {0};
    ht_code code = ht_session_open(&session, &args, NULL, err);
    for (int i = 0; i < seeds && code == HT_OK; i++) code = run_seed(&session, first_seed + i, rows, err);
    ht_session_close(&session);
    return code;
}

static void print(const json_t *rows)
{
    size_t i;
    json_t *row;
    printf(
        "width sweep of ecg-demo   prediction, s   first run, s   runs   kappa a decade, 95 %%   n up to\n");
    json_array_foreach(rows, i, row)
    {
        char line[64] = "no line yet";
        if (!json_is_null(json_object_get(row, "slope")))
            snprintf(line, sizeof line, "%+.3f ± %.3f   %9.0f", ht_bench_number(row, "slope"),
                     ht_bench_number(row, "half"), ht_bench_number(row, "widest"));
        printf("train.seed = %4.0f %23.2f %14.2f %6.0f          %s\n", ht_bench_number(row, "seed"),
               ht_bench_number(row, "predicted_s"), ht_bench_number(row, "first_run_s"),
               ht_bench_number(row, "runs"), line);
    }
}

const ht_bench_part ht_bench_width = {.name = "width", .run = run, .print = print};
