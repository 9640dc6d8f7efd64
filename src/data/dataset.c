#include "heavytail/dataset.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "data/encode.h"
#include "data/loader.h"
#include "data/source.h"
#include "data/sample.h"
#include "data/scale.h"
#include "data/tokens/sequences.h"

_Static_assert(HT_LABEL_NAME == sizeof *((ht_dataset *)0)->class_names, "class names have one length");

/* What may follow the ':' (data/sets.def). */
typedef enum argument_rule {
    NO_ARGUMENT,
    MAY_HAVE_ARGUMENT,
    NEEDS_PART,
    NEEDS_NAME,
    NEEDS_DIRECTORY,
    NEEDS_FILE,
    NEEDS_FILES
} argument_rule;

typedef struct set_row {
    ht_data_loader *load;
    argument_rule argument;
    const char *instead;
} set_row;

static const ht_dataset_info table[] = {
#define HT_DATA_SET(name, title, source, shape, loader, argument, instead) {name, title, source, shape},
#include "data/sets.def"
};

static const set_row rows[] = {
#define HT_DATA_SET(name, title, source, shape, loader, argument, instead) {loader, argument, instead},
#include "data/sets.def"
};

enum { ROWS = sizeof table / sizeof table[0] };

const ht_dataset_info *ht_dataset_table(size_t *count)
{
    *count = ROWS;
    return table;
}

/* ---- the name ---------------------------------------------------------------------------------- */

static bool is_made(int row) /* not read from files */
{
    return strcmp(table[row].source, "embedded") == 0;
}

/* The part before the ':', cut to fit: no name of ours is longer. */
static void base_name(const char *name, char to[32])
{
    size_t length = strcspn(name, ":");
    snprintf(to, 32, "%.*s", length < 31 ? (int)length : 31, name);
}

static ht_code unknown_name(const char *name, const char *base, ht_error *err)
{
    char other[32];
    if (ht_file_exists(name))
        return ht_error_set(
            err, HT_USAGE,
            "data.name: there is no data set '%.80s', but a file: give csv:%.80s (or what else "
            "reads it: `heavytail data list`)",
            name, name);
    ht_guess guess = ht_guess_for(base);
    for (int i = 0; i < ROWS; i++) {
        base_name(table[i].name, other);
        ht_guess_offer(&guess, other);
    }
    return ht_error_set(
        err, HT_USAGE,
        "data.name: there is no data set '%.80s'%s (`heavytail data list` shows them all; '%s' "
        "needs no files)",
        name, ht_guess_words(&guess), table[0].name);
}

/* Finds the row of `name`; *argument points behind the ':' or at the end. */
static ht_code find_row(const char *name, int *row, const char **argument, ht_error *err)
{
    char base[32], other[32];
    base_name(name, base);
    *argument = name + strcspn(name, ":");
    bool colon = **argument == ':';
    *argument += colon;
    for (int i = 0; i < ROWS; i++) {
        base_name(table[i].name, other);
        if (strcmp(base, other) != 0) continue;
        *row = i;
        if (colon && rows[i].argument == NO_ARGUMENT)
            return ht_error_set(err, HT_USAGE, "data.name: '%.80s': nothing may follow '%s'", name, other);
        if (!**argument && (colon || rows[i].argument >= NEEDS_PART))
            return ht_error_set(err, HT_USAGE, "data.name: '%.80s': say which, as in '%s'", name,
                                rows[i].argument >= NEEDS_PART ? table[i].name : "teacher:784x10");
        return HT_OK;
    }
    return unknown_name(name, base, err);
}

ht_code ht_dataset_check_name(const char *name, ht_error *err)
{
    int row;
    const char *argument;
    return find_row(name, &row, &argument, err);
}

/* ---- from what a loader gives to a data set ---------------------------------------------------- */

/* The file that holds the inputs. */
static const char *inputs_path(const ht_raw_part *part)
{
    return part->inputs_path[0] ? part->inputs_path : part->path;
}

/* What holds for every data set, checked here and nowhere else. */
static ht_code check_part(const ht_raw_part *part, const char *what, ht_error *err)
{
    if (part->count > 0 && (part->targets || part->labels.count >= part->count)) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: has no %s samples; give a file with at least one",
                        inputs_path(part), what);
}

static ht_code check_shapes(const ht_raw *raw, ht_error *err)
{
    if (check_part(&raw->train, "training", err) != HT_OK) return err->code;
    if (check_part(&raw->test, "test", err) != HT_OK) return err->code;
    if (raw->train.inputs == raw->test.inputs) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: its samples have %zu values, those of the training file %s have %zu; both must have as many",
        inputs_path(&raw->test), raw->test.inputs, inputs_path(&raw->train), raw->train.inputs);
}

