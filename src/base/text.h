/* text.h - small string helpers. Pure functions on caller-owned buffers; text is UTF-8. */
#ifndef HT_BASE_TEXT_H
#define HT_BASE_TEXT_H

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/utf8.h"
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

/* The last part of the first path in "a/b.csv,c.csv" or "a/dir/": "b.csv", "dir". */
void ht_text_base_name(const char *paths, char *to, size_t size);

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

/* "[######      ]": the share 0..1 of a bar. */
enum { HT_BAR = 27 };
const char *ht_format_bar(char to[HT_BAR], double share);

#endif
