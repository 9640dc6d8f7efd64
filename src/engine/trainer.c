#include "engine/trainer.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "data/augment.h"
#include "engine/stopping.h"
#include "kernel/kernel.h"
#include "nn/layers/layer.h"
#include "nn/layers/multiply_adds.h"
#include "nn/schedule.h"
#include "nn/layers/tokens.h"
#include "num/rng.h"
#include "params/batch.h"
#include "weights/net/fill.h"

struct ht_trainer {
    ht_params params;
    const ht_dataset *data;
    ht_pool *pool;
    ht_network *net;
    ht_factors *factors;   /* NULL with plain weights */
    ht_network *beginning; /* what train.init names; NULL: random */
    ht_notes notes;        /* of reading that */
    ht_step *scratch;
    ht_average average;
    ht_mask *mask;            /* NULL: every weight is trained */
    float *x;                 /* (capacity × inputs): the batch, gathered */
    int32_t *labels;          /* (capacity × targets) */
    uint32_t *order;          /* (train count): this epoch's permutation */
    ht_validation validation; /* holds samples back, and tells the best epoch */
    ht_stopping stopping;     /* tells when the accuracy asked for is reached */
    /* cursor: samples of this epoch already used; running_accuracy: of minibatches, mean over ~10 steps */
    ht_trainer_state at;
    double multiply_adds; /* of the weights that the mask lets be trained, for a sample forward */
    float input_bound;
};

static size_t train_count(const ht_trainer *t)
{
    return t->data->train.count - t->validation.held.count;
}

static uint64_t seed_of(const ht_trainer *t)
{
    return (uint64_t)ht_params_get(&t->params, HT_P_TRAIN_SEED);
}

static ht_augment augment_of(const ht_params *params)
{
    return (ht_augment)ht_params_get(params, HT_P_DATA_AUGMENT);
}

static int batch_of(const ht_trainer *t)
{
    return (int)ht_batch_taken(&t->params, t->data->train.count);
}

/* Fisher-Yates from the seed and the epoch alone. */
static void shuffle(ht_trainer *t)
{
    ht_rng rng;
    ht_rng_init(&rng, seed_of(t), HT_STREAM_SHUFFLE, t->at.epoch);
    for (size_t i = 0; i < train_count(t); i++)
        t->order[i] = t->validation.pick ? t->validation.pick[i] : (uint32_t)i;
    for (size_t i = train_count(t) - 1; i > 0; i--) {
        size_t j = ht_rng_below(&rng, (uint32_t)i + 1);
        uint32_t kept = t->order[i];
        t->order[i] = t->order[j];
        t->order[j] = kept;
    }
}

static bool has_momentum(const ht_trainer *t)
{
    return ht_params_get(&t->params, HT_P_TRAIN_MOMENTUM) > 0;
}

/* Does the optimizer keep means of its own? */
static bool is_adaptive(const ht_trainer *t)
{
    return ht_optimizer_of(&t->params)->follow != NULL;
}

/* Labels of a sample: data sets have one each. */
static uint64_t targets_of(const ht_dataset *data)
{
    (void)data;
    return 1;
}

/* An epoch of Occam is more than a step. */
static ht_code check_every(const ht_trainer *t, ht_error *err)
{
    uint64_t every = (uint64_t)ht_params_get(&t->params, HT_P_OCCAM_EVERY), batch = (uint64_t)batch_of(t);
    if (every == 0 || every >= batch * targets_of(t->data)) return HT_OK;
    return ht_error_set(
        err, HT_USAGE,
        "occam.every = %llu targets is less than a step trains on, %llu samples of %llu each; give "
        "more, or a smaller train.batch",
        (unsigned long long)every, (unsigned long long)batch, (unsigned long long)targets_of(t->data));
}

/* The mask is another. */
static void recount(ht_trainer *t)
{
    t->multiply_adds = ht_multiply_adds_trained(t->net, t->mask);
}

static ht_code check_optimizer(const ht_trainer *t, ht_error *err)
{
    if (is_adaptive(t) && has_momentum(t))
        return ht_error_set(
            err, HT_USAGE,
            "train.optimizer = %s and train.momentum = %g do not go together: momentum is that of "
            "sgd; set train.momentum to 0",
            ht_params_name(&t->params, HT_P_TRAIN_OPTIMIZER), ht_params_get(&t->params, HT_P_TRAIN_MOMENTUM));
    return HT_OK;
}