static ht_code check_values(const ht_raw_part *part, ht_error *err)
{
    for (size_t i = 0; i < part->count * part->inputs; i++)
        if (!isfinite(part->x[i]))
            return ht_error_set(
                err, HT_FAIL,
                "%s: sample %zu, value %zu is %s; remove or fill in such samples (floats end at 3.4e38)",
                inputs_path(part), i / part->inputs + 1, i % part->inputs + 1,
                isnan(part->x[i]) ? "NaN" : "infinite");
    return HT_OK;
}

/* What the labels of a raw set say: the classes, and that of every sample of its files. */
typedef struct classified {
    ht_raw_labels classes;
    int32_t *train, *test;
} classified;

static void free_classified(classified *c)
{
    ht_labels_free(&c->classes);
    ht_free(c->train);
    ht_free(c->test);
    *c = (classified){0};
}

/* What to do about a label that the training file does not have. */
static const char *unseen_advice(const ht_raw_labels *classes, const ht_raw_label *label)
{
    enum { MANY = 40 }; /* numbers, and one more that only the test file has */
    bool fraction = label->number != floor(label->number);
    bool numbers = !label->word && !classes->items[classes->count - 1].word;
    if (!label->word && fraction)
        return "labels with fractions look like a quantity, and a classifier needs classes";
    if (numbers && classes->count > MANY)
        return "so many numbers, some in one file only, look like a quantity, and a classifier needs "
               "classes: "
               "cut them into a few, as numpy.digitize does (or add training samples of that class)";
    return "remove such rows or add training samples of that class";
}

/* Every label of the file must have a class. */
static ht_code map_labels(const ht_raw_labels *classes, const ht_raw *raw, const ht_raw_part *part,
                          int32_t **to, ht_error *err)
{
    *to = ht_alloc(part->labels.count, sizeof **to, "the labels", err);
    if (!*to) return err->code;
    for (size_t i = 0; i < part->labels.count; i++) {
        (*to)[i] = ht_labels_class(classes, &raw->train.labels, &part->labels, i);
        if ((*to)[i] >= 0) continue;
        char label[HT_LABEL_NAME];
        ht_label_format(&part->labels, i, label, sizeof label);
        return ht_error_set(
            err, HT_FAIL, "%s: row %zu: the label '%s' does not occur in the training file %s; %s",
            part->path, i + 1, label, raw->train.path, unseen_advice(classes, &part->labels.items[i]));
    }
    return HT_OK;
}

/* Labels of a format; loaders that choose a column have asked themselves, and known sets have names. */
static ht_code question_labels(const ht_raw *raw, ht_error *err)
{
    char what[HT_QUANTITY_SIZE];
    if (raw->assessed || raw->names) return HT_OK;
    if (ht_quantity_find(&raw->train.labels, raw->train.path, HT_LABEL_GIVEN, what, err) != HT_OK)
        return err->code;
    if (!*what) return HT_OK;
    return ht_error_set(
        err, HT_FAIL,
        "%s: %s look like a quantity, not like classes; a classifier needs classes: cut them into "
        "a few (as numpy.digitize does), or write them as words (c17) if they are classes",
        raw->train.path, what);
}

/* Of token sequences the classes are the tokens. */
static ht_code take_targets(ht_raw *raw, classified *c)
{
    ht_raw_shape(raw, 1, 1, raw->train.inputs);
    c->train = raw->train.targets;
    c->test = raw->test.targets;
    raw->train.targets = raw->test.targets = NULL;
    return HT_OK;
}

static ht_code classify(ht_raw *raw, classified *c, bool made, ht_error *err)
{
    if (raw->tokens) return take_targets(raw, c);
    if (!made && question_labels(raw, err) != HT_OK) return err->code;
    if (ht_labels_distinct(&raw->train.labels, raw->train.path, &c->classes, err) != HT_OK) return err->code;
    if (ht_labels_tell_alike(&raw->train.labels, &c->classes, raw->train.path, &raw->notes, err) != HT_OK)
        return err->code;
    if (map_labels(&c->classes, raw, &raw->train, &c->train, err) != HT_OK) return err->code;
    return map_labels(&c->classes, raw, &raw->test, &c->test, err);
}

