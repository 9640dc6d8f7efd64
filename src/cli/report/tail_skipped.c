#include "cli/report/tail_skipped.h"

#include <stdio.h>
#include <string.h>

enum { LINE = 700, REASONS = 8, NAMED = 6, FEW = 2 };

json_t *ht_shape_json(const ht_tensor_info *info)
{
    json_t *shape = json_array();
    for (int d = 0; d < info->ndim && d < HT_TENSOR_DIMENSIONS; d++)
        json_array_append_new(shape, json_integer((json_int_t)info->shape[d]));
    return shape;
}

/* The number of the reason, a new one if need be; the last one takes what does not fit. */
static size_t number_of(ht_skipped *s, const char *why)
{
    char line[LINE];
    size_t i = 0;
    for (; ht_notes_at(&s->reasons, i, line, sizeof line); i++)
        if (strcmp(line, why) == 0) return i;
    if (i < REASONS) ht_notes_add(&s->reasons, "%s", why);
    return i < REASONS ? i : REASONS - 1;
}

static void add_name(ht_text *names, const ht_tensor_info *info)
{
    char name[320];
    ht_text_copy(name, sizeof name, info->name);
    ht_text_clean(name);
    ht_text_add(names, "%s%.60s (%s", names->length ? "\n" : "", name, info->type);
    for (int d = 0; d < info->ndim && d < 10; d++)
        ht_text_add(names, "%s%zu", d ? " × " : ", ", info->shape[d]);
    ht_text_add(names, ")");
}

void ht_skipped_add(ht_skipped *s, const ht_tensor_info *info, const char *why)
{
    if (!s->list) s->list = json_array();
    json_array_append_new(s->list, json_pack("{s:s, s:s, s:o, s:s}", "name", info->name, "dtype", info->type,
                                             "shape", ht_shape_json(info), "why", why));
    size_t number = number_of(s, why);
    if (s->count[number]++ < NAMED) add_name(&s->names[number], info);
}

void ht_skipped_note(const ht_skipped *s, const char *path, ht_notes *notes)
{
    char why[LINE];
    for (size_t i = 0; ht_notes_at(&s->reasons, i, why, sizeof why); i++) {
        ht_text names = {0};
        const char *at = s->names[i].data;
        size_t shown = s->count[i] > NAMED ? FEW : s->count[i];
        for (size_t k = 0; at && *at && k < shown; k++) {
            int length = (int)strcspn(at, "\n");
            ht_text_add(&names, "%s%.*s", k ? ", " : "", length, at);
            at += length + (at[length] != '\0');
        }
        if (s->count[i] > shown) ht_text_add(&names, " and %zu more (JSON names all)", s->count[i] - shown);
        ht_notes_add(notes, "%.200s: not looked at, %s: %s", path, why, names.data ? names.data : "");
        ht_text_free(&names);
    }
}

void ht_skipped_free(ht_skipped *s)
{
    json_decref(s->list);
    ht_notes_free(&s->reasons);
    for (int i = 0; i < REASONS; i++) ht_text_free(&s->names[i]);
    *s = (ht_skipped){0};
}
