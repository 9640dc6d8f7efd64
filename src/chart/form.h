/* form.h - the model of a panel made of rows: controls with sliders, read-outs, help pages. Drawn by
 * render/draw/draw.h. */
#ifndef HT_CHART_FORM_H
#define HT_CHART_FORM_H

#include <stdbool.h>

#include "chart/role.h"

typedef enum ht_row_kind {
    HT_ROW_TEXT,    /* label only, may be long: wrapped by the drawer */
    HT_ROW_HEADING, /* a rule with the label in it */
    HT_ROW_VALUE,   /* label left, value right */
    HT_ROW_TABLE,   /* label: fields separated by tabs, the first left, the others ending at the form's stops;
                       value right */
    HT_ROW_SLIDER,  /* label and value, then a line with the slider if there is room */
    HT_ROW_CHOICE,  /* label and ‹ value › */
    HT_ROW_KEY,     /* a key (label), then what it does (value): help */
    HT_ROW_LARGE,   /* label, and under it the value in large digits */
} ht_row_kind;

typedef struct ht_row {
    ht_row_kind kind;
    ht_role role; /* of the value (TEXT: of the text) */
    char label[200];
    char value[320];
    char low[12], high[12]; /* SLIDER: the ends of the range */
    double position;        /* SLIDER: asked value, 0..1 */
    double applied;         /* SLIDER: value in effect, 0..1; drawn apart while it differs */
    bool selected;
    int id; /* what a click on it means; -1: nothing */
} ht_row;

enum { HT_FORM_ROWS = 512, HT_FORM_STOPS = 5 };

typedef struct ht_form {
    char title[64];
    char hint[24];
    char keys[24];           /* what scrolls it, beside the marker that there is more */
    bool crowded;            /* rows were left out for want of room */
    int count, first;        /* rows, first one shown (scrolling) */
    int stop[HT_FORM_STOPS]; /* TABLE: columns from the labels' left end */
    ht_row rows[HT_FORM_ROWS];
} ht_form;

/* Appends a row (the last one is reused when the form is full) with printf-formatted value. */
ht_row *ht_form_add(ht_form *form, ht_row_kind kind, ht_role role, const char *label,
                    const char *value_format, ...) __attribute__((format(printf, 5, 6)));

#endif
