/* labels.h - labels as a file writes them (numbers or words), and how they become classes 0, 1, … */
#ifndef HT_DATA_LABELS_H
#define HT_DATA_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/notes.h"
#include "base/text.h"
#include "heavytail/status.h"

enum { HT_CLASSES_MAX = 4096, HT_LABEL_NAME = 24 };

/* Whole numbers up to here are told apart by a double. */
#define HT_LABEL_NUMBERS 9007199254740992.0 /* 2^53 */

/* Numbers compare as numbers (1 and 1.0 are one label), words byte by byte; numbers come before words. */
typedef struct ht_raw_label {
    double number;
    size_t word; /* 0: a number; otherwise 1 + where the word starts in `words` */
} ht_raw_label;

/* Zero-initialize; free with ht_labels_free. */
typedef struct ht_raw_labels {
    ht_raw_label *items;
    size_t count, capacity;
    ht_text words;
} ht_raw_labels;

ht_code ht_labels_add_number(ht_raw_labels *labels, double number, ht_error *err);

/* `text` is a number if all of it parses as one, otherwise a word; so are codes: 02134, and what is as large
 * as HT_LABEL_NUMBERS. */
ht_code ht_labels_add_text(ht_raw_labels *labels, const char *text, ht_error *err);

/* The same with a decimal comma, if that is what `decimal` is. */
ht_code ht_labels_add_cell(ht_raw_labels *labels, const char *text, char decimal, ht_error *err);

/* A copy of label `index` of others. */
ht_code ht_labels_add_same(ht_raw_labels *labels, const ht_raw_labels *others, size_t index, ht_error *err);

/* Label `index` as text, cut to fit. */
void ht_label_format(const ht_raw_labels *labels, size_t index, char *to, size_t size);

void ht_labels_free(ht_raw_labels *labels);

/* The sorted distinct labels of a training set: class c has the label classes->items[c]. Its words stay in
 * `train`, which must outlive it. HT_FAIL for fewer than two classes or more than HT_CLASSES_MAX. */
ht_code ht_labels_distinct(const ht_raw_labels *train, const char *path, ht_raw_labels *classes,
                           ht_error *err);

/* Notes two classes whose labels differ only in capitals, spaces around them, hidden characters or zeros
 * before digits (words of up to 63 bytes). */
ht_code ht_labels_tell_alike(const ht_raw_labels *train, const ht_raw_labels *classes, const char *path,
                             ht_notes *notes, ht_error *err);

/* Class of label `index` of `labels`, or -1. `train` owns the words of `classes`. */
int32_t ht_labels_class(const ht_raw_labels *classes, const ht_raw_labels *train, const ht_raw_labels *labels,
                        size_t index);

#endif
