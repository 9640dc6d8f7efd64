#include "render/tail_figures.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "chart/tail_charts.h"
#include "render/draw/draw.h"
#include "render/image.h"
#include "tail/tail_estimate.h"

/* Cells of a chart, their pixels; at most so many charts in a row, and rows of charts. */
enum { WIDE = 46, HIGH = 13, CELL = 9, ACROSS_MOST = 8, DOWN_MOST = 64 };

static ht_code draw(ht_surface *s, ht_rect area, const ht_tail_figures_item *item, ht_error *err)
{
    ht_chart chart = {0};
    ht_tail_picture *p = ht_alloc(1, sizeof *p, "a picture of the spectrum", err);
    if (!p) return err->code;
    p->rows = item->rows;
    p->columns = item->columns;
    p->eigenvalues = *item->eigenvalues;
    for (int i = 0; i < p->eigenvalues.count; i++) p->eigenvalues.x[i] *= item->unit;
    p->all[HT_POWERLAW] = ht_estimate_told(item->power);
    p->all[HT_POWERLAW].xmin *= item->unit;
    ht_tail_chart_spectrum(p, &chart);
    ht_text_copy(chart.title, sizeof chart.title, item->name);
    ht_text_copy(chart.note, sizeof chart.note, item->note);
    ht_draw_chart(s, area, &chart, 0);
    ht_chart_free(&chart);
    ht_free(p);
    return HT_OK;
}

static ht_image *make(int columns, int rows, const char *theme_name, ht_error *err)
{
    ht_theme theme;
    if (ht_theme_load(theme_name, &theme, err) != HT_OK) return NULL;
    return ht_image_new(columns * CELL, rows * 2 * CELL, columns, rows, &theme, err);
}

ht_code ht_tail_figures_write(const char *path, const char *title, const ht_tail_figures_item *item,
                              size_t count, const char *spectrum, const char *theme, ht_error *err)
{
    size_t across = (size_t)ceil(sqrt((double)count / 2)), most = (size_t)ACROSS_MOST * DOWN_MOST;
    size_t shown = count < most ? count : most;
    char line[300];
    across = across < 1 ? 1 : across > ACROSS_MOST ? ACROSS_MOST : across;
    size_t down = (shown + across - 1) / across;
    ht_image *image = make((int)across * WIDE, (int)down * HIGH + 1, theme, err);
    if (!image) return err->code;
    ht_surface *s = ht_image_surface(image);
    int used =
        snprintf(line, sizeof line, "%.150s \u00b7 eigenvalues of %.20s, P(\u03bb > x)", title, spectrum);
    if (shown < count)
        snprintf(line + used, sizeof line - (size_t)used, " \u00b7 the first %zu of %zu", shown, count);
    s->ops->text(s, 1, 0, (int)across * WIDE - 2, HT_ALIGN_LEFT, HT_ROLE_TITLE, 0, line);
    ht_code code = HT_OK;
    for (size_t i = 0; i < shown && code == HT_OK; i++)
        code = draw(s, (ht_rect){(int)(i % across) * WIDE, 1 + (int)(i / across) * HIGH, WIDE, HIGH},
                    &item[i], err);
    const ht_png_text texts[] = {{"Title", title}, {"Software", "heavytail " HT_VERSION}};
    if (code == HT_OK) code = ht_image_write(image, path, texts, sizeof texts / sizeof texts[0], err);
    ht_image_free(image);
    return code;
}

ht_code ht_tail_figures_one(const ht_tail_figures_item *item, const char *theme, ht_text *png, ht_error *err)
{
    ht_image *image = make(WIDE, HIGH, theme, err);
    if (!image) return err->code;
    ht_code code = draw(ht_image_surface(image), (ht_rect){0, 0, WIDE, HIGH}, item, err);
    if (code == HT_OK) code = ht_image_encode(image, png, err);
    ht_image_free(image);
    return code;
}
