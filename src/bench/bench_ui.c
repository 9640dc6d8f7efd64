/* bench_ui.c - the lab as its user feels it, run in a terminal of its own that only counts bytes: what it
 * takes from training, bytes a frame, key to screen, first frame, and what it does while it is paused. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "session/session.h"
#include "base/clock.h"
#include "base/file.h"
#include "engine/runner.h"
#include "num/select.h"

enum {
    COLUMNS = 200,
    ROWS = 60,
    TURNS = 30,  /* with the screen, each between two without; */
    PRUNING = 3, /* one in so many with the pruning view */
    STARTS = 5,  /* first frames */
    KEYS = 150,
    FRAMES = 4096, /* whose bytes are kept */
    CARRY = 64,    /* bytes kept of what came before: a word may come in two pieces */
    CHUNK = 65536,
};
static const double TURN_SECONDS = 2, LIVE_SECONDS = 3, IDLE_SECONDS = 3, PATIENCE = 20, FRAME_GAP = 0.004;

/* ---- a lab in a terminal ----------------------------------------------------------------------- */

typedef struct lab {
    pid_t pid;
    int terminal;
    double started, last; /* when it was started, and when bytes came last */
    size_t carried, size; /* of `text`: from earlier, and all */
    char text[CARRY + CHUNK];
    int frames;
    double bytes[FRAMES]; /* of each frame: what comes without a gap */
} lab;

/* Starts the lab with these settings (ended by NULL), each "key=value". */
static ht_code start_lab(lab *l, const char *preset, const char *const settings[], ht_error *err)
{
    enum { MOST = 32 };
    char *argv[MOST] = {"heavytail", "lab", "--preset", (char *)preset};
    struct winsize size = {.ws_col = COLUMNS, .ws_row = ROWS};
    for (int i = 0, n = 4; settings[i] && n + 2 < MOST; i++) {
        argv[n++] = "--set";
        argv[n++] = (char *)settings[i];
    }
    *l = (lab){.started = ht_now(), .terminal = -1};
    l->pid = forkpty(&l->terminal, NULL, NULL, &size);
    if (l->pid < 0) return ht_error_set(err, HT_FAIL, "bench ui: no pseudo terminal: %s", strerror(errno));
    if (l->pid > 0) return HT_OK;
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    ht_file_exec_self(argv);
    _exit(127);
}

static void press(const lab *l, const char *key)
{
    ssize_t ignored = write(l->terminal, key, strlen(key));
    (void)ignored;
}

/* Reads what is there within `seconds`, if anything; false when nothing came or the lab has gone. */
static bool read_some(lab *l, double seconds)
{
    struct pollfd input = {.fd = l->terminal, .events = POLLIN};
    if (l->size > CARRY) {
        memmove(l->text, l->text + l->size - CARRY, CARRY);
        l->size = CARRY;
    }
    l->carried = l->size;
    if (poll(&input, 1, seconds > 0 ? (int)(1e3 * seconds) + 1 : 0) <= 0) return false;
    ssize_t n = read(l->terminal, l->text + l->carried, CHUNK);
    if (n <= 0) return false;
    double now = ht_now();
    if (now - l->last > FRAME_GAP && l->frames < FRAMES) l->frames++;
    if (l->frames > 0) l->bytes[l->frames - 1] += (double)n;
    l->last = now;
    l->size += (size_t)n;
    return true;
}

static void read_for(lab *l, double seconds)
{
    double end = ht_now() + seconds;
    while (ht_now() < end) read_some(l, end - ht_now());
}

/* Forgets what came so far: only what follows counts. */
static void forget(lab *l)
{
    while (read_some(l, 0)) {
    }
    l->size = 0;
}

/* Reads until the lab has written `word`. */
static ht_code wait_for(lab *l, const char *word, ht_error *err)
{
    double end = ht_now() + PATIENCE;
    while (ht_now() < end) {
        bool more = read_some(l, end - ht_now());
        if (memmem(l->text, l->size, word, strlen(word))) return HT_OK;
        if (!more && waitpid(l->pid, NULL, WNOHANG) == l->pid) {
            l->pid = -1;
            return ht_error_set(err, HT_FAIL, "bench ui: the lab ended before it showed '%s'", word);
        }
    }
    return ht_error_set(err, HT_FAIL, "bench ui: the lab did not show '%s' within %.0f s", word, PATIENCE);
}

/* Asks it to quit; kills it when it does not. */
static void end_lab(lab *l)
{
    if (l->pid > 0) {
        double end = ht_now() + 3;
        pid_t gone = 0;
        press(l, "\033q");
        press(l, "q");
        while (gone == 0 && ht_now() < end) {
            read_some(l, 0.02);
            gone = waitpid(l->pid, NULL, WNOHANG);
        }
        if (gone == 0) {
            kill(l->pid, SIGKILL);
            waitpid(l->pid, NULL, 0);
        }
    }
    if (l->terminal >= 0) close(l->terminal);
}