static ht_code make_factors(ht_trainer *t, ht_error *err)
{
    int count = (int)ht_params_get(&t->params, HT_P_MODEL_FACTORS);
    if (count == 1) return HT_OK;
    if (has_momentum(t))
        return ht_error_set(
            err, HT_USAGE,
            "train.momentum and model.factors = %d do not go together; set train.momentum to 0", count);
    if (is_adaptive(t))
        return ht_error_set(
            err, HT_USAGE,
            "train.optimizer = %s and model.factors = %d do not go together: factors descend by "
            "sgd; set train.optimizer to sgd",
            ht_params_name(&t->params, HT_P_TRAIN_OPTIMIZER), count);
    t->factors = ht_factors_new(t->net, count, err);
    return t->factors ? HT_OK : err->code;
}

/* What the optimizer keeps, to `to`. */
static void move_arrays(const ht_trainer *t, ht_step *to)
{
    for (int i = 0; i < t->net->tensor_count; i++)
        for (int k = 0; k < ht_optimizer_arrays(&t->params); k++)
            memcpy(ht_step_array(to, k, i), ht_step_array(t->scratch, k, i),
                   ht_tensor_size(&t->net->tensors[i]) * sizeof(float));
}

/* Scratch for batches of up to `batch`; the old one stays if memory is short. What the optimizer keeps moves
 * along. */
static ht_code reserve_batch(ht_trainer *t, int batch, ht_error *err)
{
    if (t->scratch && ht_step_capacity(t->scratch) >= batch) return HT_OK;
    ht_step *scratch =
        ht_step_new(t->net, batch, ht_optimizer_arrays(&t->params), ht_pool_threads(t->pool), err);
    float *x = ht_alloc((size_t)batch * (size_t)t->data->inputs, sizeof *x, "the batch", err);
    int32_t *labels = ht_alloc((size_t)batch * (size_t)t->data->targets, sizeof *labels, "the batch", err);
    if (!scratch || !x || !labels) {
        ht_step_free(scratch);
        ht_free(x);
        ht_free(labels);
        return err->code;
    }
    if (t->scratch) move_arrays(t, scratch);
    ht_step_free(t->scratch);
    ht_free(t->x);
    ht_free(t->labels);
    t->scratch = scratch, t->x = x, t->labels = labels;
    return HT_OK;
}

static uint64_t window_of(const ht_trainer *t)
{
    return (uint64_t)ht_params_get(&t->params, HT_P_TRAIN_AVERAGE);
}

/* A mean that begins now, or none. */
static ht_code restart_average(ht_trainer *t, ht_error *err)
{
    if (window_of(t) == 0)
        ht_average_free(&t->average);
    else if (ht_average_reserve(&t->average, t->net, window_of(t), t->at.step, err) != HT_OK ||
             ht_average_start(&t->average, t->net, err) != HT_OK)
        return err->code;
    return HT_OK;
}

/* The last step before the mean of the last iterates begins; 0 while no end is known. */
static uint64_t mean_begins(const ht_trainer *t)
{
    double steps = ht_params_get(&t->params, HT_P_TRAIN_STEPS), window = (double)window_of(t);
    return steps > window ? (uint64_t)(steps - window) : 0;
}

/* How many iterates the mean of this run would have now, had its end been known from the start. */
static uint64_t mean_wants(const ht_trainer *t)
{
    uint64_t begins = mean_begins(t);
    if (ht_params_get(&t->params, HT_P_TRAIN_STEPS) <= 0 || t->at.step <= begins) return 0;
    return t->at.step - begins < window_of(t) ? t->at.step - begins : window_of(t);
}

/* When the end of the run is another (it was to begin at `before`) so are the iterates that count. Those of
 * the last ones that were kept are taken; of a run that is past its end the mean stays as it is. */
static void refit_average(ht_trainer *t, uint64_t before)
{
    double steps = ht_params_get(&t->params, HT_P_TRAIN_STEPS);
    if (!t->average.mean || mean_begins(t) == before || steps <= 0 || (double)t->at.step > steps) return;
    ht_average_again(&t->average, mean_wants(t), t->at.step, t->pool);
}

