/* preset.h - settings in files: INI text as in presets/, parsed by inih, every line checked. */
#ifndef HT_PARAMS_PRESET_H
#define HT_PARAMS_PRESET_H

#include "heavytail/params.h"

/* Applies `text` (INI: [section] and key = value; [preset] holds name, title and about) on top of *params,
 * and sets params->preset to that name or the last part of `name`. `name` stands in messages: "name:line: …".
 * HT_USAGE on the first bad line; *params is unchanged then. */
ht_code ht_preset_parse(ht_params *params, const char *name, const char *text, size_t size, ht_error *err);

/* Finds and applies a preset: a path if `name` contains '/' or ends in .ini, else <config>/presets/NAME.ini
 * in the user's configuration directory, else the compiled-in one. Sets params->preset. HT_USAGE if there is
 * none (the nearest is named). */
ht_code ht_preset_load(ht_params *params, const char *name, ht_error *err);

/* Every parameter as INI text; reads back as the same settings. Caller frees with ht_free; NULL with *err
 * set. */
char *ht_preset_write(const ht_params *params, ht_error *err);

/* A title for a run of these settings: "ecg-demo", the preset, as long as the data are its own; else the
 * data: "iris.csv" of csv:DIR/iris.csv, "mnist". */
void ht_preset_title(const ht_params *params, char *to, size_t size);

/* The compiled-in presets: name ("ecg-demo") and title of number i; false past the end. */
bool ht_preset_embedded(int i, char *name, size_t name_size, char *title, size_t title_size);

/* The bytes of a compiled-in preset, or NULL. */
const char *ht_preset_text(const char *name, size_t *size);

#endif
