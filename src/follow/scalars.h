/* scalars.h - the numbers that a training writes down as it goes on: CSV with a header, or JSON lines; a
 * column `step` and any others. Bytes are fed as they come, a line counts when its end is there. A run that
 * starts again (its step goes down, its file begins anew) begins a new curve; the old one stays as a ghost.
 * Pure. */
#ifndef HT_FOLLOW_SCALARS_H
#define HT_FOLLOW_SCALARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/notes.h"
#include "data/table/csv.h"
#include "heavytail/status.h"

enum {
    HT_SCALARS_COLUMNS = 64,  /* beside the step; more are left out, which is noted */
    HT_SCALARS_NAME = 64,     /* bytes of a column's name */
    HT_SCALARS_CURVES = 9,    /* the present one and ghosts; the oldest ghost goes first */
    HT_SCALARS_ROWS = 1 << 16 /* kept of a curve: of a longer one every second row goes, but not the last */
};

typedef struct ht_scalar_curve {
    size_t count;                       /* rows that are kept */
    size_t every;                       /* of so many that were read one is kept; the last one always is */
    uint64_t read;                      /* rows that were read, those of one step counted once */
    double *step;                       /* (count), rising */
    double *column[HT_SCALARS_COLUMNS]; /* (count); NaN: the row says nothing; NULL: no row does */
    /* private */
    size_t room;
    bool last_extra; /* the last row is there only because it is the last */
} ht_scalar_curve;

typedef struct ht_scalars {
    int columns;
    char name[HT_SCALARS_COLUMNS][HT_SCALARS_NAME];
    int curves; /* the last one is the present one */
    ht_scalar_curve curve[HT_SCALARS_CURVES];
    int restarts; /* curves that were begun after the first */
    /* private: reading */
    int kind;
    ht_csv csv;                                /* of one line */
    int fields, field[HT_SCALARS_COLUMNS + 1]; /* of CSV: the column of each; -1: the step, -2: none */
    char step_name[HT_SCALARS_NAME];
    ht_text rest, header;
    uint64_t line, left_out;
    bool long_line, again; /* begun anew: the curve may be the one before it, written again */
} ht_scalars;              /* zeroed: nothing read yet */

/* Takes what comes next in the file; `file` names it in notes. A line that says nothing, or not what it
 * should, is left out and noted: the first ones with their number. HT_FAIL: no memory. */
ht_code ht_scalars_feed(ht_scalars *scalars, const char *file, const char *bytes, size_t size,
                        ht_notes *notes, ht_error *err);

/* The file begins anew (it was cut, or is another): what is fed next is its beginning. A curve that begins
 * with all that was there before is the same one, written again, and no ghost is left of that. */
void ht_scalars_again(ht_scalars *scalars);

/* The present curve; NULL before the first row. */
const ht_scalar_curve *ht_scalars_now(const ht_scalars *scalars);

/* Of the last row that has it; NaN: none has. */
double ht_scalars_last(const ht_scalars *scalars, int column);

/* Why there is no row yet, once the header or the first lines are read: a clause; NULL: nothing is wrong. */
const char *ht_scalars_refusal(const ht_scalars *scalars);

void ht_scalars_free(ht_scalars *scalars);

#endif
