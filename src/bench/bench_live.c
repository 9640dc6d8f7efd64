/* bench_live.c - how alive the lab is: new values on its screen in a second, what looking takes from
 * training, how soon a change is answered, and the longest time that training stands still. The engine as the
 * lab runs it, with a screen that is drawn but shown nowhere. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "session/session.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "engine/runner.h"
#include "render/cells.h"
#include "render/screen.h"
#include "view/scene.h"

enum {
    COLUMNS = 200,
    ROWS = 60,
    LEAST_TURNS = 6, /* with the screen, each between two without; every third at effort eco */
    ANSWERS = 5,
    TIMES = 4096, /* of changes of a value */
};
static const double frame_seconds = 2.0 / 30, poll_seconds = 0.004, warm_seconds = 1, settle_seconds = 0.3;
static double live_seconds = 20, ratio_seconds = 60, turn_seconds = 1, answer_gap = 1;
static int only_row;

void ht_bench_live_row(int row)
{
    only_row = row;
}

void ht_bench_live_quick(void)
{
    live_seconds = 2, ratio_seconds = 6, turn_seconds = 0.2, answer_gap = 0.2;
}

/* ---- a screen ---------------------------------------------------------------------------------- */

typedef enum what { HISTOGRAM, TAIL, KAPPA, CURVE, WHATS } what;

/* When new values of one kind came on the screen. */
typedef struct changes {
    uint64_t step; /* of the weights of the value that stands there */
    int count;
    double gap[TIMES], last; /* seconds between two; when the last one came */
} changes;

typedef struct view {
    ht_session *session;
    ht_runner *runner;
    ht_model *model;
    ht_cells *cells;
    ht_screen *screen;
    double drawn;
    changes of[WHATS];
    /* of training */
    double clock, seconds, pause; /* of the step before; the longest time between two steps */
    uint64_t changed;             /* the step of the last change of α */
} view;

static uint64_t step_of(const ht_report *r, what w)
{
    return w == HISTOGRAM ? r->glimpse.step
           : w == TAIL    ? r->tail.step
           : w == KAPPA   ? ht_model_kappa_of(r).step
                          : r->look[HT_PRUNE_NODE].step;
}

static void note_changes(view *v, double now)
{
    for (int w = 0; w < WHATS; w++) {
        changes *c = &v->of[w];
        uint64_t step = step_of(&v->model->report, (what)w);
        if (step == c->step) continue;
        if (c->step > 0 && c->count < TIMES) c->gap[c->count++] = now - c->last;
        c->step = step, c->last = now;
    }
}

static void note_step(view *v, const ht_sample *s)
{
    if (s->kind == HT_SAMPLE_CHANGE && s->param == HT_P_NOISE_ALPHA) v->changed = s->step;
    if (s->kind == HT_SAMPLE_STATE && s->state != HT_STATE_RUNNING)
        v->clock = 0; /* what follows is asked for */
    if (s->kind != HT_SAMPLE_STEP) return;
    double between = s->clock - v->clock - (s->seconds - v->seconds);
    if (v->clock > 0 && s->folded == 1) v->pause = fmax(v->pause, between);
    v->clock = s->clock, v->seconds = s->seconds;
}

/* What came in goes into the model, and with the next frame on the screen. */
static void turn(view *v)
{
    ht_sample sample;
    ht_error ignored;
    bool fresh;
    while (ht_runner_receive(v->runner, &sample)) {
        note_step(v, &sample);
        ht_model_sample(v->model, &sample);
    }
    const ht_glimpse *glimpse = ht_runner_glimpse(v->runner, &fresh);
    if (fresh) ht_model_glimpse(v->model, glimpse);
    const ht_report *report = ht_runner_report(v->runner, &fresh);
    if (fresh) ht_model_report(v->model, report);
    if (ht_now() - v->drawn >= frame_seconds &&
        ht_cells_resume(v->cells, COLUMNS, ROWS, HT_SYMBOLS_BRAILLE, &ignored) == HT_OK) {
        ht_layout layout = ht_layout_make(COLUMNS, ROWS, ht_scene_of(v->model, COLUMNS));
        ht_screen_draw(v->screen, ht_cells_surface(v->cells), v->model, &layout);
        v->drawn = ht_now();
        note_changes(v, v->drawn);
    }
    nanosleep(&(struct timespec){.tv_nsec = (long)(1e9 * poll_seconds)}, NULL);
}

static void close_view(view *v)
{
    ht_runner_stop(v->runner);
    if (v->screen) ht_screen_free(v->screen);
    if (v->model) ht_model_clear(v->model);
    ht_free(v->screen);
    ht_free(v->model);
    ht_cells_free(v->cells);
}