uint64_t ht_trainer_unaveraged(const ht_trainer *t)
{
    uint64_t wants = t->average.mean ? mean_wants(t) : 0;
    return wants > t->average.count ? wants - t->average.count : 0;
}

/* With a known end, only the last iterates count. */
static void average(ht_trainer *t)
{
    if (!t->average.mean) return;
    ht_average_keep(&t->average, t->net, t->at.step);
    if (t->at.step > mean_begins(t)) ht_average_add(&t->average, t->net, window_of(t), t->pool);
}

/* train.init_order, or NULL. */
static const char *beginning_order(const ht_trainer *t)
{
    const char *order = ht_params_text(&t->params, HT_P_TRAIN_INIT_ORDER);
    return strcmp(order, ht_param_at(HT_P_TRAIN_INIT_ORDER)->choices[0]) == 0 ? NULL : order;
}

static ht_code read_beginning(ht_trainer *t, ht_error *err)
{
    const char *from = ht_params_text(&t->params, HT_P_TRAIN_INIT);
    if (strcmp(from, ht_param_at(HT_P_TRAIN_INIT)->choices[0]) == 0) return HT_OK;
    if (!(t->beginning = ht_network_like(t->net, err))) return HT_FAIL;
    if (ht_network_fill(t->beginning, from, beginning_order(t), &t->notes, err) == HT_OK) return HT_OK;
    return ht_error_prefix(err, "train.init"), err->code;
}

/* A run that has a state of its own can do without. */
static void do_without_beginning(ht_trainer *t, ht_error *err)
{
    ht_notes_add(&t->notes, "%s: the run goes on from its checkpoint; a reset begins with random weights",
                 err->text);
    ht_network_free(t->beginning);
    t->beginning = NULL;
    *err = (ht_error){0};
}

/* Rows of a table have no shape. */
static ht_shape shape_of(const ht_dataset *data)
{
    return data->channels > 0 ? (ht_shape){data->channels, data->height, data->width}
                              : (ht_shape){data->inputs, 1, 1};
}

/* A layer that gives a constant whatever comes in: nothing before it would learn. */
static ht_code check_constants(const ht_trainer *t, ht_error *err)
{
    for (int l = 0; l < t->net->layer_count; l++) {
        const ht_layer *layer = &t->net->layers[l];
        const char *why = layer->kind->constant ? layer->kind->constant(layer, batch_of(t)) : NULL;
        int id = 0;
        while (why && layer->kind != ht_layer_kind_at((ht_layer_id)id)) id++;
        if (why)
            return ht_error_set(err, HT_USAGE, "model.layers: %s (%s): %s",
                                ht_layer_kind_name((ht_layer_id)id), layer->tensor[0].name, why);
    }
    return HT_OK;
}

static ht_trainer *make(const ht_params *params, const ht_dataset *data, ht_pool *pool, bool resumed,
                        ht_error *err)
{
    ht_trainer *t = ht_alloc(1, sizeof *t, "the trainer", err);
    if (!t) return NULL;
    t->params = *params;
    t->data = data;
    t->pool = pool;
    t->net = ht_network_of(params, shape_of(data), data->classes, err);
    t->order = ht_alloc(data->train.count, sizeof *t->order, "the order of samples", err);
    if (!t->net || !t->order || ht_tokens_check(t->net, data, err) != HT_OK ||
        ht_augment_check(augment_of(params), data, err) != HT_OK ||
        ht_validation_check(params, data->train.count, err) != HT_OK || check_every(t, err) != HT_OK ||
        ht_validation_make(&t->validation, data, params, err) != HT_OK || check_optimizer(t, err) != HT_OK ||
        make_factors(t, err) != HT_OK || reserve_batch(t, batch_of(t), err) != HT_OK ||
        restart_average(t, err) != HT_OK) {
        ht_trainer_free(t);
        return NULL;
    }
    if (check_constants(t, err) != HT_OK) {
        if (!resumed) return ht_trainer_free(t), NULL;
        ht_notes_add(&t->notes, "%s", err->text); /* it was trained so before: the same comes again */
        *err = (ht_error){0};
    }
    if (read_beginning(t, err) != HT_OK) {
        if (!resumed) return ht_trainer_free(t), NULL;
        do_without_beginning(t, err);
    }
    t->input_bound = fmaxf(ht_kernel()->max_abs(data->train.x, data->train.count * (size_t)data->inputs),
                           ht_augment_bound(augment_of(params), data));
    ht_trainer_reset(t, seed_of(t));
    t->at.revision = 0;
    return t;
}

