/* params.h - every setting of a run, from one table (src/params/params.def).
 *
 * An ht_params is plain data: copy it with `=`. Thread: each copy belongs to its holder. Numbers are written
 * and read with a decimal point whatever the locale. */
#ifndef HEAVYTAIL_PARAMS_H
#define HEAVYTAIL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heavytail/status.h"

HT_PUBLIC_BEGIN

typedef enum ht_param {
#define HT_PARAM(id, ...) HT_P_##id,
#include "params/params.def"
#undef HT_PARAM
    HT_P_COUNT
} ht_param;

typedef enum ht_param_type {
    HT_TYPE_INT,
    HT_TYPE_REAL,
    HT_TYPE_BOOL,
    HT_TYPE_CHOICE,
    HT_TYPE_TEXT
} ht_param_type;
typedef enum ht_param_scale { HT_PSCALE_LINEAR, HT_PSCALE_LOG, HT_PSCALE_LOG0 } ht_param_scale;
typedef enum ht_param_live { HT_LIVE, HT_RESET, HT_VIEW } ht_param_live;

typedef enum ht_param_group {
    HT_GROUP_DATA,
    HT_GROUP_MODEL,
    HT_GROUP_TRAIN,
    HT_GROUP_NOISE,
    HT_GROUP_PRUNE,
    HT_GROUP_OCCAM,
    HT_GROUP_RUN,
    HT_GROUP_UI /* only the screen's: no part of a run */
} ht_param_group;

typedef struct ht_param_info {
    const char *key; /* "train.lr" */
    ht_param_group group;
    ht_param_type type;
    double initial, low, high;
    ht_param_scale scale;
    double step;
    const char *unit;
    ht_param_live live;
    const char *const *choices; /* CHOICE: names, NULL at the end; TEXT: the default; NULL for the rest */
    const char *help;
} ht_param_info;

enum {
    HT_PARAM_TEXT = 1024,
    HT_PARAM_VALUE = 1152,
    HT_PARAM_DEPTH = 16,    /* hidden layers of a list of widths, at most */
    HT_PARAM_LAYERS = 120,  /* items before the output layer, at most: 16 blocks of a transformer */
    HT_PARAM_UNITS = 200000 /* of one of them, at most */
};

/* The parameters that are texts, numbered. */
typedef enum ht_param_texts {
#define HT_TEXT_INT(id)
#define HT_TEXT_REAL(id)
#define HT_TEXT_BOOL(id)
#define HT_TEXT_CHOICE(id)
#define HT_TEXT_TEXT(id) HT_TEXT_OF_##id,
#define HT_PARAM(id, group, key, type, ...) HT_TEXT_##type(id)
#include "params/params.def"
#undef HT_PARAM
    HT_PARAM_TEXTS
} ht_param_texts;

typedef struct ht_params {
    char preset[64];           /* where the settings came from: a preset's name or a file's */
    double number[HT_P_COUNT]; /* of a text its place in `text` */
    char text[HT_PARAM_TEXTS][HT_PARAM_TEXT];
} ht_params;

/* The choices of noise.type, in the table's order. */
typedef enum ht_noise_type { HT_NOISE_NONE, HT_NOISE_SHARED, HT_NOISE_IID, HT_NOISE_ISOTROPIC } ht_noise_type;
/* Of noise.unit: a filter and a row are the same. */
typedef enum ht_noise_unit { HT_NOISE_FILTER, HT_NOISE_KERNEL, HT_NOISE_ROW, HT_NOISE_HEAD } ht_noise_unit;
/* The choices of model.activation; GELU is the exact one, x Φ(x). */
typedef enum ht_activation {
#define HT_ACTIVATION(id, name) HT_##id,
#include "params/activations.def"
    HT_ACTIVATIONS
} ht_activation;
/* Of model.init. */
typedef enum ht_init { HT_INIT_UNIFORM, HT_INIT_KAIMING, HT_INIT_PAPER, HT_INIT_GPT } ht_init;
typedef enum ht_layer_id {
#define HT_LAYER(id, ...) HT_LAYER_##id,
#include "params/layers.def"
    HT_LAYER_KINDS
} ht_layer_id;
typedef enum ht_prune_method {
#define HT_PRUNE_METHOD(id, name, unit, operations, whole, calibrated, joint, cost, role, dash, what)        \
    HT_PRUNE_##id,
#include "params/prune_methods.def"
    HT_PRUNE_METHODS
} ht_prune_method;
typedef enum ht_prune_scope { HT_PRUNE_PER_LAYER, HT_PRUNE_GLOBAL } ht_prune_scope;
typedef enum ht_prune_side { HT_PRUNE_ROWS, HT_PRUNE_COLUMNS } ht_prune_side; /* prune.unit */
typedef enum ht_coreset_kind { HT_CORESET_SAMPLED, HT_CORESET_BEST, HT_CORESET_TOP } ht_coreset_kind;
typedef enum ht_prune_metric { HT_FRO_SQUARED, HT_FRO } ht_prune_metric;
typedef enum ht_occam_rule { HT_OCCAM_OURS, HT_OCCAM_PUBLISHED } ht_occam_rule; /* occam.rule */