/* From step 0, training. */
static ht_code open_view(view *v, ht_session *s, ht_error *err)
{
    *v = (view){.session = s};
    v->model = ht_alloc(1, sizeof *v->model, "the model", err);
    v->screen = v->model ? ht_alloc(1, sizeof *v->screen, "the screen", err) : NULL;
    v->cells = v->screen ? ht_cells_new(err) : NULL;
    v->runner = v->cells ? ht_runner_start(s->trainer, s->data, s->pool, err) : NULL;
    if (!v->runner) {
        close_view(v);
        return HT_FAIL;
    }
    ht_model_init(v->model, &s->params, s->data->inputs, s->data->classes, s->data->title);
    ht_runner_send(v->runner, HT_COMMAND_RUN, 0, 0);
    return HT_OK;
}

static void turn_for(view *v, double seconds)
{
    for (double end = ht_now() + seconds; ht_now() < end;) turn(v);
}

/* ---- what is measured -------------------------------------------------------------------------- */

static void watch(view *v, json_t *row)
{
    static const char *const names[WHATS] = {"histogram_hz", "tail_hz", "kappa_hz", "curve_hz"};
    turn_for(v, fmin(warm_seconds, live_seconds));
    for (int w = 0; w < WHATS; w++) v->of[w].count = 0;
    turn_for(v, live_seconds);
    for (int w = 0; w < WHATS; w++) {
        double gap = ht_bench_median(v->of[w].gap, v->of[w].count);
        json_object_set_new(row, names[w], json_real(gap > 0 ? 1 / gap : 0));
    }
}

/* α moves: seconds until histogram, tail and κ on the screen are of weights after that. */
static double answer(view *v, double alpha)
{
    static const double patience = 20;
    double start = ht_now();
    v->changed = UINT64_MAX;
    ht_runner_send(v->runner, HT_COMMAND_SET, HT_P_NOISE_ALPHA, alpha);
    for (bool all = false; !all && ht_now() - start < patience;) {
        turn(v);
        all = v->changed < UINT64_MAX;
        for (int w = HISTOGRAM; w <= KAPPA; w++) all = all && v->of[w].step > v->changed;
    }
    double took = ht_now() - start;
    turn_for(v, answer_gap);
    return took;
}

static void answers(view *v, json_t *row)
{
    double times[ANSWERS], alpha = ht_params_get(&v->session->params, HT_P_NOISE_ALPHA);
    for (int i = 0; i < ANSWERS; i++) times[i] = answer(v, alpha - (i % 2 ? 0 : 0.05));
    json_object_set_new(row, "answer_ms", json_real(1e3 * ht_bench_median(times, ANSWERS)));
}

/* Training stands still until nothing computes any more: what is looked at then is looked at whole. */
static void stand_still(view *v)
{
    static const double patience = 20;
    const ht_report *r = &v->model->report;
    double start = ht_now();
    ht_runner_send(v->runner, HT_COMMAND_PAUSE, 0, 0);
    for (bool still = false; !still && ht_now() - start < patience;) {
        turn(v);
        still = v->model->state == HT_STATE_PAUSED && r->look[HT_PRUNE_NODE].step == v->model->step &&
                r->look[HT_PRUNE_NODE].samples == r->samples_of && r->tail.picture_step == v->model->step;
    }
    turn_for(v, fmin(settle_seconds, turn_seconds));
}

/* Steps a second of the same run beside it, without a screen. */
static ht_code headless(ht_trainer *t, double *rate, ht_error *err)
{
    uint64_t steps = 0;
    double start = ht_now(), took;
    do {
        if (ht_trainer_step(t).refused) return ht_error_set(err, HT_FAIL, "bench live: diverged");
        steps++;
    } while ((took = ht_now() - start) < turn_seconds);
    *rate = (double)steps / took;
    return HT_OK;
}

/* And with it, as it goes on: its first look at everything is long behind. */
static ht_code with_screen(view *v, ht_effort effort, double *rate, ht_error *err)
{
    ht_runner_send(v->runner, HT_COMMAND_EFFORT, 0, effort);
    ht_runner_send(v->runner, HT_COMMAND_RUN, 0, 0);
    turn_for(v, fmin(settle_seconds, turn_seconds));
    while (v->clock == 0) turn(v);
    double start = v->clock;
    uint64_t first = v->model->step;
    turn_for(v, turn_seconds);
    if (v->model->state != HT_STATE_RUNNING)
        return ht_error_set(err, HT_FAIL, "bench live: training stands still: %.100s", v->model->message);
    *rate = (double)(v->model->step - first) / (v->clock - start);
    stand_still(v);
    return HT_OK;
}

