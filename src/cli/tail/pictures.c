#include "cli/tail/pictures.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cli/tail/summary.h"
#include "render/tail_figures.h"
#include "tail/tail_estimate.h"

static const char theme[] = "light";

/* "α 3.21 ± 0.20, D 0.031: good" */
static void say(const ht_layer_tail *l, char to[100])
{
    ht_estimate told = ht_estimate_told(&l->all[HT_POWERLAW]), *e = &told;
    if (isfinite(e->value))
        snprintf(to, 100, "\u03b1 %.2f \u00b1 %.2f, D %.3f: %s", e->value, e->std_error, e->distance,
                 ht_quality_word(e->quality));
    else
        snprintf(to, 100, "no power law%s%.60s", e->reason ? ": " : "", e->reason ? e->reason : "");
}

/* The end of a long name says more than its beginning. */
static void shorten(const char *name, const char *as, char to[64])
{
    enum { MOST = 38 };
    const char *end = strcmp(as, "kernels") == 0 ? " (kernels)" : "";
    const char *from = name;
    for (size_t n = ht_utf8_length(name); n + strlen(end) > MOST; n--) {
        unsigned ignored;
        from += ht_utf8_decode(from, &ignored);
    }
    snprintf(to, 64, "%s%.46s%s", from > name ? "\u2026" : "", from, end);
}

typedef struct words {
    char name[64], note[100];
} words;

static ht_tail_figures_item item_of(const ht_layer_tail *l, ht_spectrum_unit unit, words *w)
{
    shorten(l->name, l->as, w->name);
    ht_text_clean(w->name);
    say(l, w->note);
    return (ht_tail_figures_item){w->name,
                                  w->note,
                                  l->rows,
                                  l->columns,
                                  &l->eigenvalues,
                                  &l->all[HT_POWERLAW],
                                  ht_spectrum_unit_factor(unit, l)};
}

ht_code ht_pictures_png(const char *path, const ht_model_tails *s, int models, ht_spectrum_unit unit,
                        ht_error *err)
{
    size_t count = s[0].count + (models > 1 ? s[1].count : 0), used = 0;
    char title[200];
    ht_tail_figures_item *item = ht_alloc(count + 1, sizeof *item, "the pictures", err);
    words *w = item ? ht_alloc(count + 1, sizeof *w, "the pictures", err) : NULL;
    for (int m = 0; w && m < models; m++)
        for (size_t i = 0; i < s[m].count; i++, used++) item[used] = item_of(&s[m].layer[i], unit, &w[used]);
    snprintf(title, sizeof title, "%.80s%s%.80s", s[0].list.path, models > 1 ? ", then " : "",
             models > 1 ? s[1].list.path : "");
    ht_text_clean(title);
    ht_code code =
        w ? ht_tail_figures_write(path, title, item, count, ht_spectrum_unit_formula(unit), theme, err)
          : HT_FAIL;
    ht_free(item);
    ht_free(w);
    return code;
}

/* ---- a page ---- */

static void add_safe(ht_text *to, const char *word)
{
    for (; *word; word++) {
        if (*word == '<')
            ht_text_add(to, "&lt;");
        else if (*word == '>')
            ht_text_add(to, "&gt;");
        else if (*word == '&')
            ht_text_add(to, "&amp;");
        else if (*word == '"')
            ht_text_add(to, "&quot;");
        else
            ht_text_add_bytes(to, word, 1);
    }
}

/* RFC 4648. */
static void add_base64(ht_text *to, const char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *b = (const unsigned char *)bytes;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t three =
            (uint32_t)b[i] << 16 | (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (left > 2 ? b[i + 2] : 0);
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                        left > 1 ? digits[three >> 6 & 63] : '=', left > 2 ? digits[three & 63] : '='};
        ht_text_add_bytes(to, four, sizeof four);
    }
}

