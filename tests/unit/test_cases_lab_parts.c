/* test_cases_lab_parts.c - the parts that leaving the lab and unusual terminals need: work that is
 * cancelled task by task, steps that are given up whole, 24-bit colours, the console's font, a signal that
 * comes again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/interrupt.h"
#include "base/pool.h"
#include "base/thread.h"
#include "heavytail/dataset.h"
#include "engine/trainer.h"
#include "heavytail/prune.h"
#include "num/eigen.h"
#include "num/linalg.h"
#include "term/console.h"
#include "term/sgr.h"

static ht_error err;

/* ---- called off -------------------------------------------------------------------------------- */

typedef struct counter {
    atomic_int ran;
    int last; /* sets the flag when so many have begun */
    atomic_bool off;
} counter;

static void count(void *context, int task, int worker)
{
    counter *c = context;
    (void)task, (void)worker;
    if (atomic_fetch_add(&c->ran, 1) + 1 >= c->last) atomic_store(&c->off, true);
}

static void a_pool_leaves_out_tasks_that_have_not_begun(void **state)
{
    enum { TASKS = 100000, LAST = 10 };
    (void)state;
    for (int threads = 0; threads <= 4; threads += 2) {
        counter c = {.last = LAST};
        ht_pool *pool = threads ? ht_pool_new(threads, &err) : NULL;
        const atomic_bool *before = ht_cancel_by(&c.off);
        ht_pool_run(pool, TASKS, count, &c);
        assert_int_equal(ht_still_wanted(&err), HT_FAIL);
        ht_cancel_by(before);
        assert_in_range(c.ran, LAST, LAST + threads); /* each helper may have begun one */
        c.ran = 0; /* a caller who has named no flag is served, whatever was before */
        ht_pool_run(pool, 100, count, &c);
        assert_int_equal(c.ran, 100);
        ht_pool_free(pool);
    }
}

static ht_params small_params(void)
{
    ht_params p;
    ht_params_init(&p);
    assert_int_equal(ht_params_set(&p, "model.width", "700", &err), HT_OK);
    assert_int_equal(ht_params_set(&p, "train.batch", "50", &err), HT_OK);
    return p;
}

/* As if it had not been begun: the next steps are those of a run that was never left. */
static void a_step_that_is_left_off_changes_nothing(void **state)
{
    atomic_bool off = true;
    ht_params p = small_params();
    (void)state;
    ht_dataset *data =
        ht_dataset_load("ecg-synth", &(ht_data_options){.seed = 1, .train_limit = 0, .test_limit = 0}, &err);
    ht_pool *pool = ht_pool_new(2, &err);
    ht_trainer *a = ht_trainer_new(&p, data, pool, &err), *b = ht_trainer_new(&p, data, pool, &err);
    assert_true(data && pool && a && b);
    for (int i = 0; i < 12; i++) {
        const atomic_bool *before = ht_cancel_by(&off);
        ht_step_result left = ht_trainer_step(a);
        ht_cancel_by(before);
        assert_true(left.left_off && left.refused);
        assert_int_equal(ht_trainer_steps(a), i);
        ht_step_result x = ht_trainer_step(a), y = ht_trainer_step(b);
        assert_false(x.left_off || x.refused);
        assert_true(x.loss == y.loss);
    }
    for (int l = 0; l <= 1; l++) {
        const ht_tensor *m = ht_trainer_network(a)->weights[l], *n = ht_trainer_network(b)->weights[l];
        assert_memory_equal(m->data, n->data, ht_tensor_size(m) * sizeof(float));
    }
    ht_trainer_free(a);
    ht_trainer_free(b);
    ht_pool_free(pool);
    ht_dataset_free(data);
}