ht_trainer *ht_trainer_new(const ht_params *params, const ht_dataset *data, ht_pool *pool, ht_error *err)
{
    return make(params, data, pool, false, err);
}

ht_trainer *ht_trainer_new_resumed(const ht_params *params, const ht_dataset *data, ht_pool *pool,
                                   ht_error *err)
{
    return make(params, data, pool, true, err);
}

void ht_trainer_free(ht_trainer *t)
{
    if (!t) return;
    ht_network_free(t->net);
    ht_network_free(t->beginning);
    ht_notes_free(&t->notes);
    ht_factors_free(t->factors);
    ht_step_free(t->scratch);
    ht_average_free(&t->average);
    ht_mask_free(t->mask);
    ht_free(t->x);
    ht_free(t->labels);
    ht_free(t->order);
    ht_validation_free(&t->validation);
    ht_stopping_free(&t->stopping);
    ht_free(t);
}

static void drop_mask(ht_trainer *t)
{
    ht_mask_free(t->mask);
    t->mask = NULL;
    recount(t);
}

void ht_trainer_reset(ht_trainer *t, uint64_t seed)
{
    ht_params_put(&t->params, HT_P_TRAIN_SEED, (double)seed);
    ht_network_init_as(t->net, (ht_init)ht_params_get(&t->params, HT_P_MODEL_INIT), seed_of(t), t->pool);
    if (t->factors) ht_factors_init(t->factors, t->net, seed_of(t), t->pool);
    if (t->beginning) ht_network_assign(t->net, t->beginning);
    if (t->beginning && t->factors) ht_factors_follow(t->factors, t->net);
    for (int i = 0; i < t->net->tensor_count; i++)
        for (int k = 0; k < ht_optimizer_arrays(&t->params); k++)
            memset(ht_step_array(t->scratch, k, i), 0, ht_tensor_size(&t->net->tensors[i]) * sizeof(float));
    drop_mask(t);
    t->at = (ht_trainer_state){.revision = t->at.revision + 1};
    ht_average_forget(&t->average);
    ht_validation_drop_after(&t->validation, 0);
    shuffle(t);
}

ht_code ht_trainer_mask_zeros(ht_trainer *t, ht_error *err)
{
    if (!t->mask && !(t->mask = ht_mask_new(t->net, err))) return err->code;
    ht_mask_take_zeros(t->mask, t->net);
    recount(t);
    t->at.revision++;
    return HT_OK;
}

ht_code ht_trainer_prune(ht_trainer *t, const ht_prune_intent *intent, ht_prune_result *result, ht_error *err)
{
    ht_prune_spec spec = intent->spec;
    spec.calibration = &t->data->train;
    if (intent->keep_mask && !t->mask && !(t->mask = ht_mask_new(t->net, err))) return err->code;
    if (ht_prune_apply(t->net, &spec, t->pool, result, err) != HT_OK) return err->code;
    if (intent->keep_mask) ht_mask_take_zeros(t->mask, t->net);
    recount(t);
    t->at.revision++;
    if (t->factors) ht_factors_follow(t->factors, t->net);
    return HT_OK;
}

void ht_trainer_unmask(ht_trainer *t)
{
    t->at.revision++;
    drop_mask(t);
}

const ht_mask *ht_trainer_mask(const ht_trainer *t)
{
    return t->mask;
}

bool ht_trainer_masked(const ht_trainer *t)
{
    return t->mask != NULL;
}

uint64_t ht_trainer_revision(const ht_trainer *t)
{
    return t->at.revision;
}

void ht_trainer_set_revision(ht_trainer *t, uint64_t revision)
{
    t->at.revision = revision;
}

