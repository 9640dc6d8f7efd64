#include "cli/tail/model_tails.h"

#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "cli/progress.h"
#include "session/arguments.h"

/* ---- which layers ---- */

/* How many bytes of the expression are right: the longest beginning that is one. */
static size_t right_part(const char *expression)
{
    size_t length = strlen(expression);
    char *part = strdup(expression);
    regex_t compiled;
    for (; part && length > 0; length--) {
        part[length] = '\0';
        if (regcomp(&compiled, part, REG_EXTENDED | REG_NOSUB) != 0) continue;
        regfree(&compiled);
        break;
    }
    free(part);
    return length;
}

static ht_code compile(regex_t *compiled, const char *layers, ht_error *err)
{
    char why[120];
    int problem = regcomp(compiled, layers, REG_EXTENDED | REG_NOSUB);
    if (problem == 0) return HT_OK;
    regerror(problem, compiled, why, sizeof why);
    size_t at = right_part(layers);
    return ht_error_set(
        err, HT_USAGE,
        "--layers %.80s: %s at character %zu, '%.20s'; give a POSIX extended regular expression", layers, why,
        at + 1, layers + at);
}

ht_code ht_model_tails_check_layers(const char *layers, ht_error *err)
{
    regex_t compiled;
    if (!layers) return HT_OK;
    if (compile(&compiled, layers, err) != HT_OK) return err->code;
    regfree(&compiled);
    return HT_OK;
}

static ht_code nothing_matches(const ht_model_tails *s, const char *layers, ht_error *err)
{
    enum { TOLD = 12 };
    ht_text names = {0};
    size_t told = 0, all = 0;
    for (size_t i = 0; i < s->list.count; i++) {
        if (s->list.entry[i].skipped) continue;
        all++;
        if (told < TOLD) ht_text_add(&names, "%s'%.60s'", told++ ? ", " : "", s->list.entry[i].info.name);
    }
    ht_error_set(err, HT_FAIL, "--layers %.80s: matches none of the %zu layers of %.200s: %s%s", layers, all,
                 s->list.path, names.data ? names.data : "there are none", all > told ? " …" : "");
    ht_text_free(&names);
    return err->code;
}

/* ---- one tensor ---- */

typedef struct job {
    size_t entry, first, lines; /* of the list; its lines in `layer`, 1 or 2 */
    size_t memory, kernels;
    bool broken;
    char why[HT_TENSOR_WHY];
    ht_error err;
} job;

typedef struct work {
    ht_model_tails *model;
    const ht_model_tails_options *options;
    job *jobs, **order; /* (count); the largest first */
    size_t count;
    pthread_mutex_t lock;
    pthread_cond_t room;
    size_t limit, used, done, all; /* bytes; numbers that are done, of all */
} work;

static void fill(const work *w, job *j, int line)
{
    ht_model_tails *s = w->model;
    const ht_tensor_entry *e = &s->list.entry[j->entry];
    ht_layer_tail *l = &s->layer[j->first + (size_t)line];
    ht_file_tensor t;
    *l = (ht_layer_tail){.name = e->info.name, .type = e->info.type};
    l->as = line ? "kernels" : ht_file_tensor_has_filters(&e->view) ? "filters" : "rows";
    if (ht_tensor_list_read(&s->list, j->entry, &t, j->why, &j->err) != HT_OK) return;
    j->broken = !t.f32 && !t.f64;
    if (j->broken) return;
    size_t rows = line ? j->kernels : t.rows;
    ht_layer_matrix m = {t.f32, t.f64, rows, t.rows * t.columns / rows};
    if (ht_layer_tail_take(l, &m, &w->options->tail, w->options->cost, &j->err) != HT_OK)
        ht_error_prefix(&j->err, "%s: %.60s", s->list.path, e->info.name);
    ht_tensor_list_release(&t);
}

/* Until there is room. A layer alone always has it. */
static void enter(work *w, const job *j)
{
    pthread_mutex_lock(&w->lock);
    while (w->used > 0 && w->used + j->memory > w->limit) pthread_cond_wait(&w->room, &w->lock);
    w->used += j->memory;
    pthread_mutex_unlock(&w->lock);
}

static void leave(work *w, const job *j)
{
    pthread_mutex_lock(&w->lock);
    w->used -= j->memory;
    w->done += w->model->list.entry[j->entry].info.count;
    ht_progress_share((double)w->done / (double)w->all);
    pthread_cond_broadcast(&w->room);
    pthread_mutex_unlock(&w->lock);
}

static void run(void *context, int task, int worker)
{
    work *w = context;
    job *j = w->order[task];
    (void)worker;
    enter(w, j);
    for (int line = 0; line < (int)j->lines && j->err.code == HT_OK && !j->broken; line++) fill(w, j, line);
    leave(w, j);
}

/* ---- the plan ---- */

static int by_size(const void *a, const void *b)
{
    const job *x = *(job *const *)a, *y = *(job *const *)b;
    return x->memory != y->memory ? (x->memory < y->memory) - (x->memory > y->memory)
                                  : (x->entry > y->entry) - (x->entry < y->entry);
}