/* ---- what is measured -------------------------------------------------------------------------- */

static const char *const plain[] = {NULL};

static ht_code first_frame(lab *l, double *seconds, ht_error *err)
{
    double times[STARTS];
    ht_code code = HT_OK;
    for (int i = 0; i < STARTS && code == HT_OK; i++) {
        code = start_lab(l, "ecg-demo", plain, err);
        if (code == HT_OK) code = wait_for(l, "heavytail", err);
        times[i] = ht_now() - l->started;
        end_lab(l);
    }
    if (code == HT_OK) *seconds = ht_bench_median(times, STARTS);
    return code;
}

/* Steps a second without a screen, from the same start as the lab: what a step costs changes as the network
 * learns. */
static ht_code headless(ht_session *s, int steps, double *rate, ht_error *err)
{
    ht_trainer_reset(s->trainer, (uint64_t)ht_params_get(&s->params, HT_P_TRAIN_SEED));
    double start = ht_now();
    for (int i = 0; i < steps; i++)
        if (ht_trainer_step(s->trainer).refused) return ht_error_set(err, HT_FAIL, "bench ui: diverged");
    *rate = steps / (ht_now() - start);
    return HT_OK;
}

/* Steps a second with it, the view of that key open ("": the dashboard): from the word that it runs to the
 * word that it is done, each of which comes with the next frame. */
static ht_code with_screen(lab *l, const char *view, int steps, double *rate, double *bytes, ht_error *err)
{
    char setting[40];
    const char *const settings[] = {setting, NULL};
    snprintf(setting, sizeof setting, "train.steps=%d", steps);
    if (start_lab(l, "ecg-demo", settings, err) != HT_OK) return err->code;
    ht_code code = wait_for(l, "running", err);
    double start = ht_now();
    press(l, view);
    if (code == HT_OK) code = wait_for(l, "done:", err);
    *rate = steps / (ht_now() - start);
    *bytes = ht_bench_median(l->bytes + 1, l->frames - 1); /* the first one fills the screen */
    end_lab(l);
    return code;
}

