/* tail_table.h - estimates in words and numbers: the table of all, and what fits into a legend. Pure. */
#ifndef HT_CHART_TAIL_TABLE_H
#define HT_CHART_TAIL_TABLE_H

#include "heavytail/tail.h"
#include "chart/form.h"

/* "1.752 ± 0.009"; "undetermined" (ht_estimate_undetermined); "–" for no value, and where it is not
 * applicable.
 */
void ht_tail_format(const ht_estimate *estimate, char *to, size_t size);

/* In few words what may be believed: "1.75 ± 0.01", "1.75 no plateau"; without a power law no number: "no
 * heavy tail"; nor where it is undetermined. */
void ht_tail_say(const ht_estimate *estimate, char *to, size_t size);

/* What became of the zeros among `count` values (or rows): "5 % zeros left out". */
void ht_tail_say_zeros(const ht_estimate *estimate, size_t count, char *to, size_t size);

/* Those that are drawn over steps, the most trusted last; returns how many. And how one is drawn. */
typedef struct ht_tail_line {
    ht_role role;
    bool band; /* with its interval */
    int place; /* 0: not drawn */
} ht_tail_line;
int ht_tail_lines(ht_estimator drawn[HT_ESTIMATORS]);
const ht_tail_line *ht_tail_line_of(ht_estimator estimator);

/* How far to believe it, as a role. */
ht_role ht_tail_role(const ht_estimate *estimate);

/* The noise that estimates are held against. */
typedef struct ht_tail_injected {
    double alpha;     /* NaN: none, or the weights hold more than this noise: nothing is compared */
    bool independent; /* one draw a weight: the spectrum has an exponent of its own, 1 + α/2 */
} ht_tail_injected;

/* Does the 95 % interval hold the injected α (of a density exponent: 1 + α/2, if weights are independent)?
 * Unknown also where the estimate is not applicable or undetermined, and of a tail index at α = 2, where
 * there is no such tail. */
typedef enum ht_tail_cover { HT_COVER_UNKNOWN, HT_COVER_YES, HT_COVER_NO } ht_tail_cover;
ht_tail_cover ht_tail_covers(const ht_estimate *estimate, const ht_tail_injected *injected);
const char *ht_tail_cover_word(ht_tail_cover cover); /* "yes", "no", "–" */

enum { HT_TAIL_TRUSTED = 3 };

/* The estimates to trust first, of weights, rows and norms: those called good, the least relative error
 * first; then those that say no heavy tail, then the others. Published variants and those without a number
 * are left out. Returns how many of at most `most`; *good says how many of these are good. */
int ht_tail_trusted(const ht_tail_picture *picture, int most, const ht_estimate **trusted, int *good);

/* The estimates to trust first, and how many others there are; `all`: these too, a row an estimator, under
 * headings that tell of what it is and in which convention. In `columns`: value ± error, k, points, whether
 * it covers α, and the word for its quality; narrower, fewer of these, or in two rows. Published variants
 * appear where their names have room. */
typedef struct ht_tail_form_spec {
    int columns;
    bool all;
    const char *key; /* what unfolds and folds it; NULL: nothing does */
    ht_tail_injected injected;
} ht_tail_form_spec;
void ht_tail_form(const ht_tail_picture *picture, const ht_tail_form_spec *table, ht_form *form);

#endif
