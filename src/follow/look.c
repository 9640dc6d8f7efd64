#include "follow/look.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/text.h"
#include "data/npy.h"
#include "follow/layer_look.h"
#include "num/select.h"
#include "prune/prune_plan.h"
#include "weights/tensor.h"
#include "weights/way.h"
#include "weights/weights.h"

const char *ht_step_from_word(ht_step_from from)
{
    static const char *const words[] = {[HT_STEP_METADATA] = "metadata",
                                        [HT_STEP_NAME] = "name",
                                        [HT_STEP_METRICS] = "metrics",
                                        [HT_STEP_COUNT] = "count"};
    return words[from];
}

/* ---- all layers ---- */

static void begin_all(ht_layer_look *all)
{
    *all = (ht_layer_look){.removable = -1, .kappa = (double)NAN};
    for (int i = 0; i < 3; i++) all->row_norm[i] = (double)NAN;
    ht_text_copy(all->name, sizeof all->name, "all");
    for (int e = 0; e < HT_ESTIMATORS; e++)
        all->tail[e] = (ht_estimate){
            .estimator = (ht_estimator)e, .value = (double)NAN, .quality = HT_QUALITY_NOT_APPLICABLE};
}

static int by_value(const void *a, const void *b)
{
    const ht_estimate *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* The layer in the middle of those that have an estimate, of an even number the lower one, with its own
 * interval and verdict: no index is that of weights of several laws (as the lab has it, engine/tail_watch.c).
 */
static void median_tail(ht_look *look, ht_estimate *with, int e)
{
    size_t count = 0, good = 0;
    for (size_t i = 0; i < look->count; i++) {
        const ht_estimate *estimate = &look->layer[i].tail[e];
        if (!isfinite(estimate->value) || ht_estimate_undetermined(estimate)) continue;
        with[count++] = *estimate;
        good += estimate->quality == HT_QUALITY_GOOD;
    }
    if (count == 0) return;
    qsort(with, count, sizeof *with, by_value);
    look->all.tail[e] = with[(count - 1) / 2];
    look->all.tail[e].n_tail = count;
    look->all.tail[e].k = good;
}

static ht_code sum_up(ht_look *look, ht_error *err)
{
    ht_layer_look *all = &look->all;
    int64_t removable = 0;
    double norm2 = 0;
    bool ranked = look->count > 0;
    ht_estimate *with = ht_alloc(look->count, sizeof *with, "the tails of all layers", err);
    if (!with) return err->code;
    for (size_t i = 0; i < look->count; i++) {
        const ht_layer_look *l = &look->layer[i];
        all->rows += l->rows;
        all->values += l->values;
        all->zeros += l->zeros;
        norm2 += l->norm * l->norm;
        all->largest =
            isnan(all->largest) || isnan(l->largest) ? (double)NAN : fmax(all->largest, l->largest);
        ht_histogram_merge(&all->histogram, &l->histogram);
        ht_histogram_merge(&all->norms, &l->norms);
        ranked = ranked && l->removable >= 0;
        removable += l->removable;
    }
    all->norm = sqrt(norm2);
    if (ranked) {
        all->removable = removable;
        all->kappa = (double)removable / (double)all->rows;
    }
    for (int e = 0; e < HT_ESTIMATORS; e++) median_tail(look, with, e);
    ht_free(with);
    return HT_OK;
}

static void count_broken(ht_look *look, const char *name, uint64_t broken)
{
    if (broken && !look->broken[0]) {
        ht_text_copy(look->broken, sizeof look->broken, name);
        ht_text_clean(look->broken);
    }
    look->all.broken += broken;
}

/* ---- a model ---- */

typedef struct job {
    size_t number;        /* of the tensor in its file, or of the file */
    ht_layer_look *layer; /* NULL: a vector, of which only what is not finite is counted */
    ht_tensor_info info;
    bool turned, ours;
    uint64_t broken;
} job;

typedef struct tour {
    job *jobs;
    size_t count;
    ht_layer_source source;
    double error;
    size_t share; /* bytes of memory for one thread */
    pthread_mutex_t lock;
    ht_error first; /* what went wrong, where anything did */
} tour;

static void run_job(void *context, int task, int worker)
{
    tour *t = context;
    job *j = &t->jobs[task];
    ht_layer_source source = t->source;
    ht_error err = {0};
    (void)worker;
    source.number = j->number;
    ht_code code = j->layer
                       ? ht_layer_look_take(j->layer, &j->info, j->turned, &source, t->error, t->share, &err)
                       : ht_layer_look_broken(&j->broken, &j->info, &source, &err);
    if (j->layer) j->broken = j->layer->broken;
    if (code == HT_OK) return;
    pthread_mutex_lock(&t->lock);
    if (t->first.code == HT_OK) t->first = err;
    pthread_mutex_unlock(&t->lock);
}

/* The largest first, so that threads end together. */
static int by_size(const void *a, const void *b)
{
    const job *x = a, *y = b;
    if (x->info.count != y->info.count) return x->info.count < y->info.count ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

static ht_code run_all(tour *t, const ht_look_options *o, ht_error *err)
{
    qsort(t->jobs, t->count, sizeof *t->jobs, by_size);
    t->error = o->error;
    t->share = (o->memory > HT_LOOK_MEMORY / 2 ? o->memory - HT_LOOK_MEMORY / 2 : 0) /
               (size_t)ht_pool_threads(o->pool);
    pthread_mutex_init(&t->lock, NULL);
    ht_pool_run(o->pool, (int)t->count, run_job, t);
    pthread_mutex_destroy(&t->lock);
    if (ht_still_wanted(err) != HT_OK) return err->code;
    if (t->first.code == HT_OK) return HT_OK;
    *err = t->first;
    return err->code;
}

static ht_code load_part(void *context, size_t number, size_t first, size_t count, float *f32, double *f64,
                         ht_error *err)
{
    return ht_weights_load_part(context, number, first, count, f32, f64, err);
}

/* Counted, and the first ones named; what `tail` can be asked for, the option for it, is no news here. */
static void skip(ht_look *look, const ht_tensor_info *info, const char *why)
{
    enum { NAMED = 64 };
    char name[HT_LOOK_NAME];
    if (look->skipped++ >= NAMED) return;
    ht_text_copy(name, sizeof name, info->name);
    ht_text_clean(name);
    ht_text_add(&look->skipped_names, "%s\t%s\t%.*s\n", name, info->type, (int)strcspn(why, ";"), why);
}

/* Layers in the order of the file; vectors at the end of the list of jobs. */
static ht_code list_jobs(ht_look *look, tour *t, const ht_weights *file, const bool *turned, ht_error *err)
{
    size_t all = ht_weights_count(file);
    bool ours = ht_weights_ours(file);
    t->jobs = ht_alloc(all, sizeof *t->jobs, "the list of tensors", err);
    if (!t->jobs) return err->code;
    for (size_t i = 0; i < all; i++) {
        job *j = &t->jobs[t->count];
        *j = (job){.number = i, .turned = turned[i]};
        if (ht_weights_describe(file, i, &j->info, err) != HT_OK) return err->code;
        j->ours = ours;
        const char *why = ht_tensor_no_layer(&j->info, ours);
        if (why) skip(look, &j->info, why);
        look->count += !why;
        t->count += !why || (ht_safetensors_readable(&j->info) && j->info.count > 0);
    }
    look->layer = ht_alloc(look->count, sizeof *look->layer, "the layers", err);
    if (!look->layer) return err->code;
    for (size_t i = 0, at = 0; i < t->count; i++)
        if (!ht_tensor_no_layer(&t->jobs[i].info, t->jobs[i].ours)) t->jobs[i].layer = &look->layer[at++];
    return look->skipped_names.failed
               ? ht_error_set(err, HT_FAIL, "not enough memory to name what is skipped")
               : HT_OK;
}

static double step_of(const ht_weights *file)
{
    static const char *const keys[] = {"step", "heavytail.step", "global_step"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        double step;
        const char *text = ht_weights_metadata(file, keys[i]);
        if (text && ht_parse_number(text, &step) && step >= 0 && step <= 1e15) return step;
    }
    return (double)NAN;
}

static ht_code look_at(ht_look *look, const char *path, ht_weights *file, const bool *turned,
                       const ht_look_options *o, ht_notes *notes, ht_error *err)
{
    tour t = {.source = {.context = file, .load = load_part}};
    size_t weights = 0;
    ht_code code = list_jobs(look, &t, file, turned, err);
    if (code == HT_OK && look->count == 0)
        code = ht_error_set(err, HT_FAIL,
                            "%s: holds no matrix of numbers: none of its %zu tensors is a layer's weights",
                            path, ht_weights_count(file));
    if (code == HT_OK) code = run_all(&t, o, err);
    for (size_t i = 0; i < t.count && code == HT_OK; i++) {
        count_broken(look, t.jobs[i].info.name, t.jobs[i].broken);
        weights += t.jobs[i].info.count;
    }
    ht_free(t.jobs);
    if (code == HT_OK) code = sum_up(look, err);
    if (code == HT_OK && o->network)
        code =
            ht_network_look_take(&look->network, path, weights, o->network, o->memory, o->pool, notes, err);
    return code;
}

static ht_code take_weights(ht_look *look, const char *path, const ht_look_options *o, ht_notes *notes,
                            ht_error *err)
{
    ht_weights *file = ht_weights_open(path, NULL, err);
    if (!file) return err->code;
    bool *turned = ht_alloc(ht_weights_count(file), sizeof *turned, "the list of tensors", err);
    ht_code code = turned ? ht_way_find(file, turned, err) : HT_FAIL;
    look->step = step_of(file);
    if (code == HT_OK) code = look_at(look, path, file, turned, o, notes, err);
    ht_free(turned);
    ht_weights_close(file);
    return code;
}

/* ---- .npy files ---- */

static ht_code load_array(void *context, size_t number, size_t first, size_t count, float *f32, double *f64,
                          ht_error *err)
{
    const double *from = (const double *)context + first;
    (void)number, (void)err;
    if (f64) memcpy(f64, from, count * sizeof *f64);
    for (size_t i = 0; f32 && i < count; i++) f32[i] = (float)from[i];
    return HT_OK;
}

static void name_of(const char *path, char *name, size_t size)
{
    ht_file_stem(path, name, size);
    ht_text_clean(name);
}

static ht_code take_array(ht_look *look, const char *path, const ht_npy *array, const ht_look_options *o,
                          ht_error *err)
{
    char name[HT_LOOK_NAME];
    ht_tensor_info info = {.name = name, .type = "F64", .ndim = array->ndim, .count = array->count};
    ht_layer_source source = {.context = array->f64, .load = load_array};
    memcpy(info.shape, array->shape, sizeof array->shape);
    name_of(path, name, sizeof name);
    const char *why = ht_tensor_refusal(&info, false);
    if (why) {
        uint64_t broken = 0;
        skip(look, &info, why);
        if (ht_layer_look_broken(&broken, &info, &source, err) != HT_OK) return err->code;
        count_broken(look, name, broken);
        return HT_OK;
    }
    ht_layer_look *l = &look->layer[look->count++];
    if (ht_layer_look_take(l, &info, false, &source, o->error, o->memory / 4, err) != HT_OK) return err->code;
    ht_text_copy(l->type, sizeof l->type, array->type);
    count_broken(look, name, l->broken);
    return HT_OK;
}

/* An array is read whole, as doubles. */
static ht_code take_npy(ht_look *look, const char *path, const ht_look_options *o, ht_error *err)
{
    enum { MOST = 5 }; /* times the size of its file: halves as doubles, and the file */
    ht_npy array;
    uint64_t bytes;
    int fd = ht_file_open(path, &bytes, err);
    if (fd < 0) return err->code;
    close(fd);
    if (bytes > (o->memory - HT_LOOK_MEMORY / 2) / MOST)
        return ht_error_set(
            err, HT_FAIL,
            "%s: takes more than --memory as a .npy, which is read whole; give more, or write "
            ".safetensors",
            path);
    if (ht_npy_read(path, HT_NPY_DOUBLE, &array, err) != HT_OK) return err->code;
    ht_code code = take_array(look, path, &array, o, err);
    ht_npy_free(&array);
    return code;
}

static ht_code take_arrays(ht_look *look, const char *const *paths, int count, const ht_look_options *o,
                           ht_error *err)
{
    look->layer = ht_alloc((size_t)count, sizeof *look->layer, "the layers", err);
    if (!look->layer) return err->code;
    for (int i = 0; i < count; i++)
        if (take_npy(look, paths[i], o, err) != HT_OK) return err->code;
    if (look->count == 0)
        return ht_error_set(err, HT_FAIL, "%s: is a vector, and no other .npy there is a matrix", paths[0]);
    return sum_up(look, err);
}

ht_code ht_look_take(ht_look *look, const char *const *paths, int count, const ht_look_options *options,
                     ht_notes *notes, ht_error *err)
{
    *look = (ht_look){.step = (double)NAN};
    begin_all(&look->all);
    ht_code code = ht_text_ends(paths[0], ".npy") ? take_arrays(look, paths, count, options, err)
                                                  : take_weights(look, paths[0], options, notes, err);
    return code;
}

void ht_look_free(ht_look *look)
{
    ht_free(look->layer);
    ht_text_free(&look->skipped_names);
    ht_network_look_free(&look->network);
    *look = (ht_look){0};
}
