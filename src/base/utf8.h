/* utf8.h - characters, and text from files made safe to print. Pure; nothing here asks for memory. */
#ifndef HT_BASE_UTF8_H
#define HT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Copies as much of `from` as fits, always terminated, never cutting a UTF-8 character in two. */
void ht_text_copy(char *to, size_t size, const char *from);

/* Does a name end in this, and is more than it? ".npy". */
bool ht_text_ends(const char *name, const char *end);

/* Would a terminal act on this character, or hide it, instead of showing it? C0, DEL and C1 control
 * characters, those that break lines or turn the direction in which the rest is written, and hidden ones. */
bool ht_text_is_control(unsigned code_point);

/* What is left of text that people would call the same, in place: small letters (Latin, Greek, Cyrillic), no
 * spaces around it, nothing hidden. It never grows. */
void ht_text_fold(char *text);

/* Makes text from outside (names, labels, metadata of files) safe to print, in place: what a terminal would
 * act on or hide, and bytes that are no UTF-8, is shown as '?'. Everything that comes from a file goes
 * through here, or through an ht_error, an ht_notes or a JSON writer, before it is printed; cli/output.h
 * cleans all output once more. */
void ht_text_clean(char *text);

/* Decodes one character; returns the bytes it takes (≥ 1; an invalid byte decodes to U+FFFD). 0 at the end.
 */
size_t ht_utf8_decode(const char *s, unsigned *code_point);

/* Writes one character as UTF-8 into `out` (5 bytes), terminated; returns its length. */
size_t ht_utf8_encode(unsigned code_point, char out[5]);

/* Number of characters (terminal columns; the lab prints no wide or combining characters). */
size_t ht_utf8_length(const char *s);

#endif