/* The next min(b, rest of the epoch) samples, gathered into t->x and t->labels. */
static int next_batch(ht_trainer *t)
{
    size_t d = (size_t)t->data->inputs, targets = (size_t)t->data->targets;
    if (t->at.cursor >= train_count(t)) {
        t->at.cursor = 0;
        t->at.epoch++;
        shuffle(t);
    }
    size_t batch = (size_t)batch_of(t), left = train_count(t) - t->at.cursor;
    ht_augment how = augment_of(&t->params);
    uint64_t seed = seed_of(t);
    if (batch > left) batch = left;
    for (size_t i = 0; i < batch; i++) {
        size_t sample = t->order[t->at.cursor + i];
        ht_augment_sample(how, t->data, seed, t->at.step, (uint32_t)i, t->data->train.x + sample * d,
                          t->x + i * d);
        memcpy(t->labels + i * targets, t->data->train.labels + sample * targets,
               targets * sizeof *t->labels);
    }
    return (int)batch;
}

double ht_trainer_lr(const ht_trainer *t)
{
    return ht_schedule_step_size(&t->params, (double)t->at.step);
}

ht_step_result ht_trainer_step(ht_trainer *t)
{
    return ht_trainer_step_captured(t, NULL);
}

static void add_to_row(ht_trainer_row *row, const ht_step_result *result)
{
    row->loss_min = row->steps ? fmin(row->loss_min, result->loss) : result->loss;
    row->loss_max = row->steps ? fmax(row->loss_max, result->loss) : result->loss;
    row->loss_sum += result->loss;
    row->accuracy_sum += result->accuracy;
    row->steps++;
}

/* Is an epoch over, of the data or (occam.every) of so many targets? What is beyond counts for the next one.
 */
static bool epoch_ends(ht_trainer *t, int batch)
{
    uint64_t every = (uint64_t)ht_params_get(&t->params, HT_P_OCCAM_EVERY), *seen = &t->at.occam.seen;
    if (every == 0) return t->at.cursor >= train_count(t);
    *seen += (uint64_t)batch * targets_of(t->data);
    if (*seen < every) return false;
    *seen %= every;
    return true;
}

static double kept(const ht_trainer *t)
{
    ht_sizes sizes = ht_network_sizes(t->net);
    return t->mask ? ht_mask_share(t->mask, t->net) : (double)sizes.nonzero / (double)sizes.weights;
}

double ht_trainer_compute(const ht_trainer *t)
{
    return t->at.compute < 0 ? (double)NAN : t->at.compute;
}

double ht_trainer_multiply_adds(const ht_trainer *t)
{
    return t->multiply_adds;
}

/* Occam gradient descent: validates the epoch that has ended and prunes. An epoch that cannot be validated,
 * because memory is short, counts as one without improvement; one that cannot be pruned leaves what there is.
 * Without λ0 the samples held back still tell the best epoch. */
static void end_epoch(ht_trainer *t, int batch)
{
    ht_error err;
    ht_occam *occam = &t->at.occam;
    double lambda0 = ht_params_get(&t->params, HT_P_OCCAM_LAMBDA0);
    if ((lambda0 <= 0 && t->validation.held.count == 0) || !epoch_ends(t, batch)) return;
    if (lambda0 > 0 && !t->mask && !(t->mask = ht_mask_new(t->net, &err))) return;
    ht_score score = ht_validation_score(&t->validation, t->net, t->pool);
    ht_occam_rule rule = (ht_occam_rule)ht_params_get(&t->params, HT_P_OCCAM_RULE);
    double lambda = ht_occam_update(occam, rule, lambda0, score.loss);
    if (occam->best_epoch == occam->epochs) ht_validation_remember(&t->validation, t->net);
    if (lambda0 > 0 &&
        ht_validation_prune(&t->validation, &t->params, lambda, t->net, t->mask, t->pool, &err) == HT_OK) {
        if (t->factors) ht_factors_follow(t->factors, t->net);
        recount(t);
    }
    const ht_occam_epoch row = {occam->epochs, lambda,           score.loss,           score.accuracy,
                                kept(t),       t->multiply_adds, ht_trainer_compute(t)};
    ht_validation_note(&t->validation, &row);
}

