/* text.h - small string helpers. Pure functions on caller-owned buffers; text is UTF-8. */
#ifndef HT_BASE_TEXT_H
#define HT_BASE_TEXT_H

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

/* Growable string. Zero-initialize; text_free when done. `data` is NULL or terminated. After a failed
 * allocation `failed` is set and further appends are ignored, so callers check once at the end. */
typedef struct ht_text {
    char *data;
    size_t length, capacity;
    bool failed;
} ht_text;

void ht_text_add(ht_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ht_text_add_bytes(ht_text *text, const char *bytes, size_t count);
void ht_text_free(ht_text *text);

/* Copies as much of `from` as fits, always terminated, never cutting a UTF-8 character in two. */
void ht_text_copy(char *to, size_t size, const char *from);

/* Is this character invisible, or of nobody's alphabet: of no width, a soft hyphen, a variation selector, a
 * mark of direction, a tag, for private use? Two texts that differ only in such look the same. */
bool ht_text_hidden(unsigned code_point);

/* Would a terminal obey this character, or hide it, instead of showing it? C0, DEL and C1 control characters,
 * those that break lines or turn the direction in which the rest is written, and hidden ones. */
bool ht_text_obeyed(unsigned code_point);

/* What is left of text that people would call the same, in place: small letters (Latin, Greek, Cyrillic), no
 * spaces around it, nothing hidden. It never grows. */
void ht_text_fold(char *text);

/* Makes text of strangers (names, labels, metadata of files) fit to be printed, in place: what a terminal
 * would obey or hide, and bytes that are no UTF-8, is shown as '?'. Everything that
 * comes from a file goes through here, or through an ht_error, an ht_notes or a JSON writer, before it is
 * printed; what is forgotten is cleaned on its way out (cli/outlet.h). */
void ht_text_clean(char *text);

/* Decodes one character; returns the bytes it takes (≥ 1; an invalid byte decodes to U+FFFD). 0 at the end.
 */
size_t ht_utf8_decode(const char *s, unsigned *code_point);

/* Writes one character as UTF-8 into `out` (5 bytes), terminated; returns its length. */
size_t ht_utf8_encode(unsigned code_point, char out[5]);

/* Number of characters (terminal columns; the lab prints no wide or combining characters). */
size_t ht_utf8_length(const char *s);

/* Edit distance of two short words (insert, delete, replace, swap of neighbours cost 1), for "did you mean".
 */
int ht_text_distance(const char *a, const char *b);

/* The nearest of the names offered for one that does not exist. */
typedef struct ht_guess {
    const char *given;
    int distance;
    char best[64], words[96];
} ht_guess;

ht_guess ht_guess_for(const char *given);
void ht_guess_offer(ht_guess *guess, const char *name);
void ht_guess_offer_as(ht_guess *guess, const char *spelling, const char *name); /* a short form of it */
const char *ht_guess_words(ht_guess *guess); /* "; did you mean 'NAME'?", or "" if none is near */

/* Between the two, this thread's printf and strtod write and read a decimal point, whatever locale the
 * program has set. */
locale_t ht_point_begin(void);
void ht_point_end(locale_t before);

/* Parses the whole of `s` as a finite number with a decimal point. False if there is anything else. */
bool ht_parse_number(const char *s, double *value);

/* "12 430": an integer with thin groups of three, for people. */
void ht_format_grouped(char *to, size_t size, long long value);

/* A short human number: 0.031, 2.0e-05, 12.4k, NaN, −Inf. `digits` significant digits. */
void ht_format_short(char *to, size_t size, double value, int digits);

#endif
