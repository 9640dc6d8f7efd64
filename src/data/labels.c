#include "data/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/table/dialect.h"

static ht_code add(ht_raw_labels *labels, ht_raw_label label, ht_error *err)
{
    if (labels->count == labels->capacity) {
        size_t capacity = labels->capacity ? labels->capacity * 2 : 1024;
        void *items = labels->items;
        if (ht_grow(&items, labels->count, capacity, sizeof label, "the labels", err) != HT_OK)
            return err->code;
        labels->items = items;
        labels->capacity = capacity;
    }
    labels->items[labels->count++] = label;
    return HT_OK;
}

ht_code ht_labels_add_number(ht_raw_labels *labels, double number, ht_error *err)
{
    /* + 0.0 turns -0 into 0, so that it is not shown with a sign. */
    return add(labels, (ht_raw_label){.number = number + 0.0}, err);
}

/* A code, not a number: 02134 is not 2134, and doubles would merge whole numbers beyond 2^53. */
static bool is_code(const char *text, double number)
{
    const char *digits = text + (*text == '-' || *text == '+');
    size_t length = strspn(digits, "0123456789");
    if (length > 1 && digits[0] == '0' && digits[length] == '\0') return true;
    return fabs(number) >= HT_LABEL_NUMBERS;
}

ht_code ht_labels_add_text(ht_raw_labels *labels, const char *text, ht_error *err)
{
    double number;
    if (ht_parse_number(text, &number) && !is_code(text, number))
        return ht_labels_add_number(labels, number, err);
    size_t start = labels->words.length;
    ht_text_add_bytes(&labels->words, text, strlen(text) + 1);
    if (labels->words.failed) return ht_error_set(err, HT_FAIL, "not enough memory for the labels");
    return add(labels, (ht_raw_label){.word = start + 1}, err);
}

ht_code ht_labels_add_cell(ht_raw_labels *labels, const char *text, char decimal, ht_error *err)
{
    double number;
    if (ht_cell_read(text, decimal, &number) == HT_CELL_NUMBER && !is_code(text, number))
        return ht_labels_add_number(labels, number, err);
    return ht_labels_add_text(labels, text, err);
}

static const char *word_of(const ht_raw_labels *owner, ht_raw_label label)
{
    return owner->words.data + label.word - 1;
}

ht_code ht_labels_add_same(ht_raw_labels *labels, const ht_raw_labels *others, size_t index, ht_error *err)
{
    ht_raw_label label = others->items[index];
    if (!label.word) return ht_labels_add_number(labels, label.number, err);
    return ht_labels_add_text(labels, word_of(others, label), err);
}

static int compare(const ht_raw_labels *owner_a, ht_raw_label a, const ht_raw_labels *owner_b, ht_raw_label b)
{
    if (!a.word && !b.word) return (a.number > b.number) - (a.number < b.number);
    if (!a.word || !b.word) return a.word ? 1 : -1;
    return strcmp(word_of(owner_a, a), word_of(owner_b, b));
}

static int compare_for_sort(const void *a, const void *b, void *owner)
{
    return compare(owner, *(const ht_raw_label *)a, owner, *(const ht_raw_label *)b);
}

void ht_label_format(const ht_raw_labels *labels, size_t index, char *to, size_t size)
{
    ht_raw_label label = labels->items[index];
    if (label.word)
        ht_text_copy(to, size, word_of(labels, label));
    else
        snprintf(to, size, "%.15g", label.number);
}

void ht_labels_free(ht_raw_labels *labels)
{
    ht_free(labels->items);
    ht_text_free(&labels->words);
    *labels = (ht_raw_labels){0};
}