static ht_code name_classes(const ht_raw_labels *classes, const ht_raw *raw, ht_dataset *data, ht_error *err)
{
    data->classes = (int)classes->count;
    data->class_names = ht_alloc(classes->count, sizeof *data->class_names, "the class names", err);
    if (!data->class_names) return err->code;
    for (size_t c = 0; c < classes->count; c++) {
        /* Words of the classes live with the training labels. */
        ht_raw_labels shown = {.items = classes->items, .words = raw->train.labels.words};
        if (raw->names)
            ht_text_copy(data->class_names[c], HT_LABEL_NAME,
                         raw->names[(int)classes->items[c].number - raw->first_label]);
        else
            ht_label_format(&shown, c, data->class_names[c], HT_LABEL_NAME);
        ht_text_clean(data->class_names[c]); /* of a stranger, on its way to a terminal */
    }
    return HT_OK;
}

/* ---- limits ------------------------------------------------------------------------------------ */

/* One part, and what a limit leaves of it. */
typedef struct limited {
    ht_raw_part *part;
    ht_class_list list;   /* of all samples in the file */
    size_t count, wanted; /* samples to keep, and how many of these to hand over; 0: all */
    const char *name, *key;
    uint64_t which;
} limited;

static limited limited_train(ht_raw *raw, const classified *c, const ht_data_options *options)
{
    return (limited){&raw->train,
                     {c->train, raw->train.labels.count, (int)c->classes.count},
                     options->train_limit,
                     options->train_wanted,
                     "training",
                     "data.train_limit",
                     0};
}

static limited limited_test(ht_raw *raw, const classified *c, const ht_data_options *options)
{
    return (limited){&raw->test,
                     {c->test, raw->test.labels.count, (int)c->classes.count},
                     options->test_limit,
                     0,
                     "test",
                     "data.test_limit",
                     1};
}

static ht_code is_fair(const limited *l, bool *fair, ht_error *err)
{
    *fair = true;
    return l->count ? ht_sample_is_fair(&l->list, l->count, fair, err) : HT_OK;
}

static void keep_first(ht_raw_part *part, size_t count)
{
    part->count = ht_data_limited(part->count, count);
}

/* Moves what is chosen to the front. */
static void keep_chosen(ht_raw_part *part, int32_t *classes_of, const bool *chosen)
{
    size_t kept = 0;
    for (size_t i = 0; i < part->count; i++) {
        if (!chosen[i]) continue;
        memmove(part->x + kept * part->inputs, part->x + i * part->inputs, part->inputs * sizeof *part->x);
        classes_of[kept++] = classes_of[i];
    }
    part->count = kept;
}

static ht_code keep_by_class(const limited *l, int32_t *classes_of, uint64_t seed, ht_notes *notes,
                             ht_error *err)
{
    bool *chosen = ht_alloc(l->part->count, sizeof *chosen, "the samples to keep", err);
    if (!chosen) return err->code;
    ht_code code = ht_sample_by_class(&l->list, l->count, 0, seed, l->which, chosen, err);
    if (code == HT_OK) keep_chosen(l->part, classes_of, chosen);
    ht_free(chosen);
    ht_notes_add(notes,
                 "the %s samples come sorted by class, or nearly so: %s=%zu takes so many of each class as "
                 "its share is, drawn with seed %llu, instead of the first ones",
                 l->name, l->key, l->count, (unsigned long long)seed);
    return code;
}

static ht_code keep_limit(const limited *l, int32_t *classes_of, bool made, uint64_t seed, ht_notes *notes,
                          ht_error *err)
{
    bool fair = true;
    if (!made && is_fair(l, &fair, err) != HT_OK) return err->code;
    if (!fair && keep_by_class(l, classes_of, seed, notes, err) != HT_OK) return err->code;
    keep_first(l->part, l->count);
    keep_first(l->part, l->wanted);
    return HT_OK;
}

/* Has a loader kept the first samples of a part whose first samples are not fair? */
static ht_code was_cut_unfairly(ht_raw *raw, const classified *c, const ht_data_options *options,
                                bool *unfairly, ht_error *err)
{
    const limited parts[] = {limited_train(raw, c, options), limited_test(raw, c, options)};
    *unfairly = false;
    for (int i = 0; i < 2; i++) {
        bool fair;
        if (parts[i].part->count == parts[i].part->labels.count) continue;
        if (is_fair(&parts[i], &fair, err) != HT_OK) return err->code;
        *unfairly = *unfairly || !fair;
    }
    return HT_OK;
}

/* ---- all of it --------------------------------------------------------------------------------- */

static void move_samples(ht_raw_part *from, ht_samples *to)
{
    to->count = from->count;
    to->x = from->x;
    from->x = NULL;
}

