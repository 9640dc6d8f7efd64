/* theme.h - role -> colour tables, read from assets/themes/NAME.theme (compiled in). Immutable once loaded.
 */
#ifndef HT_RENDER_THEME_H
#define HT_RENDER_THEME_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"
#include "chart/role.h"

typedef struct ht_colour {
    bool set; /* false: the terminal's own colour */
    unsigned char r, g, b;
    unsigned char index16; /* what a 16-colour terminal shows: 0..15 */
    unsigned attributes;   /* HT_BOLD and the like (render/surface.h), used with and without colours */
} ht_colour;

typedef struct ht_theme {
    char name[32];
    ht_colour background; /* of pictures; the terminal keeps its own unless the theme says `fill = yes` */
    bool fill;
    ht_colour roles[HT_ROLE_COLOURS]; /* those of pictures are the same in all themes that have colours */
} ht_theme;

/* Loads a compiled-in theme. HT_USAGE with the known names if there is none of that name. */
ht_code ht_theme_load(const char *name, ht_theme *theme, ht_error *err);

/* Reads theme text: lines `role = #rrggbb index16 [bold] [reverse] [underline]` (`none` for the terminal's
 * own colour), `background = ...`, `fill = yes|no`, # comments. An error names the theme, the line and the
 * role; a role that is missing is one. */
ht_code ht_theme_parse(const char *name, const char *text, ht_theme *theme, ht_error *err);

/* Names of the compiled-in themes; returns how many. */
size_t ht_theme_names(const char *names[], size_t limit);

/* Nearest entry of the xterm 256-colour palette (16..255). */
int ht_colour_256(ht_colour colour);

#endif