ht_step_result ht_trainer_step_captured(ht_trainer *t, ht_capture *capture)
{
    double start = ht_now();
    const ht_params *p = &t->params;
    ht_hyper hyper = {
        .lr = ht_trainer_lr(t),
        .momentum = ht_params_get(p, HT_P_TRAIN_MOMENTUM),
        .weight_decay = ht_params_get(p, HT_P_TRAIN_DECAY),
        .optimizer = ht_optimizer_of(p),
        .number = t->at.step + 1,
        .train_output = ht_params_get(p, HT_P_MODEL_TRAIN_OUT) != 0,
        .noise = {.type = (ht_noise_type)ht_params_get(p, HT_P_NOISE_TYPE),
                  .alpha = ht_params_get(p, HT_P_NOISE_ALPHA),
                  .seed = seed_of(t),
                  .step = t->at.step},
        .noise_scale = ht_params_get(p, HT_P_NOISE_SCALE),
        .noise_by_kernel = ht_params_get(p, HT_P_NOISE_UNIT) == HT_NOISE_KERNEL,
        .noise_by_head = ht_params_get(p, HT_P_NOISE_UNIT) == HT_NOISE_HEAD,
        .mask = t->mask,
        .capture = capture,
        .factors = t->factors,
        .input_bound = t->input_bound,
    };
    if (hyper.noise_scale == 0) hyper.noise.type = HT_NOISE_NONE;
    int batch = next_batch(t);
    ht_step_result result = ht_step_run(t->scratch, t->net, t->x, t->labels, batch, &hyper, t->pool);
    t->at.seconds += ht_now() - start;
    if (result.refused) return result;
    const atomic_bool *off = ht_cancel_by(NULL); /* the rest of a step that was made is not left out */
    t->at.cursor += (size_t)batch;
    double window = fmin(10, (double)++t->at.step);
    t->at.running_accuracy += (result.accuracy - t->at.running_accuracy) / window;
    t->at.running_loss += (result.loss - t->at.running_loss) / window;
    add_to_row(&t->at.row, &result);
    if (t->at.compute >= 0) t->at.compute += ht_multiply_adds_step(t->multiply_adds, batch);
    end_epoch(t, batch);
    average(t);
    ht_cancel_by(off);
    return result;
}

ht_code ht_trainer_set(ht_trainer *t, ht_param p, double value, ht_error *err)
{
    double before = ht_params_get(&t->params, p);
    uint64_t began = mean_begins(t);
    t->at.revision++;
    ht_params_put(&t->params, p, value);
    ht_code code = HT_OK;
    if (p == HT_P_TRAIN_BATCH && (code = check_every(t, err)) == HT_OK)
        code = reserve_batch(t, batch_of(t), err);
    if (p == HT_P_TRAIN_AVERAGE) code = restart_average(t, err);
    if (p == HT_P_TRAIN_STEPS) refit_average(t, began);
    if (p == HT_P_TRAIN_STOP || p == HT_P_TRAIN_STOP_LOSS) t->at.reached = 0; /* of something else */
    if (code != HT_OK) ht_params_put(&t->params, p, before);
    return code;
}

void ht_trainer_set_preset(ht_trainer *t, const char *name)
{
    ht_text_copy(t->params.preset, sizeof t->params.preset, name);
}

const ht_notes *ht_trainer_notes(const ht_trainer *t)
{
    return &t->notes;
}

const ht_params *ht_trainer_params(const ht_trainer *t)
{
    return &t->params;
}

ht_network *ht_trainer_network(ht_trainer *t)
{
    return t->net;
}

const ht_network *ht_trainer_measured(const ht_trainer *t)
{
    return t->average.count > 0 ? t->average.mean : t->net;
}

ht_average *ht_trainer_average(ht_trainer *t)
{
    return &t->average;
}

static const char *const array_names[HT_ARRAYS] = {
    "momentum", "factors.0", "factors.1", "factors.2", "factors.3", "average", "best", "mean", "square"};

const char *ht_array_name(ht_array array)
{
    return array_names[array];
}

