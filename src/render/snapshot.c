#include "render/snapshot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "params/preset.h"
#include "render/image.h"
#include "render/prune_chunks.h"
#include "render/screen.h"
#include "view/scene.h"
#include "view/view.h"

enum { FOOTER = 1 };

/* Settings and versions in one line under the picture; the title line has the noise. */
static void draw_footer(ht_surface *s, const ht_model *m, int row)
{
    static const ht_param shown[] = {HT_P_TRAIN_LR, HT_P_TRAIN_BATCH};
    char text[400], value[HT_PARAM_VALUE];
    int used = snprintf(text, sizeof text, "%s", m->data_title);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        ht_model_value(shown[i], ht_params_get(&m->applied, shown[i]), value, sizeof value);
        used +=
            snprintf(text + used, sizeof text - (size_t)used, " · %s %s", ht_model_symbol(shown[i]), value);
    }
    snprintf(text + used, sizeof text - (size_t)used, " · seed %.0f · %s",
             ht_params_get(&m->applied, HT_P_TRAIN_SEED), m->footer);
    s->ops->text(s, 1, row, s->columns - 2, HT_ALIGN_LEFT, HT_ROLE_DIM, 0, text);
}

/* "500 noise off": a line a label. */
static ht_text labels_text(const ht_labels *labels)
{
    ht_text text = {0};
    for (int i = 0; i < labels->count; i++)
        ht_text_add(&text, "%" PRIu64 " %s\n", labels->label[i].step, labels->label[i].text);
    return text;
}

static ht_code write_image(const char *path, ht_image *image, const ht_model *m, const char *journal,
                           ht_error *err)
{
    enum { MOST = 9 + HT_PRUNE_METHODS };
    char step[32], tails[96];
    ht_prune_chunks pruning;
    ht_png_text texts[MOST];
    size_t count = 0;
    char *preset = ht_preset_write(&m->applied, err);
    if (!preset) return err->code;
    ht_prune_chunks_make(&pruning, m);
    snprintf(step, sizeof step, "%" PRIu64, m->step);
    snprintf(tails, sizeof tails, "mmo %.6g, hill %.6g", m->report.tail.now[HT_MMO].value,
             m->report.tail.now[HT_HILL].value);
    texts[count++] = (ht_png_text){"Title", m->title};
    texts[count++] = (ht_png_text){"Software", "heavytail " HT_VERSION};
    texts[count++] = (ht_png_text){"heavytail:preset", preset};
    texts[count++] = (ht_png_text){"heavytail:step", step};
    texts[count++] = (ht_png_text){"heavytail:view", ht_view_at(m->view)->name};
    texts[count++] = (ht_png_text){"heavytail:tail", tails};
    texts[count++] = (ht_png_text){"heavytail:method", pruning.methods};
    for (int i = 0; i < pruning.count; i++) texts[count++] = (ht_png_text){pruning.key[i], pruning.text[i]};
    ht_text labels = labels_text(&m->labels);
    if (labels.data) texts[count++] = (ht_png_text){"heavytail:labels", labels.data};
    if (journal) texts[count++] = (ht_png_text){"heavytail:journal", journal};
    ht_code code = ht_image_write(image, path, texts, count, err);
    ht_text_free(&labels);
    ht_free(preset);
    return code;
}

/* A copy without what belongs to the keyboard: key bar, focus, cursor of a value being typed. */
static ht_model *picture_model(const ht_model *m, ht_error *err)
{
    ht_model *copy = ht_alloc(1, sizeof *copy, "the picture", err);
    if (!copy) return NULL;
    memcpy(copy, m, sizeof *copy);
    copy->prompt = HT_PROMPT_NONE;
    copy->message[0] = '\0';
    copy->control = -1;
    if (copy->view == HT_VIEW_HELP || copy->view == HT_VIEW_SETTINGS) copy->view = HT_VIEW_DASHBOARD;
    if (copy->view != HT_VIEW_ZOOM) copy->focus = HT_PANEL_COUNT;
    return copy;
}

/* Cells keep their shape: a wider picture has more columns, not wider letters. */
static int columns_of(const ht_page *page, const ht_snapshot_options *options)
{
    double columns = page->columns;
    if (options->width && options->height)
        columns = (double)page->rows * 2 * options->width / options->height;
    return (int)fmin(300, fmax(HT_LEAST_COLUMNS, columns + 0.5));
}

static void draw(ht_surface *s, ht_screen *screen, const ht_model *m, bool whole)
{
    ht_layout layout = ht_layout_make(s->columns, s->rows, ht_scene_of(m, s->columns));
    if (!whole) layout.keys = (ht_rect){0}; /* its row holds the footer */
    ht_screen_draw(screen, s, m, &layout);
    if (!whole) draw_footer(s, m, s->rows - FOOTER);
}

const char *ht_snapshot_theme(const ht_params *params)
{
    const char *theme = ht_params_name(params, HT_P_UI_EXPORT_THEME);
    return strcmp(theme, "screen") == 0 ? ht_params_name(params, HT_P_UI_THEME) : theme;
}

ht_code ht_snapshot_write(const char *path, const ht_model *m, const ht_snapshot_options *options,
                          ht_error *err)
{
    ht_theme theme;
    ht_screen *screen = NULL;
    ht_image *image = NULL;
    const ht_page *page = &ht_view_at(m->view)->page;
    bool whole = options->columns > 0;
    int columns = whole ? options->columns : columns_of(page, options),
        rows = whole ? options->rows : page->rows;
    int width = options->width ? options->width : (whole ? columns : page->columns) * page->cell,
        height = options->height ? options->height : rows * 2 * page->cell;
    if (ht_theme_load(options->theme, &theme, err) != HT_OK) return err->code;
    ht_model *copy = whole ? NULL : picture_model(m, err);
    ht_code code = whole || copy ? HT_OK : err->code;
    if (code == HT_OK && !(screen = ht_alloc(1, sizeof *screen, "the picture", err))) code = err->code;
    if (code == HT_OK && !(image = ht_image_new(width, height, columns, rows, &theme, err))) code = err->code;
    if (code == HT_OK) {
        draw(ht_image_surface(image), screen, whole ? m : copy, whole);
        code = write_image(path, image, m, options->journal, err);
    }
    ht_image_free(image);
    if (screen) ht_screen_free(screen);
    ht_free(screen);
    ht_free(copy);
    return code;
}