static void free_part(ht_raw_part *part)
{
    ht_free(part->x);
    ht_free(part->wide);
    ht_free(part->targets);
    ht_free(part->least);
    ht_labels_free(&part->labels);
}

static void free_raw(ht_raw *raw)
{
    free_part(&raw->train);
    free_part(&raw->test);
    ht_free(raw->characters);
    ht_notes_free(&raw->notes);
    ht_notes_free(&raw->facts);
    ht_free(raw->codes);
    ht_columns_release(raw->columns, raw->column_count);
    memset(raw, 0, sizeof *raw);
}

/* Its first samples are a fair part of it, and its inputs are as they should be. */
static bool is_settled(int row, const ht_raw *raw)
{
    return is_made(row) || raw->tokens > 0;
}

static ht_code load_raw(const ht_data_request *request, int row, ht_raw *raw, classified *c, ht_error *err)
{
    ht_raw_scale(raw, 0, 1);
    ht_text_copy(raw->train.path, sizeof raw->train.path, request->name);
    ht_text_copy(raw->test.path, sizeof raw->test.path, request->name);
    if (rows[row].load(request, raw, err) != HT_OK) return err->code;
    if (check_shapes(raw, err) != HT_OK) return err->code;
    return classify(raw, c, is_made(row), err);
}

/* Loaders that can, read no more than the limits ask for; where the whole part is needed they are called
 * again without. */
static ht_code load_enough(ht_data_request *request, int row, const ht_data_options *options, ht_raw *raw,
                           classified *c, ht_error *err)
{
    bool unfairly = false;
    size_t wanted = options->train_wanted, limit = options->train_limit;
    request->rescaled = options->scale == HT_SCALE_STANDARD || options->scale == HT_SCALE_MINMAX;
    request->train_limit = request->rescaled ? 0 : limit && (!wanted || limit < wanted) ? limit : wanted;
    request->test_limit = request->rescaled ? 0 : options->test_limit;
    if (load_raw(request, row, raw, c, err) != HT_OK) return err->code;
    if (!is_settled(row, raw) && was_cut_unfairly(raw, c, options, &unfairly, err) != HT_OK) return err->code;
    if (!unfairly) return HT_OK;
    free_raw(raw);
    free_classified(c);
    request->train_limit = request->test_limit = 0;
    return load_raw(request, row, raw, c, err);
}

static ht_code assemble(ht_raw *raw, classified *c, ht_dataset *data, ht_error *err)
{
    ht_code named =
        raw->tokens ? ht_sequences_name(raw, data, err) : name_classes(&c->classes, raw, data, err);
    if (named != HT_OK) return err->code;
    data->inputs = (int)raw->train.inputs;
    data->targets = raw->tokens ? data->inputs : 1;
    data->channels = raw->channels;
    data->height = raw->height;
    data->width = raw->width;
    memcpy(data->mean, raw->mean, sizeof data->mean);
    memcpy(data->std, raw->std, sizeof data->std);
    data->columns = raw->columns;
    data->column_count = raw->column_count;
    raw->columns = NULL;
    raw->column_count = 0;
    move_samples(&raw->train, &data->train);
    move_samples(&raw->test, &data->test);
    data->train.labels = c->train;
    data->test.labels = c->test;
    c->train = c->test = NULL;
    return raw->tokens ? ht_sequences_compare(raw, data, err) : HT_OK;
}

/* From what was read to what is trained on. */
static ht_code finish(ht_raw *raw, classified *c, bool made, const ht_data_options *options, ht_dataset *data,
                      ht_error *err)
{
    bool known = (made && !raw->columns) || raw->std[0] != 1 || raw->mean[0] != 0;
    if (!raw->tokens && ht_scale(raw, options->scale, known, err) != HT_OK) return err->code;
    if (raw->tokens && options->scale > HT_SCALE_NONE)
        ht_notes_add(&raw->notes, "samples are tokens, which have no scale: data.scale changes nothing");
    if (check_values(&raw->train, err) != HT_OK) return err->code;
    if (check_values(&raw->test, err) != HT_OK) return err->code;
    limited train = limited_train(raw, c, options), test = limited_test(raw, c, options);
    if (keep_limit(&train, c->train, made, options->seed, &raw->notes, err) != HT_OK) return err->code;
    if (keep_limit(&test, c->test, made, options->seed, &raw->notes, err) != HT_OK) return err->code;
    if (ht_encode(raw, err) != HT_OK) return err->code;
    return assemble(raw, c, data, err);
}

