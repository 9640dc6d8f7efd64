#include "cli/tail/choice.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Asked for by name, because they cost as much as all others together. */
enum { DEAR = HT_COST_RANDOM | HT_COST_PAPER };

static ht_code unknown(const char *option, const char *name, ht_error *err)
{
    ht_guess guess = ht_guess_for(name);
    for (int c = 0; c < HT_TAIL_COLUMNS; c++) ht_guess_offer(&guess, ht_column_at(c).name);
    return ht_error_set(err, HT_USAGE,
                        "%s: there is no column '%.60s'%s (`heavytail help columns` lists them)", option,
                        name, ht_guess_words(&guess));
}

static void add(ht_column_choice *choice, int column)
{
    for (int i = 0; i < choice->count; i++)
        if (choice->column[i] == column) return;
    choice->column[choice->count++] = column;
}

static ht_code add_named(ht_column_choice *choice, const char *names, ht_error *err)
{
    char name[64];
    for (const char *at = names; *at;) {
        size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), at);
        int column = ht_column_find(name);
        if (column < 0) return unknown("--columns", name, err);
        add(choice, column);
        at += length + (at[length] == ',');
    }
    return names[0] ? HT_OK : ht_error_set(err, HT_USAGE, "--columns: name one at least");
}

/* Of two models words stand side by side and numbers have a difference; of those as they are shown. */
static bool by_default(const ht_column_info *info, const ht_tail_request *q)
{
    bool all = q->format == HT_LISTING_CSV || q->format == HT_LISTING_JSON;
    if (all) return !(info->cost & DEAR);
    return info->shown &&
           (!q->paths[1] || info->kind == HT_COLUMN_NUMBER || strcmp(info->name, "layer") == 0);
}

static void add_usual(ht_column_choice *choice, const ht_tail_request *q)
{
    for (int c = 0; c < HT_TAIL_COLUMNS; c++) {
        ht_column_info info = ht_column_at(c);
        if (by_default(&info, q)) add(choice, c);
    }
}

static ht_code choose_sort(ht_column_choice *choice, const char *sort, ht_error *err)
{
    choice->sort = -1;
    if (!sort) return HT_OK;
    choice->down = sort[0] == '-';
    choice->sort = ht_column_find(sort + choice->down);
    return choice->sort < 0 ? unknown("--sort", sort + choice->down, err) : HT_OK;
}

ht_code ht_column_choose(ht_column_choice *choice, const ht_tail_request *q, ht_error *err)
{
    *choice = (ht_column_choice){0};
    const char *names = q->columns;
    add(choice, HT_COLUMN_LAYER);
    if (names && strcmp(names, "all") == 0)
        for (int c = 0; c < HT_TAIL_COLUMNS; c++) add(choice, c);
    else if (!names || names[0] == '+')
        add_usual(choice, q);
    if (names && strcmp(names, "all") != 0 && add_named(choice, names + (names[0] == '+'), err) != HT_OK)
        return err->code;
    if (choose_sort(choice, q->sort, err) != HT_OK) return err->code;
    for (int i = 0; i < choice->count; i++) choice->cost |= ht_column_at(choice->column[i]).cost;
    if (choice->sort >= 0) choice->cost |= ht_column_at(choice->sort).cost;
    return HT_OK;
}