float *ht_trainer_array(ht_trainer *t, ht_array array, int tensor)
{
    const ht_network *best = ht_trainer_best(t);
    switch (array) {
    case HT_ARRAY_MOMENTUM:
        return t->factors || is_adaptive(t) ? NULL : ht_step_array(t->scratch, HT_STEP_GRADIENT, tensor);
    case HT_ARRAY_MEAN:
    case HT_ARRAY_SQUARE:
        return ht_step_array(t->scratch, HT_STEP_MEAN + (int)(array - HT_ARRAY_MEAN), tensor);
    case HT_ARRAY_AVERAGE:
        return t->average.count > 0 ? t->average.mean->tensors[tensor].data : NULL;
    case HT_ARRAY_BEST:
        return best ? best->tensors[tensor].data : NULL;
    default:
        return t->factors ? t->factors->factor[tensor][array - HT_ARRAY_FACTORS] : NULL;
    }
}

ht_factors *ht_trainer_factors(ht_trainer *t)
{
    return t->factors;
}

size_t ht_trainer_samples(const ht_trainer *t)
{
    return train_count(t);
}

const ht_network *ht_trainer_best(const ht_trainer *t)
{
    return t->at.occam.best_epoch > 0 ? t->validation.best : NULL;
}

const ht_occam_epoch *ht_trainer_occam(const ht_trainer *t, size_t *count)
{
    *count = t->validation.epoch_count;
    return t->validation.epochs;
}

void ht_trainer_set_occam(ht_trainer *t, const ht_occam_epoch *rows, size_t count)
{
    ht_validation_set_rows(&t->validation, rows, count);
}

void ht_trainer_settle(ht_trainer *t)
{
    if (t->factors) ht_factors_collapse(t->factors, t->net);
}

uint64_t ht_trainer_steps(const ht_trainer *t)
{
    return t->at.step;
}

double ht_trainer_epoch(const ht_trainer *t)
{
    return (double)t->at.epoch + (double)t->at.cursor / (double)train_count(t);
}

double ht_trainer_seconds(const ht_trainer *t)
{
    return t->at.seconds;
}

/* Hands the row over and begins the next. */
static ht_trainer_row take_row(ht_trainer *t)
{
    ht_trainer_row row = t->at.row;
    t->at.row = (ht_trainer_row){0};
    return row;
}

ht_sample ht_trainer_eval_sample(ht_trainer *t, bool row)
{
    ht_sample sample = {.kind = HT_SAMPLE_EVAL,
                        .step = t->at.step,
                        .seconds = t->at.seconds,
                        .epoch = ht_trainer_epoch(t),
                        .multiply_adds = t->multiply_adds,
                        .compute = ht_trainer_compute(t)};
    if (!row) return sample;
    ht_trainer_row r = take_row(t);
    sample.folded = (uint32_t)r.steps;
    sample.loss = r.loss_sum / (double)r.steps;
    sample.loss_min = r.loss_min, sample.loss_max = r.loss_max;
    sample.accuracy = r.accuracy_sum / (double)r.steps;
    return sample;
}

ht_code ht_trainer_evaluate(ht_trainer *t, bool row, ht_sample *sample, ht_error *err)
{
    ht_score score;
    if (ht_trainer_test_score(t, &score, err) != HT_OK) return err->code;
    *sample = ht_trainer_eval_sample(t, row);
    sample->test_loss = score.loss;
    sample->test_accuracy = score.accuracy;
    return HT_OK;
}

bool ht_trainer_eval_due(const ht_trainer *t)
{
    return t->at.step % (uint64_t)ht_params_get(&t->params, HT_P_TRAIN_EVAL_EVERY) == 0;
}

ht_samples ht_trainer_test_samples(const ht_trainer *t)
{
    enum { CURVE_SAMPLES = 1000 };
    ht_samples samples = t->data->test;
    if (samples.count > CURVE_SAMPLES) samples.count = CURVE_SAMPLES;
    return samples;
}

ht_code ht_trainer_test_score(ht_trainer *t, ht_score *score, ht_error *err)
{
    ht_samples samples = ht_trainer_test_samples(t);
    return ht_network_evaluate(t->net, &samples, NULL, t->pool, score, err);
}

const char *ht_end_word(ht_end end)
{
    static const char *const words[] = {[HT_END_NOT] = "",
                                        [HT_END_DONE] = "done",
                                        [HT_END_CONVERGED] = "converged",
                                        [HT_END_DIVERGED] = "diverged",
                                        [HT_END_STOPPED] = "stopped"};
    return words[end];
}

