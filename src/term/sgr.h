/* sgr.h - 24-bit colours where the description of the terminal knows only 256: what curses says of colour n
 * ("38;5;n") goes out as the colour that n stands for here ("38;2;r;g;b"). UI thread only. */
#ifndef HT_TERM_SGR_H
#define HT_TERM_SGR_H

#include <stddef.h>

#include "render/theme.h"

/* From now on all colours are curses' own. */
void ht_sgr_forget(void);

/* The number by which curses is to know this colour: near to it among the 256, in case it ever goes out as it
 * is. When all are taken, the nearest. */
int ht_sgr_number(ht_colour colour);

/* Bytes as they are to go out: at most 3 times as many into `out`. A sequence that is not complete yet is
 * kept for the next call; `last` lets go of it. Returns how many. */
enum { HT_SGR_GROWTH = 4, HT_SGR_KEPT = 64 };
size_t ht_sgr_translate(const char *bytes, size_t size, char *out);
size_t ht_sgr_flush(char *out);

#endif
