#include "cli/tail/tail_table.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/tail/choice.h"
#include "cli/tail/compare.h"
#include "cli/tail/pictures.h"
#include "cli/tail/summary.h"
#include "session/arguments.h"

/* ---- one model ---- */

/* What it is sorted by need not be shown: a column more that goes again. */
static ht_code list(ht_listing *g, const ht_column_choice *choice, const ht_model_tails *s,
                    ht_spectrum_unit unit, ht_error *err)
{
    int more = choice->sort >= 0, columns = choice->count + more;
    if (ht_listing_make(g, columns, s->count, err) != HT_OK) return err->code;
    for (int c = 0; c < columns; c++) {
        int column = c < choice->count ? choice->column[c] : choice->sort;
        ht_column_info info = ht_column_at(column);
        g->column[c] =
            (ht_listing_column){.kind = info.kind, .decimals = info.decimals, .formula = info.formula};
        ht_text_copy(g->column[c].name, sizeof g->column[c].name, info.name);
        for (size_t i = 0; i < s->count; i++)
            g->cell[i * (size_t)columns + (size_t)c] = ht_column_cell(column, &s->layer[i], unit);
    }
    if (!more) return HT_OK;
    if (ht_listing_sort(g, choice->count, choice->down, err) != HT_OK) return err->code;
    for (size_t i = 0; i < s->count; i++)
        memmove(&g->cell[i * (size_t)choice->count], &g->cell[i * (size_t)columns],
                (size_t)choice->count * sizeof *g->cell);
    g->columns = choice->count;
    return HT_OK;
}

/* ---- out ---- */

static json_t *alone_json(const ht_model_tails *a, const ht_model_tails *b)
{
    json_t *names = json_array();
    for (size_t i = 0; i < a->count; i++)
        if (ht_compare_is_alone(a, i, b)) json_array_append_new(names, json_string(a->layer[i].name));
    return names;
}

static json_t *skipped_json(const ht_model_tails *s)
{
    return s->skipped.list ? json_incref(s->skipped.list) : json_array();
}

static json_t *to_json(const ht_tail_request *q, const ht_listing *g, const ht_model_tails model[2])
{
    const char *unit = ht_spectrum_unit_word(q->unit);
    if (!q->paths[1])
        return json_pack("{s:i, s:s, s:s, s:o, s:o, s:o}", "schema", 1, "model", q->paths[0], "spectrum",
                         unit, "layers", ht_listing_json(g), "skipped", skipped_json(&model[0]), "summary",
                         ht_summary_json(&model[0], q->unit));
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "schema", 1, "a", q->paths[0], "b",
                     q->paths[1], "spectrum", unit, "layers", ht_listing_json(g), "only_a",
                     alone_json(&model[0], &model[1]), "only_b", alone_json(&model[1], &model[0]),
                     "summary_a", ht_summary_json(&model[0], q->unit), "summary_b",
                     ht_summary_json(&model[1], q->unit));
}

static ht_code print_json(const ht_tail_request *q, const ht_listing *g, const ht_model_tails model[2],
                          ht_error *err)
{
    json_t *root = to_json(q, g, model);
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
    if (text) puts(text);
    json_decref(root);
    if (!text) return ht_error_set(err, HT_FAIL, "not enough memory to write the table");
    free(text);
    return HT_OK;
}

static void add_alone(ht_text *to, const char *path, const ht_model_tails *a, const ht_model_tails *b)
{
    ht_text names = {0};
    size_t count = 0;
    for (size_t i = 0; i < a->count; i++)
        if (ht_compare_is_alone(a, i, b))
            ht_text_add(&names, "%s%.60s", count++ ? ", " : "", a->layer[i].name);
    if (count > 0) ht_text_add(to, "only in %s (%zu): %s\n", path, count, names.data ? names.data : "");
    ht_text_free(&names);
}

static void add_ends(const ht_tail_request *q, const ht_model_tails model[2], ht_text *to)
{
    ht_text_add(to, "\n");
    for (int m = 0; m < 2 && q->paths[m]; m++) {
        if (q->paths[1]) ht_text_add(to, "%s: %s\n", m ? "b" : "a", q->paths[m]);
        ht_summary_text(&model[m], q->unit, to);
    }
    if (!q->paths[1]) return;
    add_alone(to, q->paths[0], &model[0], &model[1]);
    add_alone(to, q->paths[1], &model[1], &model[0]);
}

