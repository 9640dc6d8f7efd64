#include "cli/tail/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/* The layer of `s` that is `from`'s i-th. First where it is when both have the same layers. */
static const ht_layer_tail *find(const ht_model_tails *s, const ht_model_tails *from, size_t i)
{
    const ht_layer_tail *wanted = &from->layer[i];
    for (size_t n = 0; n < s->count; n++) {
        const ht_layer_tail *l = &s->layer[(i + n) % s->count];
        if (strcmp(l->name, wanted->name) == 0 && strcmp(l->as, wanted->as) == 0) return l;
    }
    return NULL;
}

static size_t common(const ht_model_tails model[2])
{
    size_t count = 0;
    for (size_t i = 0; i < model[0].count; i++) count += find(&model[1], &model[0], i) != NULL;
    return count;
}

/* Not the name, which is the same in both. */
static bool is_compared(int column)
{
    return column != HT_COLUMN_LAYER;
}

static int set_heads(ht_listing *g, const ht_column_choice *choice)
{
    static const char *const ends[] = {"a", "b", "difference"};
    int used = 0, sorted = -1;
    g->column[used] =
        (ht_listing_column){.kind = HT_COLUMN_TEXT, .formula = ht_column_at(HT_COLUMN_LAYER).formula};
    snprintf(g->column[used++].name, sizeof g->column->name, "layer");
    for (int i = 0; i < choice->count; i++) {
        ht_column_info info = ht_column_at(choice->column[i]);
        if (!is_compared(choice->column[i])) continue;
        int parts = info.kind == HT_COLUMN_TEXT ? 2 : 3;
        for (int p = 0; p < parts; p++) {
            g->column[used] =
                (ht_listing_column){.kind = info.kind, .decimals = info.decimals, .formula = info.formula};
            snprintf(g->column[used++].name, sizeof g->column->name, "%s_%s", info.name, ends[p]);
        }
        if (choice->column[i] == choice->sort) sorted = used - 1;
    }
    return choice->sort == HT_COLUMN_LAYER ? 0 : sorted;
}

static void set_row(ht_cell *to, const ht_column_choice *choice, const ht_layer_tail *a,
                    const ht_layer_tail *b, ht_spectrum_unit unit)
{
    *to++ = (ht_cell){NAN, a->name};
    for (int i = 0; i < choice->count; i++) {
        if (!is_compared(choice->column[i])) continue;
        ht_cell x = ht_column_cell(choice->column[i], a, unit),
                y = ht_column_cell(choice->column[i], b, unit);
        *to++ = x;
        *to++ = y;
        if (ht_column_at(choice->column[i]).kind != HT_COLUMN_TEXT)
            *to++ = (ht_cell){y.number - x.number, NULL};
    }
}

ht_code ht_compare_list(ht_listing *g, const ht_column_choice *asked, const ht_model_tails model[2],
                        ht_spectrum_unit unit, ht_error *err)
{
    size_t rows = common(model), row = 0;
    int columns = 1;
    ht_column_choice with = *asked, *choice = &with; /* what it is sorted by is shown */
    bool shown = with.sort < 0;
    for (int i = 0; i < with.count; i++) shown = shown || with.column[i] == with.sort;
    if (!shown) with.column[with.count++] = with.sort;
    if (rows == 0)
        return ht_error_set(err, HT_FAIL, "%.200s and %.200s have no layer of one name in common",
                            model[0].list.path, model[1].list.path);
    for (int i = 0; i < choice->count; i++)
        if (is_compared(choice->column[i]))
            columns += ht_column_at(choice->column[i]).kind == HT_COLUMN_TEXT ? 2 : 3;
    if (ht_listing_make(g, columns, rows, err) != HT_OK) return err->code;
    int sorted = set_heads(g, choice);
    for (size_t i = 0; i < model[0].count; i++) {
        const ht_layer_tail *a = &model[0].layer[i], *b = find(&model[1], &model[0], i);
        if (b) set_row(&g->cell[row++ * (size_t)columns], choice, a, b, unit);
    }
    return sorted < 0 ? HT_OK : ht_listing_sort(g, sorted, choice->down, err);
}

bool ht_compare_is_alone(const ht_model_tails *a, size_t i, const ht_model_tails *b)
{
    return strcmp(a->layer[i].as, "kernels") != 0 && !find(b, a, i);
}