/* Node curves a second of new weights, as the pruning view asks for them, while training runs (n = 2 000). */
static ht_code live_curve(ht_session *s, double *hz, ht_error *err)
{
    const ht_analysis_request request = {.watched = true, .ratio = NAN};
    bool fresh;
    uint64_t seen = 0;
    int curves = -1; /* the first one begins the count */
    ht_runner *runner = ht_runner_start(s->trainer, s->data, s->pool, err);
    if (!runner) return err->code;
    ht_runner_look(runner, &request);
    ht_runner_send(runner, HT_COMMAND_RUN, 0, 0);
    double begun = ht_now(), first = begun, last = begun;
    while (ht_now() - begun < LIVE_SECONDS) {
        ht_sample ignored;
        while (ht_runner_receive(runner, &ignored)) {
        }
        const ht_report *report = ht_runner_report(runner, &fresh);
        if (fresh && report->look[HT_PRUNE_NODE].step > seen) {
            seen = report->look[HT_PRUNE_NODE].step;
            last = ht_now();
            if (curves++ < 0) first = last;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    ht_runner_stop(runner);
    *hz = curves > 0 ? curves / (last - first) : 0;
    return HT_OK;
}

/* The median of ratios is the one figure: medians of either side, whose moments differ, would say another. */
static ht_code throughput(lab *l, json_t *row, ht_error *err)
{
    ht_arguments args = {.preset = "ecg-demo"};
    ht_session session;
    ht_bench_ratios dashboard = {0}, pruning = {0};
    double alone[TURNS + 1], bytes[TURNS], frame = 0, with = 0, rate = 0, hz = 0;
    int frames = 0;
    ht_code code = ht_session_open(&session, &args, NULL, err);
    if (code == HT_OK) code = headless(&session, 200, &rate, err); /* warms up */
    if (code == HT_OK) code = live_curve(&session, &hz, err);
    int steps = (int)(TURN_SECONDS * rate);
    if (code == HT_OK) code = headless(&session, steps, &alone[0], err);
    for (int i = 0; i < TURNS && code == HT_OK; i++) {
        bool prunes = i % PRUNING == PRUNING - 1;
        code = with_screen(l, prunes ? "p" : "", steps, &with, &frame, err);
        if (code == HT_OK) code = headless(&session, steps, &alone[i + 1], err);
        if (code == HT_OK) ht_bench_add_ratio(prunes ? &pruning : &dashboard, alone[i], with, alone[i + 1]);
        if (code == HT_OK && !prunes) bytes[frames++] = frame;
    }
    ht_session_close(&session);
    if (code != HT_OK) return code;
    ht_bench_put_ratios(row, "ui_ratio", &dashboard);
    ht_bench_put_ratios(row, "pruning_view_ratio", &pruning);
    json_object_set_new(row, "headless_steps_per_s", json_real(ht_bench_median(alone, TURNS + 1)));
    json_object_set_new(row, "live_curve_hz", json_real(hz));
    json_object_set_new(row, "median_frame_bytes", json_real(ht_bench_median(bytes, frames)));
    return HT_OK;
}

/* ↓ moves the marker of the chosen control, which nothing else writes. */
static ht_code key_to_screen(lab *l, double *p99, ht_error *err)
{
    static const char *const wide[] = {"model.width=10000", "train.batch=5000", NULL};
    static const char marker[] = "\u25b8";
    double times[KEYS];
    if (start_lab(l, "digits-demo", wide, err) != HT_OK) return err->code;
    ht_code code = wait_for(l, "running", err);
    if (code == HT_OK) read_for(l, 1);
    for (int i = 0; i < KEYS && code == HT_OK; i++) {
        read_for(l, 0.02 + 0.001 * (i * 7 % 30)); /* at any moment of a frame */
        forget(l);
        double start = ht_now();
        press(l, "j");
        code = wait_for(l, marker, err);
        times[i] = ht_now() - start;
    }
    end_lab(l);
    if (code != HT_OK) return code;
    qsort(times, KEYS, sizeof times[0], ht_by_double);
    *p99 = times[KEYS * 99 / 100];
    return HT_OK;
}

/* Share of a core that the paused lab takes. */
static ht_code idle(lab *l, double *share, ht_error *err)
{
    clockid_t clock;
    struct timespec before = {0}, after = {0};
    if (start_lab(l, "ecg-demo", plain, err) != HT_OK) return err->code;
    ht_code code = wait_for(l, "running", err);
    if (code == HT_OK) press(l, " ");
    if (code == HT_OK) code = wait_for(l, "paused", err);
    if (code == HT_OK) read_for(l, 2); /* the analyst's last look */
    bool measured =
        code == HT_OK && clock_getcpuclockid(l->pid, &clock) == 0 && clock_gettime(clock, &before) == 0;
    read_for(l, IDLE_SECONDS);
    measured = measured && clock_gettime(clock, &after) == 0;
    end_lab(l);
    if (code == HT_OK && !measured)
        code = ht_error_set(err, HT_FAIL, "bench ui: the lab's processor time cannot be read");
    if (code != HT_OK) return code;
    *share = ((double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec)) /
             IDLE_SECONDS;
    return HT_OK;
}

/* ---- the part ---------------------------------------------------------------------------------- */

static ht_code run(json_t *row, ht_error *err)
{
    static lab l; /* large */
    double first = 0, p99 = 0, share = 0;
    ht_code code = first_frame(&l, &first, err);
    if (code == HT_OK) code = throughput(&l, row, err);
    if (code == HT_OK) code = key_to_screen(&l, &p99, err);
    if (code == HT_OK) code = idle(&l, &share, err);
    json_object_set_new(row, "key_p99_ms", json_real(1e3 * p99));
    json_object_set_new(row, "keys", json_integer(KEYS));
    json_object_set_new(row, "first_frame_ms", json_real(1e3 * first));
    json_object_set_new(row, "idle_cpu", json_real(share));
    return code;
}

static void print_ratio(const json_t *row, const char *what, const char *key)
{
    char text[80], turns[60];
    ht_bench_spread_text(text, sizeof text, row, key);
    snprintf(turns, sizeof turns, "%s_turns", key);
    printf("  %-22s%s, %.0f steady turns\n", what, text, ht_bench_number(row, turns));
}

static void print(const json_t *row)
{
    printf("The lab at %d x %d, 30 frames/s\n", COLUMNS, ROWS);
    printf("  steps a second, against %.1f without a screen: median (its interval of 95 %%)\n",
           ht_bench_number(row, "headless_steps_per_s"));
    print_ratio(row, "  dashboard", "ui_ratio");
    print_ratio(row, "  pruning view", "pruning_view_ratio");
    printf("  node curve there      %8.1f times a second\n", ht_bench_number(row, "live_curve_hz"));
    printf("  bytes a frame, median %8.0f\n", ht_bench_number(row, "median_frame_bytes"));
    printf("  key to screen, p99    %8.1f ms (of %.0f keys; n = 10 000, b = 5 000, training)\n",
           ht_bench_number(row, "key_p99_ms"), ht_bench_number(row, "keys"));
    printf("  first frame           %8.1f ms\n", ht_bench_number(row, "first_frame_ms"));
    printf("  paused                %8.2f %% of a core\n", 100 * ht_bench_number(row, "idle_cpu"));
}

const ht_bench_part ht_bench_ui = {"ui", run, print, true};