static void add_table(ht_text *to, const ht_listing *g)
{
    char word[320];
    ht_text_add(to, "<table>\n<thead><tr>");
    for (int c = 0; c < g->columns; c++) {
        ht_text_add(to, "<th%s title=\"", g->column[c].kind == HT_COLUMN_TEXT ? " class=\"w\"" : "");
        add_safe(to, g->column[c].formula);
        ht_text_add(to, "\">");
        add_safe(to, g->column[c].name);
        ht_text_add(to, "</th>");
    }
    ht_text_add(to, "</tr></thead>\n<tbody>\n");
    for (size_t r = 0; r < g->rows; r++) {
        ht_text_add(to, "<tr>");
        for (int c = 0; c < g->columns; c++) {
            ht_listing_word(g, r, c, word, sizeof word);
            ht_text_add(to, g->column[c].kind == HT_COLUMN_TEXT ? "<td class=\"w\">" : "<td>");
            add_safe(to, word);
            ht_text_add(to, "</td>");
        }
        ht_text_add(to, "</tr>\n");
    }
    ht_text_add(to, "</tbody>\n</table>\n");
}

static ht_code add_chart(ht_text *to, const ht_layer_tail *l, ht_spectrum_unit unit, ht_error *err)
{
    words w;
    ht_text png = {0};
    ht_tail_figures_item item = item_of(l, unit, &w);
    ht_code code = ht_tail_figures_one(&item, theme, &png, err);
    if (code == HT_OK) {
        ht_text_add(to, "<img alt=\"");
        add_safe(to, l->name);
        ht_text_add(to, ": ");
        add_safe(to, w.note);
        ht_text_add(to, "\" src=\"data:image/png;base64,");
        add_base64(to, png.data, png.length);
        ht_text_add(to, "\">\n");
    }
    ht_text_free(&png);
    return code;
}

static void add_head(ht_text *to, const char *title)
{
    ht_text_add(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
    add_safe(to, title);
    ht_text_add(to,
                "</title>\n<style>\n"
                "body { font-family: sans-serif; margin: 2em; color: #222; background: #fff }\n"
                "table { border-collapse: collapse; font-size: 85%%; font-variant-numeric: tabular-nums }\n"
                "th, td { padding: 0.2em 0.7em; text-align: right; border-bottom: 1px solid #ddd; "
                "white-space: nowrap }\n"
                "th.w, td.w { text-align: left }\nthead th { position: sticky; top: 0; background: #fff }\n"
                "img { margin: 0.4em; border: 1px solid #eee }\n</style>\n</head>\n<body>\n<h1>");
    add_safe(to, title);
    ht_text_add(to, "</h1>\n");
}

ht_code ht_pictures_html(const char *path, const ht_tail_request *q, const ht_listing *g,
                         const ht_model_tails *s, ht_error *err)
{
    ht_text page = {0};
    char title[300];
    ht_code code = HT_OK;
    snprintf(title, sizeof title, "%.140s%s%.140s", q->paths[0], q->paths[1] ? " and " : "",
             q->paths[1] ? q->paths[1] : "");
    ht_text_clean(title);
    add_head(&page, title);
    for (int m = 0; m < 2 && q->paths[m]; m++) {
        ht_text summary = {0};
        ht_summary_text(&s[m], q->unit, &summary);
        ht_text_add(&page, "<pre>");
        add_safe(&page, summary.data ? summary.data : "");
        ht_text_add(&page, "</pre>\n");
        ht_text_free(&summary);
    }
    add_table(&page, g);
    for (int m = 0; m < 2 && q->paths[m]; m++) {
        ht_text_add(&page, "<h2>Spectra of ");
        add_safe(&page, q->paths[m]);
        ht_text_add(&page, ": eigenvalues of %s</h2>\n", ht_spectrum_unit_formula(q->unit));
        for (size_t i = 0; i < s[m].count && code == HT_OK; i++)
            code = add_chart(&page, &s[m].layer[i], q->unit, err);
    }
    ht_text_add(&page, "</body>\n</html>\n");
    if (code == HT_OK && page.failed)
        code = ht_error_set(err, HT_FAIL, "%s: not enough memory for the page", path);
    if (code == HT_OK) code = ht_file_write(path, page.data, page.length, err);
    ht_text_free(&page);
    return code;
}