/* Is it worth a look at the whole training set, by what minibatches say? */
static bool is_near(const ht_trainer *t, ht_criterion wanted)
{
    return t->at.running_accuracy >= wanted.accuracy - 0.05 &&
           (wanted.loss <= 0 || t->at.running_loss <= 4 * wanted.loss);
}

bool ht_trainer_stop_due(const ht_trainer *t)
{
    ht_criterion wanted = ht_criterion_of(&t->params);
    return ht_criterion_any(wanted) && t->at.reached == 0 && ht_trainer_eval_due(t) && is_near(t, wanted);
}

static uint64_t steps_after(const ht_trainer *t)
{
    return (uint64_t)ht_params_get(&t->params, HT_P_TRAIN_STOP_AFTER);
}

void ht_trainer_note_reached(ht_trainer *t, uint64_t step)
{
    t->at.reached = step;
}

bool ht_trainer_converged(const ht_trainer *t)
{
    return t->at.reached > 0 && t->at.step >= t->at.reached + steps_after(t);
}

bool ht_trainer_ends(const ht_trainer *t)
{
    double steps = ht_params_get(&t->params, HT_P_TRAIN_STEPS);
    return ht_trainer_converged(t) || (steps > 0 && (double)t->at.step >= steps);
}

ht_code ht_trainer_stop(ht_trainer *t, ht_end *end, ht_error *err)
{
    bool reached = false;
    if (ht_trainer_stop_due(t) &&
        ht_stopping_reached(&t->stopping, t->net, &t->data->train, ht_criterion_of(&t->params), t->pool,
                            &reached, err) != HT_OK)
        return err->code;
    if (reached && steps_after(t) > 0) {
        ht_trainer_note_reached(t, t->at.step);
        reached = false;
    }
    reached = reached || ht_trainer_converged(t);
    *end = reached ? HT_END_CONVERGED : ht_trainer_ends(t) ? HT_END_DONE : HT_END_NOT;
    return HT_OK;
}

ht_trainer_state ht_trainer_state_get(const ht_trainer *t)
{
    ht_trainer_state state = t->at;
    state.averaged = t->average.count;
    state.recent = t->average.kept;
    /* The end of an epoch is the start of the next: one name for one state. */
    if (state.cursor == train_count(t)) state.cursor = 0, state.epoch++;
    return state;
}

ht_code ht_trainer_state_set(ht_trainer *t, const ht_trainer_state *state, ht_error *err)
{
    if (state->cursor > train_count(t))
        return ht_error_set(
            err, HT_FAIL, "the checkpoint stands at sample %llu of an epoch of %zu; it belongs to other data",
            (unsigned long long)state->cursor, train_count(t));
    uint64_t revision = t->at.revision;
    t->at = *state;
    t->at.revision = revision;
    t->average.count = t->average.mean ? state->averaged : 0;
    t->average.kept = state->recent < t->average.rows ? state->recent : t->average.rows;
    shuffle(t);
    return HT_OK;
}

ht_code ht_trainer_adopt(ht_trainer *t, const ht_trainer_state *state, const ht_params *params,
                         const ht_mask *mask, ht_error *err)
{
    ht_params before = t->params;
    ht_mask *kept = NULL;
    if (mask && !(kept = ht_mask_new(t->net, err))) return err->code;
    if (mask) ht_mask_copy(kept, mask);
    for (int p = 0; p < HT_P_COUNT; p++)
        if (ht_param_at(p)->live != HT_VIEW) t->params.number[p] = params->number[p];
    if (reserve_batch(t, batch_of(t), err) != HT_OK ||
        (window_of(t) > 0 && restart_average(t, err) != HT_OK) ||
        (state->occam.best_epoch > 0 && ht_validation_reserve(&t->validation, t->net, err) != HT_OK) ||
        ht_trainer_state_set(t, state, err) != HT_OK) {
        t->params = before;
        ht_mask_free(kept);
        return err->code;
    }
    if (window_of(t) == 0) ht_average_free(&t->average);
    ht_validation_drop_after(&t->validation, state->occam.epochs);
    drop_mask(t);
    t->mask = kept;
    recount(t);
    t->at.revision++;
    return HT_OK;
}
