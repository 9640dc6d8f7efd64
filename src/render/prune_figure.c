#include "render/prune_figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "params/preset.h"
#include "render/draw/draw.h"
#include "render/image.h"
#include "chart/prune_chart.h"

enum { CELL = 14, NUMBERS = 38, LEAST_COLUMNS = 76, LEAST_ROWS = 18 };

static const char *symbol(const ht_prune_spec *spec)
{
    return spec->metric == HT_FRO ? "ε" : "ε²";
}

/* "coreset (top)", "svd (centred)", "node" */
static const char *variant(const ht_prune_spec *spec, char *to, size_t size)
{
    const char *name = ht_prune_at(spec->method)->name;
    if (spec->method == HT_PRUNE_CORESET)
        snprintf(to, size, "%s (%s)", name, ht_param_choice(HT_P_PRUNE_CORESET, (int)spec->coreset));
    else if (spec->centre && ht_prune_centres(spec->method, spec->side))
        snprintf(to, size, "%s (centred)", name);
    else
        snprintf(to, size, "%s", name);
    return to;
}

/* ---- numbers ---- */

static void add_count(ht_form *form, const char *label, int64_t count)
{
    char text[32];
    ht_format_grouped(text, sizeof text, count);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, label, "%s", text);
}

/* "1.57 MB" */
static void add_bytes(ht_form *form, const char *label, size_t bytes)
{
    bool large = bytes >= 1000000;
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, label, "%.2f %s", (double)bytes / (large ? 1e6 : 1e3),
                large ? "MB" : "kB");
}

static void fill_one(const ht_prune_entry *e, ht_form *form)
{
    const ht_prune_result *r = e->result;
    char label[60];
    snprintf(label, sizeof label, "Pruned at κ = %.4f", r->ratio);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_MARK, label, "%s", "");
    snprintf(label, sizeof label, "%s removed", r->unit);
    add_count(form, label, r->removed);
    snprintf(label, sizeof label, "%s kept", r->unit);
    add_count(form, label, r->units - r->removed);
    snprintf(label, sizeof label, "error %s", symbol(e->spec));
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_ERROR, label, "%.5f", r->error);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "accuracy before", "%.4f", e->whole.accuracy);
    ht_form_add(form, HT_ROW_VALUE, ht_prune_role(e->spec->method), "accuracy after", "%.4f",
                r->test.accuracy);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "change", "%+.4f", r->test.accuracy - e->whole.accuracy);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "loss before", "%.4f", e->whole.loss);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "loss after", "%.4f", r->test.loss);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_MARK, "Size", "%s", "");
    add_count(form, "parameters before", (int64_t)r->parameters);
    add_count(form, "parameters after", (int64_t)r->parameters_left);
    add_bytes(form, "memory before", r->bytes);
    add_bytes(form, "memory after", r->bytes_left);
    if (isfinite(e->speed_up))
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "speed without dead neurons", "× %.2f", e->speed_up);
    ht_form_add(form, HT_ROW_HEADING, HT_ROLE_MARK, "The whole curve", "%s", "");
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "ratio losing ≤ 1 point", "%.4f", e->reading.one_point);
    ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "area under it", "%.4f", e->reading.area);
}

/* Each method under its letter, in as many of three rows as there is room for. */
static void fill_several(const ht_prune_figure *figure, int room, ht_form *form)
{
    for (int i = 0; i < figure->count; i++) {
        const ht_prune_entry *e = &figure->entry[i];
        ht_role role = ht_prune_role(e->spec->method);
        char label[60], name[40];
        snprintf(label, sizeof label, "%c %s", ht_prune_tag(e->spec->method),
                 variant(e->spec, name, sizeof name));
        ht_form_add(form, HT_ROW_HEADING, role, label, "%s", "");
        snprintf(label, sizeof label, "κ of %s", e->result->unit);
        ht_form_add(form, HT_ROW_VALUE, role, label, "%.4f", e->result->ratio);
        if (room >= 3 * figure->count)
            ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "weights left, accuracy", "%.4f, %.4f",
                        (double)e->result->parameters_left / (double)e->result->parameters,
                        e->result->test.accuracy);
        if (room >= 4 * figure->count)
            ht_form_add(form, HT_ROW_VALUE, HT_ROLE_TEXT, "ratio losing ≤ 1 point", "%.4f",
                        e->reading.one_point);
    }
}

