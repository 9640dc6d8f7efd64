#include "engine/run/journal.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"

/* The names of entries; those from REWIND on are no change of their own kind but have fixed names too. */
static const char *const names[] = {[HT_ENTRY_START] = "start",     [HT_ENTRY_SET] = "set",
                                    [HT_ENTRY_RESET] = "reset",     [HT_ENTRY_PRUNE] = "prune",
                                    [HT_ENTRY_UNMASK] = "unmask",   [HT_ENTRY_REWIND] = "rewind",
                                    [HT_ENTRY_RESUME] = "resume",   [HT_ENTRY_CHECKPOINT] = "checkpoint",
                                    [HT_ENTRY_PICTURE] = "picture", [HT_ENTRY_LABEL] = "label"};
static const char *const states[] = {"paused", "running", "done", "diverged"};
_Static_assert(sizeof names / sizeof names[0] == HT_ENTRY_STATE, "a kind of entry has no name");
_Static_assert(sizeof states / sizeof states[0] == HT_STATE_DIVERGED + 1, "a state has no name");

/* What is chosen by name in a "prune". */
static const struct {
    const char *key;
    ht_param param;
} prune_choices[] = {{"method", HT_P_PRUNE_METHOD},
                     {"metric", HT_P_PRUNE_METRIC},
                     {"scope", HT_P_PRUNE_SCOPE},
                     {"coreset", HT_P_PRUNE_CORESET},
                     {"unit", HT_P_PRUNE_UNIT}}; /* which older journals do not have */

/* ---- writing ---- */

/* Adds when it is, and appends the line. Takes `line`. Jansson writes reals with 17 digits: they read back as
 * the same number. */
static void add_line(ht_text *out, json_t *line, double seconds)
{
    char date[40];
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t used = strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(date + used, sizeof date - used, ".%03ldZ", now.tv_nsec / 1000000);
    json_object_set_new(line, "seconds", json_real(seconds));
    json_object_set_new(line, "date", json_string(date));
    locale_t before = ht_point_begin();
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    ht_point_end(before);
    json_decref(line);
    if (text)
        ht_text_add(out, "%s\n", text);
    else
        out->failed = true;
    free(text);
}

