/* cmd_watch.c - follows trainings that other programs do, by what they write: in a terminal the open lab,
 * else a line for each look. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/interrupt.h"
#include "base/pool.h"
#include "cli/commands.h"
#include "cli/report/look_report.h"
#include "cli/watch/watch_lab.h"
#include "session/arguments.h"
#include "session/data_options.h"

typedef struct request {
    ht_arguments args;
    const char *memory, *data, *split, *order, *script, *dump;
    bool json, once, all, poll, curve, text;
    bool lab; /* the open lab, not lines */
    ht_params params;
    ht_dataset *samples;
    ht_network_source network;
    ht_follow_options options;
    int looks, failures;
    ht_follow_event rows; /* the last ones */
} request;

/* ---- the command line ---- */

/* The data are known when somebody names them. */
static ht_code open_data(request *q, ht_error *err)
{
    bool known = q->data || q->args.preset || ht_arguments_name(&q->args, HT_P_DATA_NAME);
    if (q->data && ht_params_set(&q->params, "data.name", q->data, err) != HT_OK)
        return ht_error_prefix(err, "--data");
    if (!known && (q->split || q->order || q->curve))
        return ht_error_set(
            err, HT_USAGE, "watch: --split, --order and --curve are for the network's accuracy: give --data");
    if (q->split && strcmp(q->split, "test") != 0 && strcmp(q->split, "train") != 0)
        return ht_error_set(err, HT_USAGE, "--split %.40s: one of test, train", q->split);
    if (!known) return HT_OK;
    q->samples = ht_data_open(&q->params, q->args.data_dir, err);
    if (!q->samples) return err->code;
    ht_data_tell(q->samples);
    const ht_dataset *d = q->samples;
    q->network = (ht_network_source){
        .params = &q->params,
        .samples = q->split && strcmp(q->split, "train") == 0 ? &d->train : &d->test,
        .train = &d->train,
        .input = d->channels > 0 ? (ht_shape){d->channels, d->height, d->width} : (ht_shape){d->inputs, 1, 1},
        .classes = d->classes,
        .order = q->order,
        .curve = q->curve || q->lab,
    };
    q->options.look.network = &q->network;
    return HT_OK;
}

/* Lines go into pipes and files, and where somebody wants them. */
static bool wants_lab(const request *q)
{
    const char *term = getenv("TERM");
    return !q->json && !q->once && !q->text && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term &&
           term[0] && strcmp(term, "dumb") != 0;
}

/* The lab has curves and ghosts to keep: they are of the same limit. */
static ht_code set_memory(request *q, ht_error *err)
{
    const size_t lab = q->lab ? (size_t)64 << 20 : 0;
    q->options.look.memory = (size_t)512 << 20;
    if (ht_arguments_memory(q->memory, HT_LOOK_MEMORY + lab, &q->options.look.memory, err) != HT_OK)
        return err->code;
    q->options.look.memory -= lab;
    return HT_OK;
}

static ht_code parse(request *q, int argc, char **argv, ht_error *err)
{
    const ht_option options[] = {{"--json", NULL, &q->json},
                                 {"--once", NULL, &q->once},
                                 {"--all", NULL, &q->all},
                                 {"--poll", NULL, &q->poll},
                                 {"--memory", &q->memory, NULL},
                                 {"--data", &q->data, NULL},
                                 {"--split", &q->split, NULL},
                                 {"--order", &q->order, NULL},
                                 {"--curve", NULL, &q->curve},
                                 {"--text", NULL, &q->text},
                                 {"--script", &q->script, NULL},
                                 {"--dump", &q->dump, NULL},
                                 {NULL, NULL, NULL}};
    q->args.word_limit = HT_FOLLOW_PATHS;
    if (ht_arguments_parse(&q->args, argc, argv, options, err) != HT_OK) return err->code;
    if (q->args.word_count == 0)
        return ht_error_set(
            err, HT_USAGE,
            "watch: give a file or a directory in which a training writes .safetensors, .npy or metrics");
    ht_params_init(&q->params);
    if (q->args.preset && ht_settings_load(&q->params, q->args.preset, err) != HT_OK) return err->code;
    if (ht_arguments_sets(&q->args, &q->params, err) != HT_OK) return err->code;
    q->options = (ht_follow_options){.all = q->all, .poll = q->poll};
    q->lab = wants_lab(q);
    if (!q->lab && (q->script || q->dump))
        return ht_error_set(
            err, HT_USAGE,
            "watch: --script and --dump are for the open lab: in a terminal, without --json, --text "
            "or --once");
    if (set_memory(q, err) != HT_OK) return err->code;
    const ht_prune_spec spec = ht_prune_spec_of(&q->params, NULL);
    q->options.look.error = spec.metric == HT_FRO ? spec.error * spec.error : spec.error;
    return HT_OK;
}