/* ---- the figure ---- */

typedef char line_name[40];

static void fill_lines(const ht_prune_figure *figure, bool numbers, ht_prune_lines *lines,
                       line_name names[HT_PRUNE_METHODS])
{
    const ht_prune_spec *first = figure->entry[0].spec;
    *lines = (ht_prune_lines){.count = figure->count,
                              .metric = first->metric,
                              .split = figure->split,
                              .axis = figure->count > 1 ? ht_prune_axis_of(figure->params) : HT_BY_UNITS,
                              .terse = figure->count > 1 && numbers}; /* κ stands beside the chart */
    lines->error = isnan(first->ratio) ? first->error : (double)NAN;
    for (int i = 0; i < figure->count; i++) {
        const ht_prune_curve *c = figure->entry[i].curve;
        lines->line[i] = (ht_prune_line){
            c->method, c->count, c->points, &c->at, variant(figure->entry[i].spec, names[i], sizeof names[i]),
            c->unit};
    }
}

/* "n 2000", or the list of widths; a long one is counted. */
static void add_width(ht_text *line, const ht_params *p)
{
    enum { LONG = 40 };
    int widths[HT_PARAM_LAYERS], depth = ht_params_widths(p, widths);
    const char *list = ht_params_layout(p);
    if (*list == '\0')
        ht_text_add(line, "n %d · ", widths[0]);
    else if (strlen(list) <= LONG)
        ht_text_add(line, "n %s · ", list);
    else
        ht_text_add(line, "%d layers · ", depth);
}

/* "mnist · step 340 · iid, α 1.75, σ 0.05 · η 0.01 · b 500 · seed 1" */
static void settings_line(const ht_prune_figure *figure, char *to, size_t size)
{
    const ht_params *p = figure->params;
    ht_text line = {0};
    char title[64];
    if (!figure->trained_so) {
        snprintf(to, size, "how it was trained is not known here · %s", figure->footer);
        return;
    }
    ht_preset_title(p, title, sizeof title);
    if (*title) ht_text_add(&line, "%s · ", title);
    if (*figure->step) {
        ht_text_add(&line, "step %s · ", figure->step);
        add_width(&line, p);
    }
    if (ht_params_get(p, HT_P_NOISE_TYPE) == HT_NOISE_NONE)
        ht_text_add(&line, "no noise");
    else
        ht_text_add(&line, "%s noise, α %.4g, σ %.4g", ht_params_name(p, HT_P_NOISE_TYPE),
                    ht_params_get(p, HT_P_NOISE_ALPHA), ht_params_get(p, HT_P_NOISE_SCALE));
    ht_text_add(&line, " · η %.4g · b %.0f · seed %.0f · %s", ht_params_get(p, HT_P_TRAIN_LR),
                ht_params_get(p, HT_P_TRAIN_BATCH), ht_params_get(p, HT_P_TRAIN_SEED), figure->footer);
    ht_text_copy(to, size, line.failed ? "" : line.data);
    ht_text_free(&line);
}

/* "runs/a · MNIST handwritten digits · 10 000 test samples" */
static void title_line(const ht_prune_figure *figure, char *to, size_t size)
{
    char samples[32];
    ht_format_grouped(samples, sizeof samples, (long long)figure->samples);
    snprintf(to, size, "%s · %s · %s %s samples", figure->name, figure->data, samples, figure->split);
}

static void draw(ht_surface *s, const ht_prune_figure *figure, ht_form *form)
{
    ht_chart chart = {0};
    ht_prune_lines lines;
    line_name names[HT_PRUNE_METHODS];
    char text[400];
    int columns = s->columns, rows = s->rows, numbers = columns >= 2 * NUMBERS ? NUMBERS : 0;
    title_line(figure, text, sizeof text);
    s->ops->text(s, 1, 0, columns - 2, HT_ALIGN_LEFT, HT_ROLE_TITLE, HT_BOLD, text);
    fill_lines(figure, numbers > 0, &lines, names);
    ht_prune_chart(&lines, &chart);
    ht_draw_chart(s, (ht_rect){0, 1, columns - numbers, rows - 2}, &chart, 0);
    ht_chart_free(&chart);
    ht_text_copy(form->title, sizeof form->title, figure->asked);
    if (figure->count == 1)
        fill_one(&figure->entry[0], form);
    else
        fill_several(figure, rows - 4, form);
    if (numbers) ht_draw_form(s, (ht_rect){columns - numbers, 1, numbers, rows - 2}, form, 0);
    settings_line(figure, text, sizeof text);
    s->ops->text(s, 1, rows - 1, columns - 2, HT_ALIGN_LEFT, HT_ROLE_DIM, 0, text);
}

