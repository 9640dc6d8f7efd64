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
    PAIRS = 3, /* with the screen, between two turns without */
    ANSWERS = 5,
    TIMES = 4096, /* of changes of a value */
};
static const double frame_seconds = 2.0 / 30, poll_seconds = 0.004, warm_seconds = 1;
static double live_seconds = 20, turn_seconds = 4, answer_gap = 1;

void ht_bench_live_quick(void)
{
    live_seconds = 2, turn_seconds = 0.3, answer_gap = 0.2;
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
static ht_code open_view(view *v, ht_session *s, ht_effort effort, ht_error *err)
{
    *v = (view){.session = s};
    ht_trainer_reset(s->trainer, (uint64_t)ht_params_get(&s->params, HT_P_TRAIN_SEED));
    v->model = ht_alloc(1, sizeof *v->model, "the model", err);
    v->screen = v->model ? ht_alloc(1, sizeof *v->screen, "the screen", err) : NULL;
    v->cells = v->screen ? ht_cells_new(err) : NULL;
    v->runner = v->cells ? ht_runner_start(s->trainer, s->data, s->pool, err) : NULL;
    if (!v->runner) {
        close_view(v);
        return HT_FAIL;
    }
    ht_model_init(v->model, &s->params, s->data->inputs, s->data->classes, s->data->title);
    ht_runner_send(v->runner, HT_COMMAND_EFFORT, 0, effort);
    ht_runner_send(v->runner, HT_COMMAND_RUN, 0, 0);
    return HT_OK;
}

/* ---- what is measured -------------------------------------------------------------------------- */

static void watch(view *v, json_t *row)
{
    static const char *const names[WHATS] = {"histogram_hz", "tail_hz", "kappa_hz", "curve_hz"};
    double end = ht_now() + fmin(warm_seconds, live_seconds);
    while (ht_now() < end) turn(v);
    for (int w = 0; w < WHATS; w++) v->of[w].count = 0;
    for (end = ht_now() + live_seconds; ht_now() < end;) turn(v);
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
    for (double end = ht_now() + answer_gap; ht_now() < end;) turn(v);
    return took;
}

static ht_code live(ht_session *s, json_t *row, ht_error *err)
{
    static view v; /* large */
    double times[ANSWERS], alpha = ht_params_get(&s->params, HT_P_NOISE_ALPHA);
    if (open_view(&v, s, HT_EFFORT_NORMAL, err) != HT_OK) return HT_FAIL;
    watch(&v, row);
    for (int i = 0; i < ANSWERS; i++) times[i] = answer(&v, alpha - (i % 2 ? 0 : 0.05));
    ht_runner_join(v.runner);
    json_object_set_new(row, "answer_ms", json_real(1e3 * ht_bench_median(times, ANSWERS)));
    json_object_set_new(row, "longest_pause_ms", json_real(1e3 * v.pause));
    close_view(&v);
    ht_error ignored;
    return ht_trainer_set(s->trainer, HT_P_NOISE_ALPHA, alpha, &ignored);
}

static ht_code headless(ht_session *s, uint64_t steps, double *rate, ht_error *err)
{
    ht_trainer_reset(s->trainer, (uint64_t)ht_params_get(&s->params, HT_P_TRAIN_SEED));
    double start = ht_now();
    for (uint64_t i = 0; i < steps; i++)
        if (ht_trainer_step(s->trainer).refused) return ht_error_set(err, HT_FAIL, "bench live: diverged");
    *rate = (double)steps / (ht_now() - start);
    return HT_OK;
}

/* As many steps with the screen, from a second on: the first look at everything is behind it. */
static ht_code with_screen(ht_session *s, ht_effort effort, uint64_t steps, double *rate, ht_error *err)
{
    static view v;
    if (open_view(&v, s, effort, err) != HT_OK) return HT_FAIL;
    for (double end = ht_now() + fmin(warm_seconds, turn_seconds); v.clock == 0 || ht_now() < end;) turn(&v);
    double start = v.clock;
    uint64_t first = v.model->step;
    while (v.model->step < first + steps) turn(&v);
    *rate = (double)(v.model->step - first) / (v.clock - start);
    close_view(&v);
    return HT_OK;
}

/* Each turn with the screen against those without on both sides: the machine's speed drifts. */
static ht_code ratios(ht_session *s, json_t *row, ht_error *err)
{
    static const ht_effort efforts[2] = {HT_EFFORT_NORMAL, HT_EFFORT_ECO};
    double rate = 0, before = 0, after = 0, with = 0, ratio[2][PAIRS];
    if (headless(s, 5, &rate, err) != HT_OK) return HT_FAIL; /* warms up */
    if (headless(s, (uint64_t)fmax(5, 0.5 * rate), &rate, err) != HT_OK) return HT_FAIL;
    uint64_t steps = (uint64_t)fmax(5, turn_seconds * rate);
    if (headless(s, steps, &before, err) != HT_OK) return HT_FAIL;
    for (int i = 0; i < 2 * PAIRS; i++) {
        if (with_screen(s, efforts[i % 2], steps, &with, err) != HT_OK ||
            headless(s, steps, &after, err) != HT_OK)
            return HT_FAIL;
        ratio[i % 2][i / 2] = 2 * with / (before + after);
        before = after;
    }
    json_object_set_new(row, "steps_ratio", json_real(ht_bench_median(ratio[0], PAIRS)));
    json_object_set_new(row, "steps_ratio_eco", json_real(ht_bench_median(ratio[1], PAIRS)));
    return HT_OK;
}

static ht_code measure(const char *preset, const char *width, json_t *rows, ht_error *err)
{
    ht_arguments args = {.preset = preset};
    ht_session session = {0};
    json_t *row = json_object();
    json_array_append_new(rows, row);
    ht_code code = ht_arguments_add(&args, "model.width", width, err);
    if (code == HT_OK) code = ht_session_open(&session, &args, NULL, err);
    if (code != HT_OK) return code;
    json_object_set_new(row, "width",
                        json_integer((json_int_t)ht_params_get(&session.params, HT_P_MODEL_WIDTH)));
    json_object_set_new(row, "inputs", json_integer(session.data->inputs));
    code = ratios(&session, row, err);
    if (code == HT_OK) code = live(&session, row, err);
    ht_session_close(&session);
    return code;
}

static ht_code run(json_t *rows, ht_error *err)
{
    ht_code code = measure("ecg-demo", "2000", rows, err);
    return code == HT_OK ? measure("digits-demo", "10000", rows, err) : code;
}

static void print(const json_t *rows)
{
    static const char *const lines[][2] = {{"histogram, norms, kappa", "histogram_hz"},
                                           {"tail index", "tail_hz"},
                                           {"kappa", "kappa_hz"},
                                           {"accuracy after pruning", "curve_hz"},
                                           {"steps against headless", "steps_ratio"},
                                           {"steps, effort eco", "steps_ratio_eco"},
                                           {"alpha moved: answer, ms", "answer_ms"},
                                           {"longest pause, ms", "longest_pause_ms"}};
    printf("%-26s", "New values a second");
    for (size_t i = 0; i < json_array_size(rows); i++)
        printf("  n = %.0f, d = %.0f", ht_bench_number(json_array_get(rows, i), "width"),
               ht_bench_number(json_array_get(rows, i), "inputs"));
    printf("\n");
    for (size_t l = 0; l < sizeof lines / sizeof lines[0]; l++) {
        printf("  %-24s", lines[l][0]);
        for (size_t i = 0; i < json_array_size(rows); i++)
            printf("  %16.3f", ht_bench_number(json_array_get(rows, i), lines[l][1]));
        printf("\n");
    }
}

const ht_bench_part ht_bench_live = {"live", run, print, false};