static ht_code plan(work *w, const regex_t *wanted, ht_error *err)
{
    ht_model_tails *s = w->model;
    w->jobs = ht_alloc(s->list.count + 1, sizeof *w->jobs, "the layers", err);
    w->order = w->jobs ? ht_alloc(s->list.count + 1, sizeof(job *), "the layers", err) : NULL;
    if (!w->order) return HT_FAIL;
    for (size_t i = 0; i < s->list.count; i++) {
        const ht_tensor_entry *e = &s->list.entry[i];
        if (wanted && regexec(wanted, e->info.name, 0, NULL, 0) != 0) continue;
        if (e->skipped) ht_skipped_add(&s->skipped, &e->info, e->skipped);
        if (e->skipped) continue;
        job *j = &w->jobs[w->count];
        w->order[w->count++] = j;
        *j = (job){.entry = i, .first = s->count, .lines = 1, .kernels = ht_file_tensor_kernels(&e->view)};
        if (j->kernels) j->lines = 2;
        j->memory =
            ht_tensor_list_bytes(&s->list, i) +
            ht_layer_tail_memory(j->kernels ? j->kernels : e->view.rows, e->view.columns, w->options->cost);
        s->count += j->lines;
        w->all += e->info.count;
    }
    qsort(w->order, w->count, sizeof(job *), by_size);
    return HT_OK;
}

/* Of the first ones that are `wanted` why. */
static ht_code nothing(const ht_model_tails *s, const regex_t *wanted, ht_error *err)
{
    enum { TOLD = 3 };
    ht_text why = {0};
    size_t all = 0;
    for (size_t i = 0; i < s->list.count; i++) {
        const ht_tensor_entry *e = &s->list.entry[i];
        if (wanted && regexec(wanted, e->info.name, 0, NULL, 0) != 0) continue;
        if (all++ < TOLD)
            ht_text_add(&why, "%s%.60s (%s): %s", all > 1 ? "; " : "", e->info.name, e->info.type,
                        e->skipped);
    }
    if (all == 0)
        ht_error_set(err, HT_FAIL, "%s: holds no tensors", s->list.path);
    else
        ht_error_set(err, HT_FAIL, "%s: none of its %zu tensors%s can be looked at: %.400s%s", s->list.path,
                     all, wanted ? " that --layers matches" : "", why.data ? why.data : "not enough memory",
                     all > TOLD ? "; and so on" : "");
    ht_text_free(&why);
    return err->code;
}

/* How much there may be at a time, beside what the program takes. */
static ht_code set_limit(work *w, ht_error *err)
{
    enum { BY_DEFAULT = 192 << 20, MB = 20 };
    size_t largest = w->order[0]->memory;
    w->limit = w->options->memory ? w->options->memory - HT_MODEL_TAILS_BASE : BY_DEFAULT;
    if (!w->options->memory || largest <= w->limit) return HT_OK;
    const ht_tensor_entry *e = &w->model->list.entry[w->order[0]->entry];
    return ht_error_set(
        err, HT_USAGE,
        "--memory: %.100s (%zu × %zu) takes %zu MB with the program; give --memory %zuM, or leave "
        "it out with --layers",
        e->info.name, e->view.rows, e->view.columns, (largest + HT_MODEL_TAILS_BASE) >> MB,
        ((largest + HT_MODEL_TAILS_BASE) >> MB) + 1);
}

/* ---- the results ---- */

/* Lines of what is broken go; the others move up. */
static ht_code gather(work *w, ht_error *err)
{
    ht_model_tails *s = w->model;
    size_t kept = 0;
    for (size_t i = 0; i < w->count; i++) {
        job *j = &w->jobs[i];
        const ht_tensor_info *info = &s->list.entry[j->entry].info;
        if (j->err.code != HT_OK) return *err = j->err, err->code;
        if (j->broken) {
            ht_error told;
            ht_error_set(&told, HT_FAIL, "%s: %.200s: %s", s->list.path, info->name, j->why);
            if (s->broken++ == 0) s->why = told;
            if (s->broken == 2)
                ht_notes_add(&s->notes, "%s", s->why.text); /* the only one is the error itself */
            if (s->broken >= 2) ht_notes_add(&s->notes, "%s", told.text);
            continue;
        }
        for (size_t l = 0; l < j->lines; l++) s->layer[kept++] = s->layer[j->first + l];
    }
    s->count = kept;
    return kept == 0 && s->broken > 0 ? (*err = s->why, err->code) : HT_OK;
}

static ht_code look(work *w, ht_error *err)
{
    ht_model_tails *s = w->model;
    s->layer = ht_alloc(s->count, sizeof *s->layer, "the layers", err);
    if (!s->layer) return err->code;
    int threads = ht_app_threads();
    ht_pool *pool = ht_pool_new(w->count < (size_t)threads ? (int)w->count : threads, err);
    if (!pool) return err->code;
    ht_progress_start();
    ht_progress_stage("%zu layers of %.60s", w->count, s->list.path);
    ht_pool_run(pool, (int)w->count, run, w);
    ht_progress_end();
    ht_pool_free(pool);
    return gather(w, err);
}

ht_code ht_model_tails_take(ht_model_tails *s, const char *path, const ht_model_tails_options *options,
                            ht_error *err)
{
    regex_t wanted;
    work w = {
        .model = s, .options = options, .lock = PTHREAD_MUTEX_INITIALIZER, .room = PTHREAD_COND_INITIALIZER};
    if (options->layers && compile(&wanted, options->layers, err) != HT_OK) return err->code;
    ht_code code = ht_tensor_list_open(&s->list, path, options->order, &s->notes, err);
    if (code == HT_OK) code = plan(&w, options->layers ? &wanted : NULL, err);
    if (code == HT_OK && w.count == 0)
        code = options->layers && !s->skipped.list ? nothing_matches(s, options->layers, err)
                                                   : nothing(s, options->layers ? &wanted : NULL, err);
    if (code == HT_OK) code = set_limit(&w, err);
    if (code == HT_OK) code = look(&w, err);
    if (options->layers) regfree(&wanted);
    ht_free(w.jobs);
    ht_free(w.order);
    return code;
}

void ht_model_tails_free(ht_model_tails *s)
{
    ht_tensor_list_close(&s->list);
    ht_free(s->layer);
    ht_skipped_free(&s->skipped);
    ht_notes_free(&s->notes);
    *s = (ht_model_tails){0};
}