static bool has_path(int row)
{
    return rows[row].argument >= NEEDS_DIRECTORY;
}

bool ht_data_stays_inside(const char *name, const char *dir)
{
    int row;
    const char *argument;
    char first[HT_DATA_PATH];
    ht_error ignored;
    if (find_row(name, &row, &argument, &ignored) != HT_OK || !has_path(row)) return true; /* reads nothing */
    size_t length = rows[row].argument == NEEDS_FILES ? strcspn(argument, ",") : strlen(argument);
    if (length >= sizeof first) return false;
    snprintf(first, sizeof first, "%.*s", (int)length, argument);
    return ht_source_inside(first, dir) &&
           (!argument[length] || ht_source_inside(argument + length + 1, dir));
}

/* Result files hold no paths, so csv:, npy: and text: keep only their kind; for people a set that may be
 * anybody's is called by its file, directory or name. */
static void set_name(const char *name, int row, const char *argument, ht_dataset *data)
{
    char base[32];
    base_name(name, base);
    ht_text_copy(data->name, sizeof data->name, has_path(row) ? base : name);
    if (has_path(row) || rows[row].argument == NEEDS_NAME)
        ht_text_base_name(argument, data->title, sizeof data->title);
    else
        ht_text_copy(data->title, sizeof data->title, table[row].title);
}

static ht_code load_row(ht_data_request *request, int row, const ht_data_options *options, ht_dataset *data,
                        ht_error *err)
{
    classified c = {0};
    ht_raw *raw = ht_alloc(1, sizeof *raw, "the data set", err);
    if (!raw) return err->code;
    ht_code code = load_enough(request, row, options, raw, &c, err);
    if (code == HT_OK) code = finish(raw, &c, is_settled(row, raw), options, data, err);
    /* Of one owner from here on. */
    data->notes = raw->notes.lines.data;
    data->facts = raw->facts.lines.data;
    raw->notes = raw->facts = (ht_notes){0};
    free_classified(&c);
    free_raw(raw);
    ht_free(raw);
    return code;
}

/* What the caller names; NULL: to be found. */
static const char *wanted(const char *name)
{
    return name && *name && strcmp(name, "auto") != 0 ? name : NULL;
}

static ht_code check_columns(const char *key, const char *wanted, const char *name, int row, ht_error *err)
{
    if (!wanted || rows[row].argument == NEEDS_FILES) return HT_OK;
    return ht_error_set(
        err, HT_USAGE,
        "%s: '%.60s' has no columns to choose '%.60s' from; leave %s%s out, or give a table, as in "
        "csv:FILE",
        key, name, wanted, strcmp(key, "data.label") == 0 ? "--label, " : "", key);
}

ht_dataset *ht_dataset_load(const char *name, const ht_data_options *options, ht_error *err)
{
    int row = 0;
    char base[32];
    const char *argument;
    if (find_row(name, &row, &argument, err) != HT_OK) return NULL;
    base_name(name, base);
    ht_data_request request = {.name = base,
                               .argument = argument,
                               .dir = options->dir,
                               .source = table[row].source,
                               .instead = rows[row].instead,
                               .seed = options->seed,
                               .label = wanted(options->label),
                               .header = options->header,
                               .split = options->split > 0 ? options->split : 0.2,
                               .missing = options->missing,
                               .refuse_missing = options->missing == HT_MISSING_REFUSE,
                               .categories = wanted(options->categories),
                               .context = options->context > 0 ? options->context : HT_CONTEXT_DEFAULT,
                               .tokens = options->tokens};
    if (check_columns("data.label", request.label, name, row, err) != HT_OK) return NULL;
    if (check_columns("data.categories", request.categories, name, row, err) != HT_OK) return NULL;
    ht_dataset *data = ht_alloc(1, sizeof *data, "the data set", err);
    if (!data) return NULL;
    set_name(name, row, argument, data);
    if (load_row(&request, row, options, data, err) == HT_OK) return data;
    ht_dataset_free(data);
    return NULL;
}

bool ht_dataset_is_pictures(const ht_dataset *data)
{
    return data->height > 1 && data->width > 1;
}

void ht_dataset_free(ht_dataset *data)
{
    if (!data) return;
    ht_free(data->train.x);
    ht_free(data->train.labels);
    ht_free(data->test.x);
    ht_free(data->test.labels);
    ht_free(data->class_names);
    ht_free(data->characters);
    ht_free(data->notes);
    ht_free(data->facts);
    ht_columns_release(data->columns, data->column_count);
    ht_free(data);
}
