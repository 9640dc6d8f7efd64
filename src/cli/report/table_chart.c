/* table_chart.c - the picture of a sweep: the pruning ratio against width, and against α. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/sweep_table.h"
#include "base/alloc.h"
#include "base/text.h"
#include "params/preset.h"
#include "render/draw/draw.h"
#include "render/image.h"
#include "render/theme.h"
#include "view/model.h"

enum { CURVES = 5, COLUMNS = 120, ROWS = 34, CELL = 14 };

/* Rows that differ in the x parameter only, in the order of x. */
typedef struct curve {
    int count;
    const ht_table_row *row[256];
} curve;

/* ---- curves ------------------------------------------------------------------------------------ */

static bool same_but(const ht_table *table, const ht_table_row *a, const ht_table_row *b, ht_param x)
{
    char va[HT_PARAM_VALUE], vb[HT_PARAM_VALUE];
    if (strcmp(a->sweep, b->sweep) != 0) return false;
    for (int i = 0; i < table->keys; i++) {
        if (table->key[i] == x) continue;
        ht_table_value(a, table->key[i], va, sizeof va);
        ht_table_value(b, table->key[i], vb, sizeof vb);
        if (strcmp(va, vb) != 0) return false;
    }
    return true;
}

/* Sorts the rows into curves; returns how many there are, also beyond CURVES. */
static int gather(const ht_table *table, ht_param x, curve curves[CURVES])
{
    int count = 0;
    for (int r = 0; r < table->count; r++) {
        const ht_table_row *row = &table->row[r];
        bool first = row->varies[x];
        for (int before = 0; before < r && first; before++)
            if (table->row[before].varies[x] && same_but(table, &table->row[before], row, x)) first = false;
        if (!first || count++ >= CURVES) continue;
        curve *c = &curves[count - 1];
        for (int i = r; i < table->count && c->count < 256; i++)
            if (table->row[i].varies[x] && same_but(table, row, &table->row[i], x))
                c->row[c->count++] = &table->row[i]; /* rows are sorted by every key */
    }
    return count;
}

/* "isotropic  α 1.75": the settings that tell this curve from the others. */
static void name_curve(const ht_table *table, const ht_table_row *row, ht_param x, char *to, size_t size)
{
    size_t used = (size_t)snprintf(to, size, "%.20s", row->sweep);
    for (int i = 0; i < table->keys && used < size; i++) {
        char value[HT_PARAM_VALUE];
        ht_table_value(row, table->key[i], value, sizeof value);
        if (table->key[i] == x || value[0] == '\0') continue;
        const char *symbol = table->key[i] == HT_P_MODEL_WIDTH ? "n" : ht_model_symbol(table->key[i]);
        used += (size_t)snprintf(to + used, size - used, "%s%s %.12s", used ? " " : "", symbol, value);
    }
    if (used == 0) ht_text_copy(to, size, "median");
}

/* ---- charts ------------------------------------------------------------------------------------ */

/* From the first to the last value, with room at both sides for the bars. */
static void set_axis(ht_axis *axis, ht_param x, const curve *curves, int count)
{
    enum { MARGIN = 4 }; /* percent */
    double low = (double)INFINITY, high = -(double)INFINITY;
    bool is_log = x == HT_P_MODEL_WIDTH || ht_param_at(x)->scale == HT_PSCALE_LOG;
    for (int i = 0; i < count; i++) {
        low = fmin(low, ht_params_get(&curves[i].row[0]->settings, x));
        high = fmax(high, ht_params_get(&curves[i].row[curves[i].count - 1]->settings, x));
    }
    is_log = is_log && low > 0;
    *axis = (ht_axis){.scale = is_log ? HT_SCALE_LOG : HT_SCALE_LINEAR,
                      .integer = ht_param_at(x)->type == HT_TYPE_INT};
    snprintf(axis->label, sizeof axis->label, "%s", x == HT_P_MODEL_WIDTH ? "width n" : ht_model_symbol(x));
    if (!(low < high)) return; /* one value: the fit makes an axis around it */
    double margin = MARGIN / 100.0 * (is_log ? log(high / low) : high - low);
    axis->low = is_log ? low * exp(-margin) : low - margin;
    axis->high = is_log ? high * exp(margin) : high + margin;
    axis->fixed = true;
}

