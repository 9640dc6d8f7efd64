/* snapshot.h - a model as a PNG file: a view, one panel or the screen as it is, with the settings in its text
 * chunks. */
#ifndef HT_RENDER_SNAPSHOT_H
#define HT_RENDER_SNAPSHOT_H

#include "heavytail/status.h"
#include "view/model.h"

typedef struct ht_snapshot_options {
    int width, height;   /* pixels; 0 for the default of the view */
    int columns, rows;   /* not 0: what a screen of so many cells shows, key bar and message with it */
    const char *theme;   /* a theme's name */
    const char *journal; /* how the weights came to be, as in journal.jsonl; NULL: not known */
} ht_snapshot_options;

/* The theme of pictures that are written for elsewhere (ui.export_theme). */
const char *ht_snapshot_theme(const ht_params *params);

/* Draws model->view (with model->focus when zoomed) to `path`. Text chunks: Title, Software, heavytail:preset
 * (the effective settings as INI, which `--preset F.png` reads back), heavytail:step, heavytail:journal
 * (which `heavytail replay F.png` reads), heavytail:labels ("STEP words", a line a label), and the numbers
 * shown. */
ht_code ht_snapshot_write(const char *path, const ht_model *model, const ht_snapshot_options *options,
                          ht_error *err);

#endif