static ht_code print(const ht_tail_request *q, const ht_listing *g, const ht_model_tails model[2],
                     ht_error *err)
{
    ht_text text = {0};
    if (q->format == HT_LISTING_JSON) return print_json(q, g, model, err);
    if (q->format == HT_LISTING_CSV) ht_listing_csv(g, &text);
    if (q->format == HT_LISTING_MARKDOWN) ht_listing_markdown(g, &text);
    if (q->format == HT_LISTING_TEXT) ht_listing_text(g, &text);
    if (q->format == HT_LISTING_TEXT) add_ends(q, model, &text);
    ht_code code = text.failed ? ht_error_set(err, HT_FAIL, "not enough memory for the table") : HT_OK;
    if (code == HT_OK && text.data) fputs(text.data, stdout); /* main tells when it could not be written */
    ht_text_free(&text);
    return code;
}

/* ---- the whole ---- */

/* Notes, and layers that hold NaN: a failure, after the others are told. */
static ht_code tell(ht_model_tails *s, ht_error *err)
{
    ht_skipped_note(&s->skipped, s->list.path, &s->notes);
    ht_app_notes(&s->notes);
    if (s->broken == 0) return HT_OK;
    *err = s->why;
    if (s->broken > 1)
        ht_error_set(err, HT_FAIL, "%s: %d tensors hold values that are not finite; they were left out",
                     s->list.path, s->broken);
    return err->code;
}

static ht_code show(ht_tail_request *q, const ht_column_choice *choice, ht_model_tails model[2],
                    ht_error *err)
{
    ht_listing g = {0};
    ht_code code = q->paths[1] ? ht_compare_list(&g, choice, model, q->unit, err)
                               : list(&g, choice, &model[0], q->unit, err);
    if (code == HT_OK && q->png) code = ht_pictures_png(q->png, model, q->paths[1] ? 2 : 1, q->unit, err);
    if (code == HT_OK && q->html) code = ht_pictures_html(q->html, q, &g, model, err);
    if (code == HT_OK) code = print(q, &g, model, err);
    ht_listing_free(&g);
    return code;
}

/* Before minutes are spent: can a file be made there? */
static ht_code check_folder(const char *option, const char *path, ht_error *err)
{
    char folder[PATH_MAX];
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (!path) return HT_OK;
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (access(folder, W_OK | X_OK) == 0 && !ht_file_is_dir(path)) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s %.200s: cannot be written: %s", option, path,
                        ht_file_is_dir(path) ? "is a directory" : strerror(errno));
}

ht_code ht_tail_table_print(ht_tail_request *q, ht_error *err)
{
    ht_column_choice choice;
    ht_model_tails model[2];
    memset(model, 0, sizeof model);
    if (ht_column_choose(&choice, q, err) != HT_OK) return err->code;
    if (ht_model_tails_check_layers(q->model.layers, err) != HT_OK) return err->code;
    if (check_folder("--png", q->png, err) != HT_OK || check_folder("--html", q->html, err) != HT_OK)
        return err->code;
    q->model.cost = choice.cost;
    if (q->png || q->html) q->model.cost |= HT_COST_SPECTRUM | HT_COST_VALUES;
    ht_code code = HT_OK;
    for (int m = 0; m < 2 && q->paths[m] && code == HT_OK; m++)
        code = ht_model_tails_take(&model[m], q->paths[m], &q->model, err);
    if (code == HT_OK) code = show(q, &choice, model, err);
    for (int m = 0; m < 2 && q->paths[m] && code == HT_OK; m++) code = tell(&model[m], err);
    for (int m = 0; m < 2; m++) ht_model_tails_free(&model[m]);
    return code;
}

void ht_tail_columns_help(void)
{
    printf("Columns of `heavytail tail`: --columns A,B,C; +A,B adds to the usual ones; all. --sort COLUMN, "
           "-COLUMN downwards.\n"
           "W is a layer's matrix, N its larger side, M the smaller, \u03bb the eigenvalues of W\u1d40W "
           "(--spectrum "
           "wtw/n: W\u1d40W/N).\n"
           "* shown without --columns; r needs the spectrum of the randomized matrix, p mmo-paper: computed "
           "when "
           "asked for.\n\n");
    for (int c = 0; c < HT_TAIL_COLUMNS; c++) {
        ht_column_info info = ht_column_at(c);
        const char *mark = info.cost & HT_COST_RANDOM  ? "r"
                           : info.cost & HT_COST_PAPER ? "p"
                           : info.shown                ? "*"
                                                       : " ";
        printf("%s %-26s %s\n", mark, info.name, info.formula);
    }
}