/* A little to the side, so that the bars of several curves do not cover each other. */
static double place(const ht_axis *axis, double at, int i, int count)
{
    double shift = 0.006 * (i - (count - 1) / 2.0);
    return axis->scale == HT_SCALE_LOG ? at * pow(axis->high / axis->low, shift)
                                       : at + shift * (axis->high - axis->low);
}

static void add_curve(ht_chart *chart, const curve *c, ht_param x, ht_role role, const char *name,
                      int place_of, int curves)
{
    ht_series *bars = ht_chart_add(chart, HT_MARK_WHISKERS, role, "", c->count);
    ht_series *points = ht_chart_add(chart, HT_MARK_POINTS, role, "", c->count);
    ht_series *line = ht_chart_add(chart, HT_MARK_LINE, role, name, c->count);
    for (int i = 0; i < c->count; i++) {
        const ht_summary *ratio = &c->row[i]->measure[HT_MEASURE_RATIO];
        double at = place(&chart->x, ht_params_get(&c->row[i]->settings, x), place_of, curves);
        if (bars) bars->x[i] = at, bars->low[i] = ratio->low, bars->high[i] = ratio->high;
        if (points) points->x[i] = at, points->high[i] = ratio->median;
        if (line) line->x[i] = at, line->high[i] = ratio->median;
    }
}

/* Curves that differ in σ, say, have one limit. */
static bool same_limit(const curve *a, const curve *b, ht_param x)
{
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++) {
        const ht_table_row *p = a->row[i], *q = b->row[i];
        same = ht_params_get(&p->settings, x) == ht_params_get(&q->settings, x) &&
               p->limit.low == q->limit.low && p->limit.high == q->limit.high;
    }
    return same;
}

/* The limit of curve `own`, unless an earlier one has the same. */
static void add_limit(ht_chart *chart, const curve *curves, int count, int own, ht_param x, ht_role role)
{
    const curve *c = &curves[own];
    bool shared = count == 1;
    for (int i = 0; i < count; i++) {
        if (i == own || !same_limit(c, &curves[i], x)) continue;
        if (i < own) return;
        shared = true;
    }
    ht_series *band = ht_chart_add(chart, HT_MARK_BAND, shared ? HT_ROLE_NOISE : role,
                                   shared ? "pure noise" : "", c->count);
    for (int i = 0; band && i < c->count; i++) {
        band->x[i] = ht_params_get(&c->row[i]->settings, x);
        band->low[i] = c->row[i]->limit.low;
        band->high[i] = c->row[i]->limit.high;
    }
}

static void fill(const ht_table *table, ht_param x, ht_chart *chart)
{
    static const ht_role roles[CURVES] = {HT_ROLE_CURVE_1, HT_ROLE_CURVE_2, HT_ROLE_CURVE_3, HT_ROLE_CURVE_4,
                                          HT_ROLE_CURVE_5};
    static curve curves[CURVES]; /* drawn by one thread */
    char name[40];
    memset(curves, 0, sizeof curves);
    int all = gather(table, x, curves), count = all < CURVES ? all : CURVES;
    bool limit = table->row[0].limit.count > 0;
    set_axis(&chart->x, x, curves, count);
    snprintf(chart->title, sizeof chart->title, "Pruning ratio κ against %s", chart->x.label);
    ht_text_copy(chart->hint, sizeof chart->hint, chart->x.scale == HT_SCALE_LOG ? "log x" : "");
    chart->y = (ht_axis){.low = 0, .high = 1, .fixed = true};
    for (int i = 0; i < count && limit; i++) add_limit(chart, curves, count, i, x, roles[i]);
    for (int i = 0; i < count; i++) {
        name_curve(table, curves[i].row[0], x, name, sizeof name);
        add_curve(chart, &curves[i], x, roles[i], name, i, count);
    }
    chart->warn = all > CURVES;
    if (chart->warn)
        snprintf(chart->note, sizeof chart->note, "the first %d of %d curves; vary less to see the others",
                 CURVES, all);
    else
        ht_text_copy(chart->note, sizeof chart->note,
                     limit ? "points: medians over seeds; bars and bands: quartiles; bands: κ of pure noise"
                           : "points: medians over seeds; bars: quartiles");
    ht_chart_fit(chart);
}