ht_code ht_labels_distinct(const ht_raw_labels *train, const char *path, ht_raw_labels *classes,
                           ht_error *err)
{
    if (train->count == 0)
        return ht_error_set(err, HT_FAIL,
                            "%s: has no samples; give a training file with at least two classes", path);
    ht_raw_label *sorted = ht_alloc(train->count, sizeof *sorted, "the labels", err);
    if (!sorted) return err->code;
    memcpy(sorted, train->items, train->count * sizeof *sorted);
    qsort_r(sorted, train->count, sizeof *sorted, compare_for_sort, (void *)train);
    size_t distinct = 1;
    for (size_t i = 1; i < train->count; i++)
        if (compare(train, sorted[i], train, sorted[distinct - 1]) != 0) sorted[distinct++] = sorted[i];
    if (distinct >= 2 && distinct <= HT_CLASSES_MAX) {
        *classes = (ht_raw_labels){.items = sorted, .count = distinct, .capacity = train->count};
        return HT_OK;
    }
    ht_free(sorted);
    if (distinct < 2) {
        char only[HT_LABEL_NAME];
        ht_label_format(train, 0, only, sizeof only);
        return ht_error_set(
            err, HT_FAIL,
            "%s: all %zu labels are '%s'; a classifier needs at least two classes, so check that the "
            "right column or file holds the labels",
            path, train->count, only);
    }
    return ht_error_set(
        err, HT_FAIL,
        "%s: has %zu distinct labels, more than %d; this looks like a regression target: check "
        "that the right column or file holds the labels",
        path, distinct, HT_CLASSES_MAX);
}

/* The labels of all classes, folded, each with its class. */
typedef struct folded {
    char text[64];
    size_t class;
} folded;

static int compare_folded(const void *a, const void *b)
{
    const folded *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->class > y->class) - (x->class < y->class);
}

/* 02134 and 2134, for a person, are alike. */
static void drop_zeros(char *text)
{
    size_t length = strlen(text), zeros = strspn(text, "0");
    if (length > 0 && zeros == length) zeros--;
    if (strspn(text, "0123456789") == length) memmove(text, text + zeros, length - zeros + 1);
}

static void tell_pairs(const folded *list, size_t count, const ht_raw_labels *shown, const char *path,
                       ht_notes *notes)
{
    size_t pairs = 0, at = 0;
    char first[HT_LABEL_NAME], second[HT_LABEL_NAME];
    for (size_t i = 1; i < count; i++)
        if (strcmp(list[i].text, list[i - 1].text) == 0 && pairs++ == 0) at = i;
    if (pairs == 0) return;
    ht_label_format(shown, list[at - 1].class, first, sizeof first);
    ht_label_format(shown, list[at].class, second, sizeof second);
    ht_notes_add(notes,
                 "%s: the labels '%s' and '%s' differ only in capitals, spaces, hidden characters or zeros "
                 "before them, and "
                 "are two classes%s; write them alike if they are one",
                 path, first, second, pairs > 1 ? ", and so are others" : "");
}

ht_code ht_labels_tell_alike(const ht_raw_labels *train, const ht_raw_labels *classes, const char *path,
                             ht_notes *notes, ht_error *err)
{
    size_t used = 0;
    folded *list = ht_alloc(classes->count, sizeof *list, "the class names", err);
    if (!list) return HT_FAIL;
    for (size_t c = 0; c < classes->count; c++) {
        const char *word = classes->items[c].word ? word_of(train, classes->items[c]) : NULL;
        if (word && strlen(word) >= sizeof list[used].text) continue;
        ht_raw_labels shown = {.items = classes->items, .words = train->words};
        ht_label_format(&shown, c, list[used].text, sizeof list[used].text);
        if (word) ht_text_fold(list[used].text);
        drop_zeros(list[used].text);
        list[used++].class = c;
    }
    if (used > 1) {
        qsort(list, used, sizeof *list, compare_folded);
        ht_raw_labels shown = {.items = classes->items, .words = train->words};
        tell_pairs(list, used, &shown, path, notes);
    }
    ht_free(list);
    return HT_OK;
}

int32_t ht_labels_class(const ht_raw_labels *classes, const ht_raw_labels *train, const ht_raw_labels *labels,
                        size_t index)
{
    size_t low = 0, high = classes->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(train, classes->items[middle], labels, labels->items[index]);
        if (order == 0) return (int32_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}
