#include "render/tail_figure.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/text.h"
#include "render/draw/draw.h"
#include "render/image.h"
#include "chart/tail_charts.h"

enum { COLUMNS = 166, ROWS = 46, CELL = 12, NUMBERS = 60 }; /* a row an estimate: nothing is left out */

static void draw_charts(ht_surface *s, const ht_tail_picture *p, double injected)
{
    ht_chart charts[4] = {0};
    ht_tail_chart_weights(p, injected, &charts[0]);
    ht_tail_chart_norms(p, injected, &charts[1]);
    ht_tail_chart_hill(p, injected, &charts[2]);
    ht_tail_chart_spectrum(p, &charts[3]);
    int width = (COLUMNS - NUMBERS) / 2, height = (ROWS - 1) / 2;
    for (int i = 0; i < 4; i++) {
        ht_draw_chart(s, (ht_rect){i % 2 * width, 1 + i / 2 * height, width, height}, &charts[i], 0);
        ht_chart_free(&charts[i]);
    }
}

static void draw_figure(ht_surface *s, const ht_tail_picture *p, const char *title,
                        const ht_tail_injected *injected, ht_form *form)
{
    char line[200], alpha[40] = "";
    if (isfinite(injected->alpha)) snprintf(alpha, sizeof alpha, " · injected α %.3g", injected->alpha);
    snprintf(line, sizeof line, "%s · %zu × %zu%s", title, p->rows, p->columns, alpha);
    s->ops->text(s, 1, 0, COLUMNS - 2, HT_ALIGN_LEFT, HT_ROLE_TITLE, 0, line);
    draw_charts(s, p, injected->alpha);
    ht_tail_form_spec table = {.columns = NUMBERS - 2, .all = true, .injected = *injected};
    ht_tail_form(p, &table, form);
    ht_draw_form(s, (ht_rect){COLUMNS - NUMBERS, 1, NUMBERS, ROWS - 2}, form, 0);
}

ht_code ht_tail_figure_write(const char *path, const ht_tail_picture *p, const char *title,
                             const ht_tail_injected *injected, const char *theme_name, ht_error *err)
{
    ht_theme theme;
    ht_image *image = NULL;
    ht_form *form = ht_alloc(1, sizeof *form, "the picture", err);
    ht_code code = form ? ht_theme_load(theme_name, &theme, err) : err->code;
    if (code == HT_OK && !(image = ht_image_new(COLUMNS * CELL, ROWS * 2 * CELL, COLUMNS, ROWS, &theme, err)))
        code = err->code;
    if (code == HT_OK) {
        const ht_png_text texts[] = {{"Title", title}, {"Software", "heavytail " HT_VERSION}};
        draw_figure(ht_image_surface(image), p, title, injected, form);
        code = ht_image_write(image, path, texts, sizeof texts / sizeof texts[0], err);
    }
    ht_image_free(image);
    ht_free(form);
    return code;
}
