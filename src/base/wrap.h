/* wrap.h - breaks text into lines of a width. */
#ifndef HT_BASE_WRAP_H
#define HT_BASE_WRAP_H

#include <stdbool.h>
#include <stddef.h>

enum { HT_WRAP_LINE = 512 };

/* Copies the next line of at most `width` characters to `line` and moves *text behind it; breaks at blanks
 * and newlines, a longer word anywhere. False at the end of the text. */
bool ht_wrap_next(const char **text, int width, char line[HT_WRAP_LINE]);

/* How many lines the text takes; at least 1. */
int ht_wrap_count(const char *text, int width);

#endif
