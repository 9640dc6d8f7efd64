/* label.h - words that the user puts at a step of the run: no part of training, but of what is told of it.
 * Pure functions on a small table. */
#ifndef HT_LINK_LABEL_H
#define HT_LINK_LABEL_H

#include <stdbool.h>
#include <stdint.h>

enum { HT_LABEL_TEXT = 64, HT_LABELS = 32 };

typedef struct ht_label {
    uint64_t step;
    char text[HT_LABEL_TEXT];
} ht_label;

typedef struct ht_labels {
    int count, left_out;       /* left_out: those that found no room */
    ht_label label[HT_LABELS]; /* by rising step, one a step; number i + 1 is drawn */
} ht_labels;

/* Puts a text, made safe to print, at a step, in the place of the one that is there; "" takes that away.
 * False when the table is full: it is then counted in left_out. */
bool ht_labels_put(ht_labels *labels, uint64_t step, const char *text);

/* The label at this step, or NULL. */
const ht_label *ht_labels_at(const ht_labels *labels, uint64_t step);

/* The label nearest to the step, at most `reach` away; NULL if there is none. */
const ht_label *ht_labels_near(const ht_labels *labels, double step, double reach);

/* Those after the step go; a negative one takes all. */
void ht_labels_cut(ht_labels *labels, double step);

#endif
