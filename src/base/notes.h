/* notes.h - what a person should know about a file that was read although it is no error: a tensor skipped
 * and why, a column left out, a cell filled in, a value guessed. One sentence each; text from the file is
 * cleaned. A reader adds, the command prints ("heavytail: note: …" to stderr) or puts them into its JSON.
 *
 * Zero-initialize; ht_notes_free when done. Thread: belongs to its caller. Functions take NULL for a caller
 * who wants no notes. */
#ifndef HT_BASE_NOTES_H
#define HT_BASE_NOTES_H

#include "base/text.h"

typedef struct ht_notes {
    ht_text lines; /* one note a line, in the order they were added; lines.data is NULL without any */
    size_t count;
} ht_notes;

/* Adds one sentence without a full stop or a line end. The same sentence twice in a row is one note. When
 * memory is short the note is lost, and so are later ones (lines.failed). */
void ht_notes_add(ht_notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Note number `index` into `line`, cut to fit; false when there are fewer. */
bool ht_notes_at(const ht_notes *notes, size_t index, char *line, size_t size);

void ht_notes_free(ht_notes *notes);

#endif