static ht_code ratios(view *v, ht_trainer *beside, json_t *row, ht_error *err)
{
    double before = 0, after = 0, with = 0;
    ht_bench_ratios normal = {0}, eco = {0};
    turn_for(v, fmin(warm_seconds, turn_seconds));
    stand_still(v);
    for (int i = 0; i < 2; i++) /* the first one warms up */
        if (headless(beside, &before, err) != HT_OK) return HT_FAIL;
    double end = ht_now() + ratio_seconds;
    for (int i = 0; i < LEAST_TURNS || (i < HT_BENCH_TURNS && ht_now() < end); i++) {
        bool thrifty = i % 3 == 2;
        if (with_screen(v, thrifty ? HT_EFFORT_ECO : HT_EFFORT_NORMAL, &with, err) != HT_OK ||
            headless(beside, &after, err) != HT_OK)
            return HT_FAIL;
        ht_bench_add_ratio(thrifty ? &eco : &normal, before, with, after);
        before = after;
    }
    ht_bench_put_ratios(row, "steps_ratio", &normal);
    ht_bench_put_ratios(row, "steps_ratio_eco", &eco);
    return HT_OK;
}

/* The same run twice, of which one has a screen. */
static ht_code measure_both(ht_session *s, ht_session *beside, json_t *row, ht_error *err)
{
    static view v; /* large */
    json_object_set_new(row, "width", json_integer((json_int_t)ht_params_get(&s->params, HT_P_MODEL_WIDTH)));
    json_object_set_new(row, "inputs", json_integer(s->data->inputs));
    if (open_view(&v, s, err) != HT_OK) return HT_FAIL;
    ht_code code = ratios(&v, beside->trainer, row, err);
    if (code == HT_OK) {
        ht_runner_send(v.runner, HT_COMMAND_EFFORT, 0, HT_EFFORT_NORMAL);
        ht_runner_send(v.runner, HT_COMMAND_RUN, 0, 0);
        watch(&v, row);
        answers(&v, row);
        json_object_set_new(row, "longest_pause_ms", json_real(1e3 * v.pause));
    }
    close_view(&v);
    return code;
}

static ht_code measure(const char *preset, const char *width, json_t *rows, ht_error *err)
{
    ht_arguments args = {.preset = preset};
    ht_session session = {0}, beside = {0};
    json_t *row = json_object();
    json_array_append_new(rows, row);
    ht_code code = ht_arguments_add(&args, "model.width", width, err);
    if (code == HT_OK) code = ht_session_open(&session, &args, NULL, err);
    if (code == HT_OK) code = ht_session_open(&beside, &args, NULL, err);
    if (code == HT_OK) code = measure_both(&session, &beside, row, err);
    ht_session_close(&session);
    ht_session_close(&beside);
    return code;
}

static ht_code run(json_t *rows, ht_error *err)
{
    ht_code code = HT_OK;
    static const struct {
        const char *preset, *width;
    } runs[] = {{"ecg-demo", "2000"}, {"digits-demo", "10000"}};
    for (int i = 0; i < 2 && code == HT_OK; i++)
        if (only_row == 0 || only_row == i + 1) code = measure(runs[i].preset, runs[i].width, rows, err);
    return code;
}

static void print_figure(const json_t *row, const char *key)
{
    char text[80];
    ht_bench_spread_text(text, sizeof text, row, key);
    printf("  %22s", text);
}

static void print(const json_t *rows)
{
    static const char *const lines[][2] = {{"histogram, norms, kappa", "histogram_hz"},
                                           {"tail index", "tail_hz"},
                                           {"kappa", "kappa_hz"},
                                           {"accuracy after pruning", "curve_hz"},
                                           {"steps against headless", "steps_ratio"},
                                           {"  steady turns", "steps_ratio_turns"},
                                           {"steps, effort eco", "steps_ratio_eco"},
                                           {"  steady turns", "steps_ratio_eco_turns"},
                                           {"alpha moved: answer, ms", "answer_ms"},
                                           {"longest pause, ms", "longest_pause_ms"}};
    printf("%-26s", "New values a second");
    for (size_t i = 0; i < json_array_size(rows); i++)
        printf("  n = %6.0f, d = %8.0f", ht_bench_number(json_array_get(rows, i), "width"),
               ht_bench_number(json_array_get(rows, i), "inputs"));
    printf("\n");
    for (size_t l = 0; l < sizeof lines / sizeof lines[0]; l++) {
        printf("  %-24s", lines[l][0]);
        for (size_t i = 0; i < json_array_size(rows); i++) print_figure(json_array_get(rows, i), lines[l][1]);
        printf("\n");
    }
}

const ht_bench_part ht_bench_live = {"live", run, print, false};