static void every_method_gives_up_when_cancelled(void **state)
{
    atomic_bool off = true;
    ht_params p = small_params();
    (void)state;
    ht_dataset *data =
        ht_dataset_load("ecg-synth", &(ht_data_options){.seed = 1, .train_limit = 0, .test_limit = 0}, &err);
    ht_trainer *t = ht_trainer_new(&p, data, NULL, &err);
    assert_true(data && t);
    for (int m = 0; m < HT_PRUNE_METHODS; m++) {
        ht_prune_spec spec = ht_prune_spec_of(&p, &data->train);
        ht_prune_curve curve;
        ht_prune_result result;
        ht_score score;
        spec.method = (ht_prune_method)m;
        ht_network *copy = ht_network_copy(ht_trainer_network(t), &err);
        ht_cancel_by(&off);
        assert_int_equal(ht_prune_apply(copy, &spec, NULL, &result, &err), HT_FAIL);
        assert_int_equal(ht_prune_curve_make(&curve, copy, &data->test, &spec, NULL, &err), HT_FAIL);
        assert_int_equal(ht_network_evaluate(copy, &data->test, NULL, NULL, &score, &err), HT_FAIL);
        ht_cancel_by(NULL);
        ht_network_free(copy);
    }
    ht_trainer_free(t);
    ht_dataset_free(data);
}

/* Before the first panel, so that of a layer of 3000 inputs nobody waits for half a minute. */
static void eigenvalues_are_given_up(void **state)
{
    enum { M = 100 };
    atomic_bool off = true;
    double values[M];
    (void)state;
    double *a = ht_alloc((size_t)M * M, sizeof *a, "a test", &err);
    for (int i = 0; i < M; i++) a[i * M + i] = i;
    ht_cancel_by(&off);
    assert_null(ht_eigen(M, &a, values, &err));
    ht_cancel_by(NULL);
    assert_null(a);
    assert_string_equal(err.text, "cancelled");
}

static void *wait_for_post(void *context)
{
    while (sem_wait(context) != 0) {
    }
    return NULL;
}

static void a_thread_that_goes_on_is_not_waited_for(void **state)
{
    sem_t post;
    pthread_t thread;
    (void)state;
    sem_init(&post, 0, 0);
    assert_int_equal(ht_thread_start(&thread, wait_for_post, &post, "a test", &err), HT_OK);
    assert_false(ht_thread_join_within(thread, 0.01));
    sem_post(&post);
    assert_true(ht_thread_join_within(thread, 60));
    sem_destroy(&post);
}

/* ---- colours ----------------------------------------------------------------------------------- */

static char *translated(const char *text, size_t piece)
{
    static char out[4096];
    size_t size = strlen(text), n = 0;
    for (size_t at = 0; at < size; at += piece)
        n += ht_sgr_translate(text + at, size - at < piece ? size - at : piece, out + n);
    n += ht_sgr_flush(out + n);
    out[n] = '\0';
    return out;
}

static void colours_of_the_palette_go_out_in_full(void **state)
{
    char text[200], wanted[300];
    (void)state;
    ht_sgr_forget();
    int a = ht_sgr_number((ht_colour){.set = true, .r = 1, .g = 2, .b = 3}),
        b = ht_sgr_number((ht_colour){.set = true, .r = 1, .g = 2, .b = 4}); /* the same nearest one */
    assert_true(a != b && a >= 16 && b >= 16);
    assert_int_equal(a, ht_sgr_number((ht_colour){.set = true, .r = 1, .g = 2, .b = 3}));
    snprintf(text, sizeof text, "x\033[38;5;%dmy\033[1;48;5;%d;38;5;%dmz\033[38;5;255m\033[H38;5;%dm\033[3",
             a, b, a, a);
    snprintf(wanted, sizeof wanted,
             "x\033[38;2;1;2;3my\033[1;48;2;1;2;4;38;2;1;2;3mz\033[38;5;255m\033[H38;5;%dm\033[3", a);
    for (size_t piece = 1; piece < 40; piece++) assert_string_equal(translated(text, piece), wanted);
    snprintf(text, sizeof text, "\033[38:5:%dm", a); /* another spelling */
    assert_string_equal(translated(text, 100), "\033[38;2;1;2;3m");
    ht_sgr_forget();
    snprintf(text, sizeof text, "\033[38;5;%dm", a);
    assert_string_equal(translated(text, 100), text);
}