const ht_param_info *ht_param_at(ht_param p); /* static storage */
/* Does it say when training has reached what was asked for (train.stop_…)? */
bool ht_param_is_criterion(ht_param p);
bool ht_param_find(const char *key, ht_param *p);
/* For "did you mean": the parameter that a word of the field or of other programs stands for ("sigma",
 * "noise.sigma": noise.scale; NULL: none), and, if there is none, the one that is spelled most alike. */
const char *ht_param_by_word(const char *key);
const char *ht_param_nearest(const char *key);

void ht_params_init(ht_params *params); /* every default */

/* Numbers, booleans (0, 1) and choices (an index) by value; TEXT by string. */
double ht_params_get(const ht_params *params, ht_param p);
const char *ht_params_text(const ht_params *params, ht_param p);
bool ht_params_differ(const ht_params *a, const ht_params *b, ht_param p);

enum { HT_PAD_SAME = -1 }; /* half the window on each side */

/* A layer before the output's, or what joins some. */
typedef struct ht_layer_item {
    ht_layer_id kind;
    int units;                /* of dense, conv and embed; 0 of others */
    ht_activation activation; /* HT_LINEAR where a kind has none of itself */
    bool named;               /* the line says which activation; else it is model.activation */
    int window[2];            /* height and width, of conv and pool */
    int stride, pad;          /* 0: not said; HT_PAD_SAME */
    bool mean, global;        /* of pool */
    double rate;              /* of dropout */
    int heads;                /* of attention */
    int number;               /* of the item in the line, from 1, for messages */
    int inside;               /* of res: how many items before it are in its parentheses */
} ht_layer_item;

/* The network that the parameters say, but for the output layer, first layer first: model.layers, or dense
 * layers as model.widths or model.depth times model.width. Returns how many there are. */
int ht_params_layers(const ht_params *params, ht_layer_item items[HT_PARAM_LAYERS]);
/* Are all of them dense layers, each reading the one before it? */
bool ht_params_are_dense(const ht_params *params);
/* The hidden weight matrix that noise leaves alone, by its number among those of dense layers and
 * convolutions, or -1: noise.first_conv = 0, and there is a convolution. *named: by the number in the names
 * of its tensors, which norms count in, too; may be NULL. */
int ht_params_quiet(const ht_params *params, int *named);
/* Has it tensors, and so a number in their names? */
bool ht_layer_item_is_named(const ht_layer_item *item);
/* What says so where they are not alike: the text of model.layers or model.widths; "" where they are. */
const char *ht_params_layout(const ht_params *params);
/* Does setting `p` (model.width, model.depth) put equal layers in the place of what says that they are not
 * alike? Of model.layers a width does not, if it has an n. */
bool ht_params_undoes(const ht_params *params, ht_param p);
/* Is there a width to vary: equal dense layers, or an n in model.layers? */
bool ht_params_has_width(const ht_params *params);
/* A hidden layer with units, from 0, or all of them: where what is looked at may be picked. A number beyond
 * the last means the last, and the only one is never "all". */
enum { HT_ALL_LAYERS = -1 };
static inline int ht_layer_picked(int asked, int hidden)
{
    return hidden == 1 ? 0 : asked < 0 ? HT_ALL_LAYERS : asked < hidden ? asked : hidden - 1;
}

/* The units alone, of those that have some (dense, conv); returns how many. */
int ht_params_widths(const ht_params *params, int widths[HT_PARAM_LAYERS]);

/* Parses and checks. Setting model.width or model.depth ends a list in model.widths, and such a list sets
 * both (its greatest width, its length): what is set last holds; likewise for model.layers, which keeps a
 * model.width that its items are multiples of. HT_USAGE with a sentence that names the key,
 * the allowed range or choices, and for an unknown key the nearest one; *params is unchanged then. */
ht_code ht_params_set(ht_params *params, const char *key, const char *value, ht_error *err);

/* Sets a number, clamped to the range and rounded for INT; for sliders. Returns what was set. */
double ht_params_put(ht_params *params, ht_param p, double value);

/* The value as --set and presets read it back: "0.05", "iid", "true". At least HT_PARAM_VALUE bytes. */
void ht_params_format(const ht_params *params, ht_param p, char *to, size_t size);

/* Position of a number on its slider, 0..1, and the inverse. LOG0: 0 at the left end, then 1e-5 of the range
 * upwards. */
double ht_param_position(ht_param p, double value);
double ht_param_value(ht_param p, double position);
/* The value `count` steps (negative: down) away. */
double ht_param_stepped(ht_param p, double value, int count);

/* "iid" of choice 2, static; "?" outside the table. */
const char *ht_param_choice(ht_param p, int index);
int ht_param_choices(ht_param p); /* how many */
/* The chosen name of a CHOICE: "iid". */
const char *ht_params_name(const ht_params *params, ht_param p);

HT_PUBLIC_END

#endif