enum { NUMBERS_TEXT = 640 };

static void describe(const ht_prune_entry *e, char *to, size_t size)
{
    const ht_prune_result *r = e->result;
    snprintf(
        to, size,
        "method %s, metric %s, unit %s, ratio %.9g, error %.9g, removed %lld of %lld, accuracy %.9g before "
        "and %.9g after, loss %.9g before and %.9g after, parameters %zu before and %zu after, bytes %zu "
        "before and %zu after, one point at ratio %.9g, area %.9g, speed-up %.4g",
        ht_prune_at(e->spec->method)->name, ht_param_choice(HT_P_PRUNE_METRIC, (int)e->spec->metric), r->unit,
        r->ratio, r->error, (long long)r->removed, (long long)r->units, e->whole.accuracy, r->test.accuracy,
        e->whole.loss, r->test.loss, r->parameters, r->parameters_left, r->bytes, r->bytes_left,
        e->reading.one_point, e->reading.area, e->speed_up);
}

static ht_code write_image(ht_image *image, const char *path, const ht_prune_figure *figure, ht_error *err)
{
    ht_png_text texts[7 + HT_PRUNE_METHODS];
    char title[400], settings[400], keys[HT_PRUNE_METHODS][32], numbers[HT_PRUNE_METHODS][NUMBERS_TEXT],
        methods[160] = "";
    size_t count = 0;
    char *preset = ht_preset_write(figure->params, err);
    if (!preset) return HT_FAIL;
    for (int i = 0; i < figure->count; i++) {
        size_t used = strlen(methods);
        snprintf(methods + used, sizeof methods - used, "%s%s", i ? "," : "",
                 ht_prune_at(figure->entry[i].spec->method)->name);
    }
    title_line(figure, title, sizeof title);
    texts[count++] = (ht_png_text){"Title", title};
    settings_line(figure, settings, sizeof settings);
    texts[count++] = (ht_png_text){"Description", settings};
    texts[count++] = (ht_png_text){"Software", "heavytail " HT_VERSION};
    texts[count++] = (ht_png_text){"heavytail:preset", preset};
    texts[count++] = (ht_png_text){"heavytail:step", figure->step};
    texts[count++] = (ht_png_text){"heavytail:view", "pruning"};
    texts[count++] = (ht_png_text){"heavytail:method", methods};
    for (int i = 0; i < figure->count; i++) {
        snprintf(keys[i], sizeof keys[i], i ? "heavytail:prune-%d" : "heavytail:prune", i + 1);
        describe(&figure->entry[i], numbers[i], sizeof numbers[i]);
        texts[count++] = (ht_png_text){keys[i], numbers[i]};
    }
    ht_code code = ht_image_write(image, path, texts, count, err);
    ht_free(preset);
    return code;
}

ht_code ht_prune_figure_write(const char *path, const ht_prune_figure *figure,
                              const ht_prune_figure_options *o, ht_error *err)
{
    ht_theme theme;
    ht_image *image = NULL;
    int columns = (int)(o->width / (CELL * o->scale)), rows = (int)(o->height / (2 * CELL * o->scale));
    if (columns < LEAST_COLUMNS) columns = LEAST_COLUMNS;
    if (rows < LEAST_ROWS) rows = LEAST_ROWS;
    ht_form *form = ht_alloc(1, sizeof *form, "the picture", err);
    ht_code code = form ? ht_theme_load(o->theme, &theme, err) : HT_FAIL;
    if (code == HT_OK && !(image = ht_image_new(o->width, o->height, columns, rows, &theme, err)))
        code = HT_FAIL;
    if (code == HT_OK) {
        draw(ht_image_surface(image), figure, form);
        code = write_image(image, path, figure, err);
    }
    ht_image_free(image);
    ht_free(form);
    return code;
}
