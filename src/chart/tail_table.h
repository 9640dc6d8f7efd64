/* tail_table.h - estimates in words and numbers: the table of all, and what fits into a legend. Pure. */
#ifndef HT_CHART_TAIL_TABLE_H
#define HT_CHART_TAIL_TABLE_H

#include "heavytail/tail.h"
#include "chart/form.h"

/* "1.752 ± 0.009", "–" for no value. */
void ht_tail_format(const ht_estimate *estimate, char *to, size_t size);

/* In few words what may be believed: "1.75 ± 0.01", "1.75 no plateau"; without a power law no number: "no
 * heavy tail". */
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

/* A row an estimator, under headings that tell of what it is and in which convention. In `columns`: value ±
 * error, k, points and the word for its quality; narrower, value ± error, and a word where it is not good.
 * Published variants appear where their names have room. */
void ht_tail_form(const ht_tail_picture *picture, int columns, ht_form *form);

#endif