/* Whatever curses or a hostile frame holds, what goes out has room, and plain text is itself. */
static void any_bytes_find_room(void **state)
{
    static char in[8192], out[HT_SGR_GROWTH * (sizeof in + HT_SGR_KEPT)];
    unsigned seed = 1;
    (void)state;
    ht_sgr_forget();
    for (int i = 0; i < 240; i++)
        ht_sgr_number((ht_colour){.set = true, .r = 255, .g = 255, .b = (unsigned char)i});
    for (int round = 0; round < 200; round++) {
        static const char parts[] = "\033[38;5;m4:0129x";
        for (size_t i = 0; i < sizeof in; i++) {
            seed = seed * 1664525u + 1013904223u;
            in[i] = parts[(seed >> 16) % (sizeof parts - 1)];
        }
        size_t n = ht_sgr_translate(in, sizeof in, out);
        assert_true(n <= sizeof out - HT_SGR_KEPT);
        ht_sgr_flush(out + n);
    }
    memset(in, 0, sizeof in);
    for (size_t i = 0; i + 8 < sizeof in; i += 8) memcpy(in + i, "38;5;99;", 8); /* the densest */
    memcpy(in, "\033[", 2);
    assert_true(ht_sgr_translate(in, sizeof in, out) <= sizeof out);
    ht_sgr_flush(out);
}

/* ---- the console ------------------------------------------------------------------------------- */

static void a_font_needs_quadrants_and_greek(void **state)
{
    /* Part of Debian's Uni2-Terminus16: no quadrants, but Greek; and with them. */
    unsigned short font[] = {0x2580, 0x2584, 0x2588, 0x258c, 0x2500, 0x2502, 0x250c, 0x2518, 0x03b1,
                             0x03b7, 0x03ba, 0x03bb, 0x03c3, 0x2596, 0x2597, 0x2598, 0x259d, 0x259e};
    size_t whole = sizeof font / sizeof font[0];
    (void)state;
    assert_true(ht_console_suffices(font, whole));
    assert_false(ht_console_suffices(font, whole - 1));
    assert_false(ht_console_suffices(font, 13));
    assert_false(ht_console_suffices(font, 0));
    assert_false(ht_console_has_symbols(-1));
}

/* ---- signals ----------------------------------------------------------------------------------- */

static int told;

static void on_signal(int number)
{
    ht_end_if_repeated(number);
    ssize_t ignored = write(told, "1", 1);
    (void)ignored;
}

/* One that is deaf otherwise: a loop in a library. */
static void a_second_signal_ends_a_deaf_program(void **state)
{
    int ends[2], status;
    char byte;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        told = ends[1];
        signal(SIGTERM, on_signal);
        if (write(told, "0", 1) != 1) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    kill(child, SIGTERM);
    assert_int_equal(read(ends[0], &byte, 1), 1); /* the first is only heard */
    nanosleep(&(struct timespec){0, 400000000}, NULL);
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_leaves_out_tasks_that_have_not_begun),
        cmocka_unit_test(a_step_that_is_left_off_changes_nothing),
        cmocka_unit_test(every_method_gives_up_when_cancelled),
        cmocka_unit_test(eigenvalues_are_given_up),
        cmocka_unit_test(a_thread_that_goes_on_is_not_waited_for),
        cmocka_unit_test(colours_of_the_palette_go_out_in_full),
        cmocka_unit_test(any_bytes_find_room),
        cmocka_unit_test(a_font_needs_quadrants_and_greek),
        cmocka_unit_test(a_second_signal_ends_a_deaf_program),
    };
    ht_linalg_init(); /* BLAS's own threads are not ours to answer for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