/* ---- following ---- */

/* Rows alone make a line where no weights are awaited: their path is a file of metrics. */
static bool is_line(const request *q, const ht_follow_event *e)
{
    if (e->kind == HT_FOLLOW_LOOK) return true;
    if (e->kind != HT_FOLLOW_ROWS) return false;
    size_t path = strlen(q->args.words[e->path]), file = strlen(e->file);
    return path >= file && strcmp(q->args.words[e->path] + path - file, e->file) == 0;
}

static ht_code print(request *q, const ht_follow_event *e, ht_error *err)
{
    q->looks++;
    const char *path = q->args.words[e->path];
    if (q->json && ht_look_json(path, e, err) != HT_OK) return err->code;
    if (!q->json) ht_look_text(path, e);
    fflush(stdout); /* main tells when it cannot be written */
    return HT_OK;
}

static ht_code tell(request *q, const ht_follow_event *e, ht_error *err)
{
    if (e->kind == HT_FOLLOW_MESSAGE) {
        fflush(stdout);
        fprintf(stderr, "heavytail: %s%s\n", e->failure ? "" : "note: ", e->message);
        q->failures += e->failure;
    }
    if (e->kind == HT_FOLLOW_ROWS) q->rows = *e;
    return is_line(q, e) ? print(q, e, err) : HT_OK;
}

/* To the interrupt, which is how it ends; with --once until there is nothing left to look at. */
static ht_code follow(request *q, ht_error *err)
{
    ht_follow *f = ht_follow_open(q->args.words, q->args.word_count, &q->options, err);
    ht_code code = f ? HT_OK : err->code;
    ht_follow_event event = {0};
    while (code == HT_OK && !ht_interrupted() && !ferror(stdout)) {
        ht_follow_next(f, q->once ? 0 : 3600, &event);
        code = tell(q, &event, err);
        if (q->once && event.kind == HT_FOLLOW_NOTHING) {
            if (ht_follow_done(f)) break;
            ht_follow_next(f, 0.1, &event);
            if (code == HT_OK) code = tell(q, &event, err);
        }
    }
    /* A directory of metrics alone: what they say. */
    if (code == HT_OK && q->once && q->looks + q->failures == 0 && q->rows.kind == HT_FOLLOW_ROWS)
        code = print(q, &q->rows, err);
    ht_follow_close(f);
    if (code == HT_OK && q->once && q->looks == 0 && !ht_interrupted())
        code = ht_error_set(err, HT_FAIL, "%s: %s", q->args.words[0],
                            q->failures ? "nothing there could be looked at"
                                        : "holds no .safetensors, .npy or metrics to look at");
    return code;
}

static ht_code open_lab(const request *q, bool *stuck, ht_error *err)
{
    const ht_watch_lab lab = {.paths = q->args.words,
                              .count = q->args.word_count,
                              .options = &q->options,
                              .params = &q->params,
                              .script = q->script,
                              .dump = q->dump};
    return ht_watch_lab_run(&lab, stuck, err);
}

int ht_cmd_watch(int argc, char **argv)
{
    request q = {0};
    ht_error err;
    bool stuck = false;
    ht_interrupt_listen();
    const atomic_bool *before = ht_cancel_by(ht_interrupt_flag());
    ht_code code = parse(&q, argc, argv, &err);
    if (code == HT_OK) code = open_data(&q, &err);
    if (code == HT_OK) q.options.look.pool = ht_pool_new(ht_app_threads(), &err);
    if (code == HT_OK && !q.options.look.pool) code = err.code;
    if (code == HT_OK && q.lab) {
        ht_interrupt_leave(); /* the terminal has its own way of ending */
        code = open_lab(&q, &stuck, &err);
    } else if (code == HT_OK) {
        code = follow(&q, &err);
    }
    if (stuck)
        _exit(code == HT_OK ? 0 : ht_app_fail(&err)); /* somebody still computes with what would be freed */
    ht_pool_free(q.options.look.pool);
    ht_dataset_free(q.samples);
    ht_cancel_by(before);
    ht_interrupt_leave();
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
