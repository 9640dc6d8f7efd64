#include "heavytail/params.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "params/layers_line.h"

static const char *const methods[] = {
#define HT_PRUNE_METHOD(id, name, ...) name,
#include "params/prune_methods.def"
    NULL};

static const char methods_help[] = "what is removed first. "
#define HT_PRUNE_METHOD(id, name, unit, operations, whole, calibrated, joint, cost, role, dash, what)        \
    name ": " what "; "
#include "params/prune_methods.def"
                                   "keys 1, 2 … in the pruning view";

static const char *const activations[] = {
#define HT_ACTIVATION(id, name) name,
#include "params/activations.def"
    NULL};

static const char *const optimizers[] = {
#define HT_OPTIMIZER(id, name, ...) name,
#include "params/optimizers.def"
    NULL};

static const char optimizers_help[] = "how weights follow their gradients. "
#define HT_OPTIMIZER(id, name, operations, what) name ": " what "; "
#include "params/optimizers.def"
                                      "noise comes after";

static const ht_param_info table[HT_P_COUNT] = {
#define HT_PARAM(id, group, key, type, initial, low, high, scale, step, unit, live, choices, help)           \
    [HT_P_##id] = {key,  HT_GROUP_##group, HT_TYPE_##type, initial, low, high, HT_PSCALE_##scale, step,      \
                   unit, PARAM_##live,     choices,        help},
#define PARAM_LIVE HT_LIVE
#define PARAM_RESET HT_RESET
#define PARAM_VIEW HT_VIEW
#define NONE NULL
#define ACTIVATIONS activations
#define METHODS methods
#define METHODS_HELP methods_help
#define OPTIMIZERS optimizers
#define OPTIMIZERS_HELP optimizers_help
#define OF(...)                                                                                              \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }
#include "params/params.def"
#undef HT_PARAM
};

/* A LOG0 slider: 0 at the left end, then this fraction of the range's top, growing by factors. */
static const double log0_floor = 1e-5;

/* Where a logarithmic slider begins. Whole numbers begin below 1, so that 1 is not the left end. */
static double log_low(const ht_param_info *info)
{
    if (info->scale != HT_PSCALE_LOG0) return info->low;
    return info->type == HT_TYPE_INT ? 0.5 : info->high * log0_floor;
}

const ht_param_info *ht_param_at(ht_param p)
{
    return &table[p];
}

bool ht_param_is_criterion(ht_param p)
{
    return p == HT_P_TRAIN_STOP || p == HT_P_TRAIN_STOP_LOSS || p == HT_P_TRAIN_STOP_AFTER;
}

bool ht_param_find(const char *key, ht_param *p)
{
    for (int i = 0; i < HT_P_COUNT; i++)
        if (strcmp(table[i].key, key) == 0) {
            *p = (ht_param)i;
            return true;
        }
    return false;
}

/* Words of the field, and of other programs, that no spelling leads from. */
static const struct {
    const char *word;
    ht_param param;
} meant[] = {
    {"sigma", HT_P_NOISE_SCALE},
    {"σ", HT_P_NOISE_SCALE},
    {"stability", HT_P_NOISE_ALPHA},
    {"α", HT_P_NOISE_ALPHA},
    {"eta", HT_P_TRAIN_LR},
    {"η", HT_P_TRAIN_LR},
    {"learning_rate", HT_P_TRAIN_LR},
    {"step_size", HT_P_TRAIN_LR},
    {"batch_size", HT_P_TRAIN_BATCH},
    {"epochs", HT_P_TRAIN_STEPS},
    {"lambda", HT_P_TRAIN_DECAY},
    {"λ", HT_P_TRAIN_DECAY},
    {"wd", HT_P_TRAIN_DECAY},
    {"l2", HT_P_TRAIN_DECAY},
    {"neurons", HT_P_MODEL_WIDTH},
    {"hidden", HT_P_MODEL_WIDTH},
    {"hidden_size", HT_P_MODEL_WIDTH},
    {"dataset", HT_P_DATA_NAME},
    {"kappa", HT_P_PRUNE_RATIO},
    {"κ", HT_P_PRUNE_RATIO},
    {"epsilon", HT_P_PRUNE_ERROR},
    {"ε", HT_P_PRUNE_ERROR},
};

const char *ht_param_by_word(const char *key)
{
    const char *dot = strchr(key, '.');
    for (size_t i = 0; i < sizeof meant / sizeof meant[0]; i++)
        if (strcasecmp(dot ? dot + 1 : key, meant[i].word) == 0) return ht_param_at(meant[i].param)->key;
    return NULL;
}

const char *ht_param_nearest(const char *key)
{
    const char *dot = strchr(key, '.'), *best = ht_param_by_word(key);
    int least = 1000;
    if (best) return best;
    for (int i = 0; i < HT_P_COUNT; i++) {
        const char *own = ht_param_at((ht_param)i)->key, *name = strchr(own, '.') + 1;
        int whole = ht_text_distance(key, own);
        /* "lr" and "alpha" mean train.lr and noise.alpha. */
        int last = ht_text_distance(key, name) + (dot ? 1000 : 0);
        int distance = whole < last ? whole : last;
        if (distance < least) least = distance, best = own;
    }
    return best;
}

/* The place of a text in ht_params; -1: it is a number. */
static int text_place(ht_param p)
{
    static const signed char place[HT_P_COUNT] = {
#define PLACE_INT(id) (-1)
#define PLACE_REAL(id) (-1)
#define PLACE_BOOL(id) (-1)
#define PLACE_CHOICE(id) (-1)
#define PLACE_TEXT(id) HT_TEXT_OF_##id
#define HT_PARAM(id, group, key, type, ...) PLACE_##type(id),
#include "params/params.def"
#undef HT_PARAM
    };
    return place[p];
}

void ht_params_init(ht_params *params)
{
    memset(params, 0, sizeof *params);
    for (int i = 0; i < HT_P_COUNT; i++) {
        params->number[i] = table[i].initial;
        if (table[i].type == HT_TYPE_TEXT)
            ht_text_copy(params->text[text_place(i)], HT_PARAM_TEXT, table[i].choices[0]);
    }
}

double ht_params_get(const ht_params *params, ht_param p)
{
    return params->number[p];
}

const char *ht_params_text(const ht_params *params, ht_param p)
{
    return text_place(p) < 0 ? "" : params->text[text_place(p)];
}

bool ht_params_differ(const ht_params *a, const ht_params *b, ht_param p)
{
    return a->number[p] != b->number[p] || strcmp(ht_params_text(a, p), ht_params_text(b, p)) != 0;
}

int ht_param_choices(ht_param p)
{
    int count = 0;
    if (table[p].type == HT_TYPE_CHOICE)
        while (table[p].choices[count]) count++;
    return count;
}

const char *ht_param_choice(ht_param p, int index)
{
    return index >= 0 && index < ht_param_choices(p) ? table[p].choices[index] : "?";
}

const char *ht_params_name(const ht_params *params, ht_param p)
{
    return ht_param_choice(p, (int)params->number[p]);
}

/* "one of a, b, c" or "0.001 .. 10 steps". */
static void describe_range(ht_param p, char *to, size_t size)
{
    const ht_param_info *info = &table[p];
    size_t used = 0;
    locale_t before;
    to[0] = '\0';
    switch (info->type) {
    case HT_TYPE_CHOICE:
        for (int i = 0; i < ht_param_choices(p) && used < size; i++)
            used += (size_t)snprintf(to + used, size - used, "%s%s", i ? ", " : "one of ", info->choices[i]);
        break;
    case HT_TYPE_BOOL:
        snprintf(to, size, "true or false");
        break;
    case HT_TYPE_TEXT:
        if (p == HT_P_MODEL_WIDTHS)
            snprintf(to, size,
                     "equal, or 1 to %.0f whole numbers from 1 to %.0f with commas between them: 300,100",
                     table[HT_P_MODEL_DEPTH].high, table[HT_P_MODEL_WIDTH].high);
        else
            snprintf(to, size, "1 to %d bytes, no blank at either end and none before a ';'",
                     HT_PARAM_TEXT - 1);
        break;
    default:
        before = ht_point_begin();
        snprintf(to, size, "%s from %.16g to %.16g",
                 info->type == HT_TYPE_INT ? "a whole number" : "a number", info->low, info->high);
        ht_point_end(before);
    }
}

static bool parse_bool(const char *value, double *number)
{
    static const char *const words[][2] = {{"false", "true"}, {"off", "on"}, {"no", "yes"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (int j = 0; j < 2; j++)
            if (strcmp(value, words[i][j]) == 0) {
                *number = j;
                return true;
            }
    return false;
}

static bool parse_choice(ht_param p, const char *value, double *number)
{
    for (int i = 0; i < ht_param_choices(p); i++)
        if (strcmp(value, table[p].choices[i]) == 0) {
            *number = i;
            return true;
        }
    return false;
}

static bool parse_value(ht_param p, const char *value, double *number)
{
    const ht_param_info *info = &table[p];
    if (info->type == HT_TYPE_BOOL) return parse_bool(value, number);
    if (info->type == HT_TYPE_CHOICE) return parse_choice(p, value, number);
    if (!ht_parse_number(value, number) || *number < info->low || *number > info->high) return false;
    return info->type == HT_TYPE_REAL || *number == floor(*number);
}

/* What a line of a preset and a journal hold: UTF-8 without control characters, no blanks at the ends,
 * nothing that starts a comment there. */
static bool good_text(const char *s)
{
    size_t length = strlen(s);
    unsigned c;
    if (length == 0 || length >= HT_PARAM_TEXT || s[0] == ' ' || s[0] == ';' || s[length - 1] == ' ')
        return false;
    for (size_t n; (n = ht_utf8_decode(s, &c)) > 0; s += n)
        if (ht_text_is_control(c) || (c == 0xfffd && n == 1) || (s[0] == ' ' && s[1] == ';')) return false;
    return true;
}

/* ---- widths of layers ---- */

static const char equal[] = "equal";

/* "300,100" into widths: how many there are; 0 when it is no such list. */
static int parse_widths(const char *list, int widths[HT_PARAM_LAYERS])
{
    int count = 0;
    for (const char *at = list;; at++) {
        char *end = NULL;
        long width = *at >= '0' && *at <= '9' ? strtol(at, &end, 10) : 0;
        if (!end || count == HT_PARAM_DEPTH || (double)width < table[HT_P_MODEL_WIDTH].low ||
            (double)width > table[HT_P_MODEL_WIDTH].high)
            return 0;
        widths[count++] = (int)width;
        at = end;
        if (*at == '\0') return count;
        if (*at != ',' && *at != '-') return 0;
        if (at[1] == ' ') at++;
    }
}

static bool good_widths(const char *list)
{
    int widths[HT_PARAM_LAYERS];
    return strcmp(list, equal) == 0 || parse_widths(list, widths) > 0;
}

/* ---- layers ---- */

static const char by_itself[] = "auto";

/* Is the network said in one line? */
static bool has_line(const ht_params *params)
{
    return strcmp(params->text[HT_TEXT_OF_MODEL_LAYERS], by_itself) != 0;
}

/* The items of the line; 0: there is none. */
static int line_of(const ht_params *params, ht_layer_item items[HT_PARAM_LAYERS])
{
    ht_error checked; /* when it was set */
    if (!has_line(params)) return 0;
    return ht_layers_parse(params->text[HT_TEXT_OF_MODEL_LAYERS], params->number[HT_P_MODEL_WIDTH],
                           (ht_activation)params->number[HT_P_MODEL_ACTIVATION], items, &checked);
}

int ht_params_layers(const ht_params *params, ht_layer_item items[HT_PARAM_LAYERS])
{
    int widths[HT_PARAM_LAYERS] = {0}, count = line_of(params, items);
    if (count > 0) return count;
    count = parse_widths(params->text[HT_TEXT_OF_MODEL_WIDTHS], widths);
    bool alike = count == 0;
    if (alike) count = (int)params->number[HT_P_MODEL_DEPTH];
    for (int l = 0; l < count; l++)
        items[l] = (ht_layer_item){.kind = HT_LAYER_DENSE,
                                   .units = alike ? (int)params->number[HT_P_MODEL_WIDTH] : widths[l],
                                   .activation = (ht_activation)params->number[HT_P_MODEL_ACTIVATION]};
    return count;
}

bool ht_params_are_dense(const ht_params *params)
{
    ht_layer_item items[HT_PARAM_LAYERS];
    int count = ht_params_layers(params, items);
    for (int l = 0; l < count; l++)
        if (items[l].kind != HT_LAYER_DENSE) return false;
    return true;
}

int ht_params_quiet(const ht_params *params, int *named)
{
    ht_layer_item items[HT_PARAM_LAYERS];
    int count = ht_params_layers(params, items), weights = 0, before = 0, l = 0;
    for (; l < count && items[l].kind != HT_LAYER_CONV; l++) {
        weights += items[l].units > 0;
        before += ht_layer_item_is_named(&items[l]);
    }
    bool quiet = l < count && ht_params_get(params, HT_P_NOISE_FIRST_CONV) == 0;
    if (named) *named = quiet ? before : -1;
    return quiet ? weights : -1;
}

const char *ht_params_layout(const ht_params *params)
{
    const char *list = params->text[HT_TEXT_OF_MODEL_WIDTHS];
    if (has_line(params)) return params->text[HT_TEXT_OF_MODEL_LAYERS];
    return strcmp(list, equal) == 0 ? "" : list;
}

int ht_params_widths(const ht_params *params, int widths[HT_PARAM_LAYERS])
{
    ht_layer_item items[HT_PARAM_LAYERS];
    int count = ht_params_layers(params, items), wide = 0;
    for (int l = 0; l < count; l++)
        if (items[l].units > 0) widths[wide++] = items[l].units;
    return wide;
}

/* ---- what goes with a parameter that has just changed ---- */

/* Depth and width are those of the list. */
static void put_sizes(ht_params *params, bool width)
{
    int widths[HT_PARAM_LAYERS], most = 0, count = ht_params_widths(params, widths);
    for (int l = 0; l < count; l++) most = widths[l] > most ? widths[l] : most;
    params->number[HT_P_MODEL_DEPTH] = fmin(count, table[HT_P_MODEL_DEPTH].high); /* a line may be longer */
    if (width) params->number[HT_P_MODEL_WIDTH] = most;
}

/* Equal lists are equal texts. */
static void tidy_widths(char *list)
{
    int widths[HT_PARAM_LAYERS], count = parse_widths(list, widths);
    size_t used = 0;
    for (int l = 0; l < count; l++)
        used += (size_t)snprintf(list + used, HT_PARAM_TEXT - used, "%s%d", l ? "," : "", widths[l]);
}

static void settle_layers(ht_params *params, ht_param p)
{
    char *list = params->text[HT_TEXT_OF_MODEL_WIDTHS], *line = params->text[HT_TEXT_OF_MODEL_LAYERS];
    bool scales = has_line(params) && ht_layers_scale(line);
    if (p == HT_P_MODEL_WIDTH || p == HT_P_MODEL_DEPTH || (p == HT_P_MODEL_LAYERS && has_line(params)))
        ht_text_copy(list, HT_PARAM_TEXT, equal);
    bool is_list = strcmp(list, equal) != 0;
    if ((p == HT_P_MODEL_WIDTH && !scales) || p == HT_P_MODEL_DEPTH || (p == HT_P_MODEL_WIDTHS && is_list))
        ht_text_copy(line, HT_PARAM_TEXT, by_itself);
    if (p == HT_P_MODEL_WIDTHS && is_list) {
        tidy_widths(list);
        put_sizes(params, true);
    }
    if (p == HT_P_MODEL_LAYERS && has_line(params)) put_sizes(params, !scales);
}

/* A text that is more than any text. */
static ht_code check_text(ht_param p, const char *value, bool *good, ht_error *err)
{
    ht_layer_item items[HT_PARAM_LAYERS];
    if (p == HT_P_MODEL_WIDTHS) *good = *good && good_widths(value);
    if (p == HT_P_MODEL_LAYERS && *good && strcmp(value, by_itself) != 0 &&
        ht_layers_parse(value, table[HT_P_MODEL_WIDTH].initial, HT_RELU, items, err) == 0)
        return err->code;
    return HT_OK;
}

ht_code ht_params_set(ht_params *params, const char *key, const char *value, ht_error *err)
{
    ht_param p;
    char range[200];
    double number = 0;
    if (!ht_param_find(key, &p))
        return ht_error_set(err, HT_USAGE,
                            "unknown key '%.60s'; did you mean '%s'? (`heavytail help params` lists them)",
                            key, ht_param_nearest(key));
    bool is_text = table[p].type == HT_TYPE_TEXT;
    if (is_text && strlen(value) >= HT_PARAM_TEXT)
        return ht_error_set(err, HT_USAGE, "%s: '%.60s…' is too long, %zu bytes; give at most %d", key, value,
                            strlen(value), HT_PARAM_TEXT - 1);
    bool good = is_text ? good_text(value) : parse_value(p, value, &number);
    if (check_text(p, value, &good, err) != HT_OK) return err->code;
    if (!good) {
        describe_range(p, range, sizeof range);
        return ht_error_set(err, HT_USAGE, "%s: '%.60s' is not allowed; give %s", key, value, range);
    }
    if (is_text)
        ht_text_copy(params->text[text_place(p)], HT_PARAM_TEXT, value);
    else
        params->number[p] = number;
    settle_layers(params, p);
    return HT_OK;
}

double ht_params_put(ht_params *params, ht_param p, double value)
{
    double high = table[p].type == HT_TYPE_CHOICE ? ht_param_choices(p) - 1 : table[p].high;
    if (table[p].type != HT_TYPE_REAL) value = round(value);
    value = !(value >= table[p].low) ? table[p].low : value > high ? high : value; /* NaN: low */
    params->number[p] = value;
    settle_layers(params, p);
    return value;
}

bool ht_params_undoes(const ht_params *params, ht_param p)
{
    ht_params set = *params;
    ht_params_put(&set, p, ht_params_get(params, p));
    return strcmp(ht_params_layout(&set), ht_params_layout(params)) != 0;
}

bool ht_params_has_width(const ht_params *params)
{
    return ht_params_are_dense(params) || !ht_params_undoes(params, HT_P_MODEL_WIDTH);
}

/* The shortest form that reads back as the same number; but 60, not 6e+01. */
static void format_real(double number, char *to, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(to, size, "%.*g", digits, number);
        if (strtod(to, NULL) == number) break;
    }
    if (strchr(to, 'e') && fabs(number) >= 1 && fabs(number) < 1e6) snprintf(to, size, "%.0f", number);
}

void ht_params_format(const ht_params *params, ht_param p, char *to, size_t size)
{
    double number = params->number[p];
    locale_t before = ht_point_begin();
    switch (table[p].type) {
    case HT_TYPE_TEXT:
        snprintf(to, size, "%s", ht_params_text(params, p));
        break;
    case HT_TYPE_BOOL:
        snprintf(to, size, "%s", number != 0 ? "true" : "false");
        break;
    case HT_TYPE_CHOICE:
        snprintf(to, size, "%s", ht_param_choice(p, (int)number));
        break;
    case HT_TYPE_INT:
        snprintf(to, size, "%.0f", number);
        break;
    case HT_TYPE_REAL:
        format_real(number, to, size);
    }
    ht_point_end(before);
}

double ht_param_position(ht_param p, double value)
{
    const ht_param_info *info = &table[p];
    double low = log_low(info);
    if (info->type == HT_TYPE_CHOICE) return value / (ht_param_choices(p) - 1);
    if (value <= info->low) return 0;
    if (value >= info->high) return 1;
    if (info->scale == HT_PSCALE_LINEAR) return (value - low) / (info->high - low);
    return value <= low ? 0 : log(value / low) / log(info->high / low);
}

/* The multiple of `unit` nearest to v. A unit below 1 (0.01) is the inverse of a whole number and no double
 * itself: dividing by that number gives what "0.29" is read as; 29 · 0.01 is another double. */
static double round_to(double v, double unit)
{
    if (!(unit > 0)) return v;
    double inverse = round(1 / unit);
    return unit < 1 ? round(v * inverse) / inverse : round(v / unit) * unit;
}

/* Three digits: what a person would have typed. */
static double three_digits(double v)
{
    double exponent = floor(log10(v)) - 2;
    return exponent < 0 ? round(v * pow(10, -exponent)) / pow(10, -exponent) : round_to(v, pow(10, exponent));
}

static double clamp(double v, double low, double high)
{
    return !(v >= low) ? low : v > high ? high : v;
}

double ht_param_value(ht_param p, double position)
{
    const ht_param_info *info = &table[p];
    double low = log_low(info);
    if (info->type == HT_TYPE_CHOICE) return round(clamp(position, 0, 1) * (ht_param_choices(p) - 1));
    if (position <= 0) return info->low;
    if (position >= 1) return info->high;
    double value = info->scale == HT_PSCALE_LINEAR ? low + position * (info->high - low)
                                                   : low * pow(info->high / low, position);
    if (info->type == HT_TYPE_INT) return round(value);
    value = info->scale == HT_PSCALE_LINEAR ? round_to(value, info->step) : three_digits(value);
    return clamp(value, info->low, info->high);
}

/* Moves by whole steps on a linear scale, by factors on a logarithmic one, with 0 below the smallest of LOG0.
 */
double ht_param_stepped(ht_param p, double value, int count)
{
    const ht_param_info *info = &table[p];
    double low = log_low(info), next;
    if (info->type == HT_TYPE_CHOICE || info->type == HT_TYPE_BOOL) {
        int choices = info->type == HT_TYPE_BOOL ? 2 : ht_param_choices(p);
        if (choices == 0) return value; /* not reached: every CHOICE has names */
        return ((int)value + count % choices + choices) % choices;
    }
    if (info->scale == HT_PSCALE_LINEAR)
        next = round_to(value + count * info->step, info->step);
    else if (value < low)
        next = count > 0 ? low * pow(info->step, count - 1) : 0;
    else
        next = value * pow(info->step, count);
    if (info->scale == HT_PSCALE_LOG0 && next < low * 0.999) next = 0;
    if (info->type == HT_TYPE_INT) {
        next = round(next);
        if (next == value) next += count > 0 ? 1 : -1; /* a factor of 1.25 must still move 1 to 2 */
    } else if (info->scale != HT_PSCALE_LINEAR && next > 0) {
        next = three_digits(next);
    }
    return clamp(next, info->low, info->high);
}
