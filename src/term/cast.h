/* cast.h - recordings of a terminal as asciicast v2: a line with the size, then one line an event. Written
 * while the lab runs, read and played by `heavytail replay --cast`. */
#ifndef HT_TERM_CAST_H
#define HT_TERM_CAST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "heavytail/status.h"

/* ---- writing ----
 *
 * A thread of its own writes, some four times a second, whole lines: the screen never waits for a disk, and
 * what is killed leaves a file that ends with a line. */

typedef struct ht_cast ht_cast;

/* Makes the file; one that is there already is not touched: HT_FAIL. */
ht_code ht_cast_start(ht_cast **cast, const char *path, const char *title, ht_error *err);

/* What happened now. The first call must be of the size. They copy, and wait for nobody. */
void ht_cast_size(ht_cast *cast, int columns, int rows);
void ht_cast_output(ht_cast *cast, const char *bytes, size_t size);

/* The recording has ended early (a full disk): true once, with what to tell. */
bool ht_cast_failed(ht_cast *cast, char *text, size_t size);

/* Writes what is left and frees it; HT_FAIL also if it had failed before. A file that got no byte is removed.
 * NULL is fine. */
ht_code ht_cast_stop(ht_cast *cast, ht_error *err);

/* ---- reading ---- */

typedef struct ht_notes ht_notes; /* base/notes.h, which has a word that <term.h> takes for itself */

typedef struct ht_cast_event {
    double time;       /* seconds, never falling */
    int columns, rows; /* a new size; 0: output */
    size_t at, size;   /* of output: where it lies in `text` */
} ht_cast_event;

typedef struct ht_cast_file {
    int columns, rows;           /* at the beginning */
    int most_columns, most_rows; /* it ever has */
    double idle_limit;           /* that the file asks for; 0: none */
    ht_cast_event *events;
    size_t count, room;
    ht_text text;
} ht_cast_file;

/* Takes all of a recording in, or tells "name:line: …". A last line that was cut (by a kill, a full disk) is
 * left out, with a note. Free with ht_cast_free, also after a failure. */
ht_code ht_cast_parse(ht_cast_file *file, const char *name, const char *data, size_t size, ht_notes *notes,
                      ht_error *err);
void ht_cast_free(ht_cast_file *file);

/* ---- playing ---- */

typedef struct ht_cast_pace {
    double speed;      /* 1: as it was */
    double idle_limit; /* no wait is longer, in seconds of the recording; 0: any */
} ht_cast_pace;

/* Plays a file into standard output. On a terminal with its timing: Space pauses and goes on, `.` shows the
 * next event while paused, q leaves. What does not draw (questions to the terminal, its title, clipboard,
 * mouse and paste modes) is left out there. Elsewhere all of the output at once, byte for byte. */
ht_code ht_cast_play(const char *path, ht_cast_pace pace, ht_notes *notes, ht_error *err);

#endif
