/* role.h - what a mark means. A role is never a colour: a theme (assets/themes) maps roles to colours. */
#ifndef HT_CHART_ROLE_H
#define HT_CHART_ROLE_H

#include <stdbool.h>

/* id, name in theme files, what it is for */
#define HT_ROLES(X)                                                                                          \
    X(TEXT, "text", "ordinary text")                                                                         \
    X(DIM, "dim", "units, hints")                                                                            \
    X(RAW, "raw", "the raw curve behind a smoothed one")                                                     \
    X(TITLE, "title", "panel titles")                                                                        \
    X(FRAME, "frame", "panel frames")                                                                        \
    X(FOCUS, "focus", "frame of the panel that has the keys")                                                \
    X(AXIS, "axis", "axes and tick labels")                                                                  \
    X(GRID, "grid", "grid lines")                                                                            \
    X(BRAND, "brand", "the name in the title line")                                                          \
    X(KEY, "key", "a key in the key bar")                                                                    \
    X(SELECTED, "selected", "the chosen control")                                                            \
    X(SLIDER, "slider", "the filled part of a slider")                                                       \
    X(TRAIN, "train", "training loss and accuracy")                                                          \
    X(TEST, "test", "test loss and accuracy")                                                                \
    X(NOISE, "noise", "the injected noise and its α")                                                        \
    X(MMO, "mmo", "tail index by Mohammadi-Mohammadpour-Ogata")                                              \
    X(HILL, "hill", "tail index by Hill")                                                                    \
    X(WEIGHTS, "weights", "weight magnitudes")                                                               \
    X(NORMS, "norms", "neuron norms")                                                                        \
    X(PRUNED, "pruned", "accuracy of the pruned network")                                                    \
    X(ERROR, "error", "relative error of pruning")                                                           \
    X(CURVE_1, "curve-1", "curves that one setting tells apart")                                             \
    X(CURVE_2, "curve-2", "the next one")                                                                    \
    X(CURVE_3, "curve-3", "the next one")                                                                    \
    X(CURVE_4, "curve-4", "the next one")                                                                    \
    X(CURVE_5, "curve-5", "the next one")                                                                    \
    X(GHOST, "ghost", "an earlier run, dimmed")                                                              \
    X(GHOST_2, "ghost-2", "a second one")                                                                    \
    X(GHOST_3, "ghost-3", "a third")                                                                         \
    X(GHOST_4, "ghost-4", "a fourth")                                                                        \
    X(SIGNED_1, "signed-1", "pictures of weights: the most negative")                                        \
    X(SIGNED_2, "signed-2", "less so")                                                                       \
    X(SIGNED_3, "signed-3", "less so")                                                                       \
    X(SIGNED_4, "signed-4", "a little negative")                                                             \
    X(SIGNED_5, "signed-5", "zero")                                                                          \
    X(SIGNED_6, "signed-6", "a little positive")                                                             \
    X(SIGNED_7, "signed-7", "more so")                                                                       \
    X(SIGNED_8, "signed-8", "more so")                                                                       \
    X(SIGNED_9, "signed-9", "the most positive")                                                             \
    X(HEAT_1, "heat-1", "heat maps: a single one")                                                           \
    X(HEAT_2, "heat-2", "more")                                                                              \
    X(HEAT_3, "heat-3", "more")                                                                              \
    X(HEAT_4, "heat-4", "more")                                                                              \
    X(HEAT_5, "heat-5", "more")                                                                              \
    X(HEAT_6, "heat-6", "more")                                                                              \
    X(HEAT_7, "heat-7", "more")                                                                              \
    X(HEAT_8, "heat-8", "heat maps: the most")                                                               \
    X(KAPPA, "kappa", "the pruning ratio κ")                                                                 \
    X(MARK, "mark", "moments and thresholds")                                                                \
    X(CURSOR, "cursor", "the read-out cursor")                                                               \
    X(GOOD, "good", "running, done")                                                                         \
    X(WARNING, "warning", "needs a look")                                                                    \
    X(BAD, "bad", "diverged, NaN, Inf")

typedef enum ht_role {
#define X(id, name, what) HT_ROLE_##id,
    HT_ROLES(X)
#undef X
        HT_ROLE_COUNT
} ht_role;

const char *ht_role_name(ht_role role);

/* What tells lines apart where colours do not: on grey paper, to eyes that see none. */
typedef enum ht_dash {
    HT_SOLID,
    HT_DOTTED,
    HT_LONG,
    HT_DASH_DOT,
    HT_DASH_DOT_DOT,
    HT_FINE,
    HT_DASHES
} ht_dash;

/* SIGNED_1 … SIGNED_9 for -1 … 1. */
enum { HT_ROLE_SIGNED = HT_ROLE_SIGNED_1, HT_SIGNED_LEVELS = 9 };
ht_role ht_role_signed(double value);

/* HEAT_1 … HEAT_8 for 0 … 1. */
enum { HT_ROLE_HEAT = HT_ROLE_HEAT_1, HT_HEAT_LEVELS = 8 };
ht_role ht_role_heat(double value);

/* Pictures of three channels have colours of their own, whatever the theme: five levels of red, of green and
 * of blue for -1 … 1, so that 0, 0, 0 is grey. They come after the roles. */
enum {
    HT_RGB_LEVELS = 5,
    HT_ROLE_RGB = HT_ROLE_COUNT,
    HT_RGB_COLOURS = 125,
    HT_ROLE_COLOURS = HT_ROLE_COUNT + HT_RGB_COLOURS
};
_Static_assert(HT_ROLE_COLOURS <= 256, "a cell keeps a role in a byte");
ht_role ht_role_rgb(double red, double green, double blue);
bool ht_role_is_rgb(unsigned role);
/* -1 … 1 of each channel, of such a role. */
void ht_role_channels(unsigned role, double channel[3]);

#endif