/* ---- the picture ------------------------------------------------------------------------------- */

static bool numeric(ht_param p)
{
    return ht_param_at(p)->type == HT_TYPE_INT || ht_param_at(p)->type == HT_TYPE_REAL;
}

/* What the charts are drawn against: width and α if they vary, else the first number that does. */
static int choose(const ht_table *table, ht_param x[2])
{
    int count = 0;
    for (int i = 0; i < table->keys; i++)
        if (table->key[i] == HT_P_MODEL_WIDTH) x[count++] = HT_P_MODEL_WIDTH;
    for (int i = 0; i < table->keys; i++)
        if (table->key[i] == HT_P_NOISE_ALPHA) x[count++] = HT_P_NOISE_ALPHA;
    for (int i = 0; i < table->keys && count == 0; i++)
        if (numeric(table->key[i])) x[count++] = table->key[i];
    return count;
}

/* A sweep over data sets is called by its preset. */
static void title_of(const ht_table *table, char *to, size_t size)
{
    bool one = true;
    for (int i = 0; i < table->keys; i++) one = one && table->key[i] != HT_P_DATA_NAME;
    if (one)
        ht_preset_title(&table->row[0].settings, to, size);
    else
        ht_text_copy(to, size, table->row[0].settings.preset);
}

static void draw_words(ht_surface *s, const ht_table *table)
{
    char text[200], title[64];
    const ht_params *p = &table->row[0].settings;
    title_of(table, title, sizeof title);
    const char *symbol = ht_params_get(p, HT_P_PRUNE_METRIC) == HT_FRO ? "ε" : "ε²";
    snprintf(text, sizeof text, " %s: κ at %s = %g, %d seeds", title, symbol,
             ht_params_get(p, HT_P_PRUNE_ERROR), table->row[0].cells);
    s->ops->text(s, 0, 0, s->columns, HT_ALIGN_LEFT, HT_ROLE_TITLE, HT_BOLD, text);
    snprintf(text, sizeof text, "heavytail %s · %s · η %g · b %.0f", HT_VERSION,
             ht_params_text(p, HT_P_DATA_NAME), ht_params_get(p, HT_P_TRAIN_LR),
             ht_params_get(p, HT_P_TRAIN_BATCH));
    s->ops->text(s, 1, s->rows - 1, s->columns - 2, HT_ALIGN_LEFT, HT_ROLE_DIM, 0, text);
}

static ht_code write_image(ht_image *image, const char *path, const ht_table *table, ht_error *err)
{
    char title[64], *preset = ht_preset_write(&table->row[0].settings, err);
    if (!preset) return err->code;
    title_of(table, title, sizeof title);
    const ht_png_text texts[] = {{"Title", title},
                                 {"Software", "heavytail " HT_VERSION},
                                 {"heavytail:preset", preset},
                                 {"heavytail:view", "sweep"}};
    ht_code code = ht_image_write(image, path, texts, sizeof texts / sizeof texts[0], err);
    ht_free(preset);
    return code;
}

ht_code ht_table_draw(const ht_table *table, const char *path, const char *theme_name, ht_error *err)
{
    ht_theme theme;
    ht_param x[2];
    ht_chart chart = {0};
    int count = choose(table, x);
    if (count == 0)
        return ht_error_set(err, HT_USAGE,
                            "--png %.200s: no number varies in this sweep; there is no axis to draw "
                            "against",
                            path);
    if (ht_theme_load(theme_name, &theme, err) != HT_OK) return err->code;
    ht_image *image = ht_image_new(COLUMNS * CELL, ROWS * 2 * CELL, COLUMNS, ROWS, &theme, err);
    if (!image) return err->code;
    ht_surface *s = ht_image_surface(image);
    draw_words(s, table);
    for (int i = 0; i < count; i++) {
        ht_chart_clear(&chart);
        fill(table, x[i], &chart);
        ht_draw_chart(s, (ht_rect){i * (COLUMNS / count), 1, COLUMNS / count, ROWS - 2}, &chart, 0);
    }
    ht_code code = write_image(image, path, table, err);
    ht_chart_free(&chart);
    ht_image_free(image);
    return code;
}