/* Text that may not be UTF-8 is left out. */
static json_t *text_or_none(const char *text)
{
    json_t *string = json_string(text);
    return string ? string : json_string("");
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void ht_journal_start(ht_text *out, const ht_params *params)
{
    json_t *values = json_object();
    char value[HT_PARAM_VALUE];
    for (int p = 0; p < HT_P_COUNT; p++) {
        ht_params_format(params, p, value, sizeof value);
        json_object_set_new(values, ht_param_at(p)->key, json_string(value));
    }
    add_line(out,
             json_pack("{s:s, s:i, s:s, s:o, s:o}", "event", names[HT_ENTRY_START], "step", 0, "heavytail",
                       HT_VERSION, "preset", text_or_none(params->preset), "params", values),
             0);
}

static json_t *prune_line(const ht_sample *s)
{
    const ht_prune_spec *p = &s->prune.spec;
    json_t *line =
        json_pack("{s:s, s:I, s:I, s:o, s:o, s:I, s:b, s:i, s:b, s:o}", "event", names[HT_ENTRY_PRUNE],
                  "step", (json_int_t)s->step, "change", (json_int_t)s->revision, "error", number(p->error),
                  "ratio", number(p->ratio), "seed", (json_int_t)p->seed, "centre", p->centre, "samples",
                  p->calibration_limit, "keep_mask", s->prune.keep_mask, "removed", number(s->value));
    for (size_t i = 0; i < sizeof prune_choices / sizeof prune_choices[0]; i++) {
        const int values[] = {(int)p->method, (int)p->metric, (int)p->scope, (int)p->coreset, (int)p->side};
        json_object_set_new(line, prune_choices[i].key,
                            json_string(ht_param_choice(prune_choices[i].param, values[i])));
    }
    return line;
}

void ht_journal_add(ht_text *out, const ht_sample *s)
{
    json_int_t step = (json_int_t)s->step, from = (json_int_t)s->from, revision = (json_int_t)s->revision;
    if (s->kind == HT_SAMPLE_STATE)
        add_line(out,
                 json_pack("{s:s, s:I, s:o}", "event", states[s->state], "step", step, "message",
                           text_or_none(s->message)),
                 s->seconds);
    if (s->kind == HT_SAMPLE_LABEL)
        add_line(out,
                 json_pack("{s:s, s:I, s:o}", "event", names[HT_ENTRY_LABEL], "step", from, "text",
                           text_or_none(s->message)),
                 s->seconds);
    if (s->revision == 0) return;
    if (s->kind == HT_SAMPLE_CHANGE)
        add_line(out,
                 json_pack("{s:s, s:I, s:I, s:s, s:o, s:o}", "event", names[HT_ENTRY_SET], "step", step,
                           "change", revision, "key", ht_param_at(s->param)->key, "before", number(s->before),
                           "value", number(s->value)),
                 s->seconds);
    else if (s->kind == HT_SAMPLE_RESET)
        add_line(out,
                 json_pack("{s:s, s:I, s:I, s:o}", "event", names[HT_ENTRY_RESET], "step", from, "change",
                           revision, "seed", number(s->value)),
                 s->seconds);
    else if (s->kind == HT_SAMPLE_PRUNE)
        add_line(out, prune_line(s), s->seconds);
    else if (s->kind == HT_SAMPLE_UNMASK)
        add_line(
            out,
            json_pack("{s:s, s:I, s:I}", "event", names[HT_ENTRY_UNMASK], "step", step, "change", revision),
            s->seconds);
    else if (s->kind == HT_SAMPLE_REWIND)
        add_line(out,
                 json_pack("{s:s, s:I, s:I, s:I, s:I}", "event", names[HT_ENTRY_REWIND], "step", from, "to",
                           step, "keep", (json_int_t)s->keep, "change", revision),
                 s->seconds);
}

void ht_journal_kept(ht_text *out, const char *event, const ht_journal_mark *mark)
{
    char hash[24];
    snprintf(hash, sizeof hash, "%016" PRIx64, mark->hash);
    add_line(out,
             json_pack("{s:s, s:I, s:I, s:s}", "event", event, "step", (json_int_t)mark->step, "change",
                       (json_int_t)mark->revision, "hash", hash),
             mark->seconds);
}

void ht_journal_resume(ht_text *out, const ht_journal_mark *from, uint64_t revision)
{
    add_line(out,
             json_pack("{s:s, s:I, s:I, s:I, s:I}", "event", names[HT_ENTRY_RESUME], "step",
                       (json_int_t)from->step, "to", (json_int_t)from->step, "keep",
                       (json_int_t)from->revision, "change", (json_int_t)revision),
             from->seconds);
}

/* ---- reading ---- */

/* A whole number of the line; false if it is not there or none. */
static bool whole(const json_t *line, const char *key, uint64_t *value)
{
    const json_t *item = json_object_get(line, key);
    if (!json_is_integer(item) || json_integer_value(item) < 0) return false;
    *value = (uint64_t)json_integer_value(item);
    return true;
}

static bool real(const json_t *line, const char *key, double *value)
{
    const json_t *item = json_object_get(line, key);
    *value = json_is_null(item) ? (double)NAN : json_number_value(item);
    return json_is_null(item) || json_is_number(item);
}

static bool choice(const json_t *line, const char *key, ht_param p, int *value)
{
    const char *name = json_string_value(json_object_get(line, key));
    for (*value = 0; name && *value < ht_param_choices(p); ++*value)
        if (strcmp(name, ht_param_choice(p, *value)) == 0) return true;
    return false;
}

static const char *read_set(ht_entry *e, const json_t *line)
{
    const char *key = json_string_value(json_object_get(line, "key"));
    if (!key || !ht_param_find(key, &e->param)) return "the key of a \"set\" is no parameter";
    if (ht_param_at(e->param)->live == HT_RESET) return "a \"set\" of a parameter that needs a new network";
    return real(line, "value", &e->value) && isfinite(e->value) ? NULL : "\"value\" is no number";
}

static const char *read_prune(ht_entry *e, const json_t *line)
{
    int value[5] = {0};
    uint64_t samples;
    ht_prune_spec *p = &e->prune.spec;
    for (size_t i = 0; i < sizeof prune_choices / sizeof prune_choices[0]; i++)
        if ((prune_choices[i].param != HT_P_PRUNE_UNIT || json_object_get(line, "unit")) &&
            !choice(line, prune_choices[i].key, prune_choices[i].param, &value[i]))
            return "\"method\", \"metric\", \"scope\", \"coreset\" or \"unit\" is no such thing";
    *p = (ht_prune_spec){.method = (ht_prune_method)value[0],
                         .metric = (ht_prune_metric)value[1],
                         .scope = (ht_prune_scope)value[2],
                         .coreset = (ht_coreset_kind)value[3],
                         .side = (ht_prune_side)value[4],
                         .centre = json_is_true(json_object_get(line, "centre"))};
    e->prune.keep_mask = json_is_true(json_object_get(line, "keep_mask"));
    if (!whole(line, "samples", &samples) || samples > 1000000000) return "\"samples\" is no such number";
    p->calibration_limit = (int)samples;
    bool good =
        real(line, "error", &p->error) && real(line, "ratio", &p->ratio) && whole(line, "seed", &p->seed);
    bool amount = isnan(p->ratio) ? p->error >= 0 && p->error <= 1 : p->ratio >= 0 && p->ratio <= 1;
    return good && amount ? NULL : "\"error\", \"ratio\" and \"seed\" say no amount";
}

static const char *read_label(ht_entry *e, const json_t *line)
{
    const char *text = json_string_value(json_object_get(line, "text"));
    ht_text_copy(e->text, sizeof e->text, text ? text : "");
    return text ? NULL : "a \"label\" has no \"text\"";
}

/* The entry of change number `revision`. Entries that are no change carry the number of the last one before
 * them, so numbers rise through the array. */
static bool entry_of(const ht_journal *j, uint64_t revision, size_t *found)
{
    size_t low = 0, high = j->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (j->entries[middle].revision < revision)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low;
    return low < j->count && j->entries[low].revision == revision;
}

/* Fills in the entry; NULL, or what is wrong with the line. *now: the entry the state comes from. */
static const char *read_entry(const ht_journal *j, ht_entry *e, const json_t *line, size_t *now)
{
    const char *event = json_string_value(json_object_get(line, "event")), *why = NULL;
    const char *hash = json_string_value(json_object_get(line, "hash"));
    uint64_t keep = 0;
    if (!event || !whole(line, "step", &e->step)) return "it has no \"event\" or no \"step\"";
    for (e->kind = HT_ENTRY_SET; e->kind < HT_ENTRY_STATE && strcmp(event, names[e->kind]) != 0;) e->kind++;
    if (!real(line, "seconds", &e->seconds)) e->seconds = 0;
    e->parent = *now, e->from = e->kind == HT_ENTRY_RESUME ? UINT64_MAX : e->step;
    if (e->kind == HT_ENTRY_STATE) return NULL;
    if (e->kind == HT_ENTRY_LABEL) return read_label(e, line);
    if (!whole(line, "change", &e->revision)) return "it has no \"change\"";
    if (e->kind == HT_ENTRY_CHECKPOINT || e->kind == HT_ENTRY_PICTURE) {
        e->hash = hash ? strtoull(hash, NULL, 16) : 0;
        return entry_of(j, e->revision, &e->parent) ? NULL : "its \"change\" is not in the journal";
    }
    if (e->revision <= j->last_revision) return "its \"change\" does not rise";
    if (e->kind == HT_ENTRY_SET) why = read_set(e, line);
    if (e->kind == HT_ENTRY_PRUNE) why = read_prune(e, line);
    if (e->kind == HT_ENTRY_RESET && (!real(line, "seed", &e->value) || !(e->value >= 0)))
        why = "it has no \"seed\"";
    if (e->kind == HT_ENTRY_REWIND || e->kind == HT_ENTRY_RESUME) {
        if (!whole(line, "to", &e->step) || !whole(line, "keep", &keep) || !entry_of(j, keep, &e->parent))
            why = "it goes back to a state that is not in the journal";
    }
    *now = j->count;
    return why;
}

static ht_code read_start(ht_journal *j, const json_t *line, ht_error *err)
{
    const char *key, *event = json_string_value(json_object_get(line, "event")),
                     *preset = json_string_value(json_object_get(line, "preset"));
    const json_t *params = json_object_get(line, "params");
    json_t *value;
    if (!event || strcmp(event, names[HT_ENTRY_START]) != 0 || !json_is_object(params))
        return ht_error_set(err, HT_FAIL, "no \"start\" with its \"params\"; nothing can be replayed");
    ht_params_init(&j->initial);
    ht_text_copy(j->initial.preset, sizeof j->initial.preset, preset ? preset : "");
    json_object_foreach((json_t *)params, key, value)
    {
        const char *text = json_string_value(value);
        if (ht_params_set(&j->initial, key, text ? text : "", err) != HT_OK) return err->code = HT_FAIL;
    }
    return HT_OK;
}

static ht_code read_line(ht_journal *j, const char *text, size_t size, size_t *now, ht_error *err)
{
    json_error_t why;
    json_t *line = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    ht_entry *e = &j->entries[j->count];
    const char *wrong = NULL;
    ht_code code = HT_OK;
    if (!json_is_object(line))
        code = ht_error_set(err, HT_FAIL, "not a JSON object: %s", line ? "something else" : why.text);
    else if (j->count == 0)
        code = read_start(j, line, err);
    else if ((wrong = read_entry(j, e, line, now)))
        code = ht_error_set(err, HT_FAIL, "%s; the journal is damaged", wrong);
    if (e->kind <= HT_ENTRY_RESUME) j->last_revision = e->revision;
    e->revision = j->last_revision;
    json_decref(line);
    return code;
}

ht_code ht_journal_parse(ht_journal *j, const char *name, const char *text, size_t size, ht_error *err)
{
    size_t lines = 1, line = 1, now = 0;
    *j = (ht_journal){0};
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    if (!(j->entries = ht_alloc(lines, sizeof *j->entries, "the journal", err))) return err->code;
    const char *at = text, *stop = text + size, *end;
    ht_code code = HT_OK;
    for (; at < stop && (end = memchr(at, '\n', (size_t)(stop - at))); at = end + 1, line++, j->count++)
        if ((code = read_line(j, at, (size_t)(end - at), &now, err)) != HT_OK) break;
    if (code == HT_OK && j->count == 0)
        code = ht_error_set(err, HT_FAIL, "is empty; nothing can be replayed");
    if (code == HT_OK) return HT_OK;
    ht_error_prefix(err, "%s:%zu", name, line);
    ht_journal_free(j);
    return err->code;
}

void ht_journal_free(ht_journal *j)
{
    ht_free(j->entries);
    *j = (ht_journal){0};
}

size_t ht_journal_find(const ht_journal *j, uint64_t hash, uint64_t step)
{
    size_t by_step = step == 0 ? 0 : j->count;
    for (size_t i = 1; i < j->count; i++) {
        const ht_entry *e = &j->entries[i];
        if ((e->kind == HT_ENTRY_CHECKPOINT || e->kind == HT_ENTRY_PICTURE) && e->step == step) by_step = i;
    }
    for (size_t i = j->count; i-- > 1 && hash;)
        if (j->entries[i].hash == hash && j->entries[i].step == step) return i;
    return by_step;
}

/* Is the entry itself part of a path, or does it only go back to its parent? */
static bool acts(const ht_entry *e)
{
    return e->kind >= HT_ENTRY_SET && e->kind <= HT_ENTRY_UNMASK;
}

size_t *ht_journal_path(const ht_journal *j, size_t entry, size_t *count, ht_error *err)
{
    size_t used = 0, first;
    bool reset = false;
    size_t *path = ht_alloc(j->count, sizeof *path, "the journal", err);
    if (!path) return NULL;
    /* From the end backwards; before the last reset only parameters matter. */
    for (size_t i = entry; i > 0; i = j->entries[i].parent) {
        const ht_entry *e = &j->entries[i];
        if (acts(e) && (!reset || e->kind == HT_ENTRY_SET)) path[used++] = i;
        reset = reset || e->kind == HT_ENTRY_RESET;
    }
    for (first = 0; first < used / 2; first++) {
        size_t kept = path[first];
        path[first] = path[used - 1 - first];
        path[used - 1 - first] = kept;
    }
    *count = used;
    return path;
}

/* ---- labels: as a lab shows them whose history is cut, left and taken up again ---- */

/* What was left by a reset, by going back or by resuming. */
typedef struct left_labels {
    size_t now;   /* the last change before that */
    double reach; /* the last step of what was left */
    ht_labels labels;
} left_labels;

typedef struct label_reader {
    const ht_journal *journal;
    size_t now; /* the last change so far */
    size_t count;
    left_labels *left;
    ht_labels *labels; /* those that are shown */
} label_reader;

static bool leaves(const ht_entry *e)
{
    return e->kind == HT_ENTRY_RESET || e->kind == HT_ENTRY_REWIND || e->kind == HT_ENTRY_RESUME;
}

/* Where the weights of a state come from: the start, or a reset. */
static size_t root_of(const ht_journal *j, size_t entry)
{
    while (entry > 0 && j->entries[entry].kind != HT_ENTRY_RESET) entry = j->entries[entry].parent;
    return entry;
}

/* Has what stands at `reach` after the change `now` come through `step` after `change`? */
static bool came_through(const ht_journal *j, size_t now, double reach, size_t change, double step)
{
    for (size_t i = now;; i = j->entries[i].parent) {
        const ht_entry *e = &j->entries[i];
        if (i == change) return step <= reach;
        if (i == 0 || e->kind == HT_ENTRY_RESET) return false;
        if (e->kind == HT_ENTRY_REWIND || e->kind == HT_ENTRY_RESUME) reach = fmin(reach, (double)e->step);
    }
}

/* To a state that is not behind the one that is shown: what was left there last comes back. */
static void take_up_left(label_reader *r, size_t change, double step)
{
    const ht_journal *j = r->journal;
    for (size_t i = r->count; i-- > 0;)
        if (came_through(j, r->left[i].now, r->left[i].reach, change, step)) {
            *r->labels = r->left[i].labels;
            return;
        }
    if (root_of(j, r->now) != root_of(j, change)) *r->labels = (ht_labels){0};
}

static void leave(label_reader *r, size_t i)
{
    const ht_journal *j = r->journal;
    const ht_entry *e = &j->entries[i];
    double step = (double)e->step, from = (double)e->from;
    r->left[r->count++] = (left_labels){r->now, from, *r->labels};
    if (e->kind == HT_ENTRY_RESET) {
        *r->labels = (ht_labels){0};
        return;
    }
    bool back = e->kind == HT_ENTRY_REWIND ? step <= from && root_of(j, r->now) == root_of(j, e->parent)
                                           : came_through(j, r->now, from, e->parent, step);
    if (!back) take_up_left(r, e->parent, step);
    ht_labels_cut(r->labels, step);
}

ht_code ht_journal_labels(const ht_journal *j, size_t entry, uint64_t step, ht_labels *labels, ht_error *err)
{
    size_t words = 0, left = 1;
    *labels = (ht_labels){0};
    for (size_t i = 1; i < j->count; i++) {
        words += j->entries[i].kind == HT_ENTRY_LABEL;
        left += leaves(&j->entries[i]);
    }
    if (words == 0) return HT_OK;
    label_reader r = {.journal = j, .labels = labels};
    if (!(r.left = ht_alloc(left, sizeof *r.left, "the labels of the journal", err))) return HT_FAIL;
    for (size_t i = 1; i < j->count; i++) {
        const ht_entry *e = &j->entries[i];
        if (e->kind == HT_ENTRY_LABEL) ht_labels_put(labels, e->step, e->text);
        if (leaves(e)) leave(&r, i);
        if (e->kind <= HT_ENTRY_RESUME) r.now = i;
    }
    const ht_entry *asked = &j->entries[entry];
    size_t change = asked->kind <= HT_ENTRY_RESUME ? entry : asked->parent;
    if (!came_through(j, r.now, INFINITY, change, (double)step)) take_up_left(&r, change, (double)step);
    ht_labels_cut(labels, (double)step);
    ht_free(r.left);
    return HT_OK;
}

ht_code ht_journal_params(const ht_journal *j, size_t entry, ht_params *params, ht_error *err)
{
    size_t count, *path = ht_journal_path(j, entry, &count, err);
    if (!path) return err->code;
    *params = j->initial;
    for (size_t i = 0; i < count; i++) {
        const ht_entry *e = &j->entries[path[i]];
        if (e->kind == HT_ENTRY_SET) ht_params_put(params, e->param, e->value);
        if (e->kind == HT_ENTRY_RESET) ht_params_put(params, HT_P_TRAIN_SEED, e->value);
    }
    ht_free(path);
    return HT_OK;
}
