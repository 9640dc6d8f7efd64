/* output.h - the filter that all text of the commands passes on its way to standard output and error.
 *
 * Whatever a command prints, with whatever function, with names and labels from files in it or not:
 * characters that a terminal would act on (ht_text_is_control: C0, DEL, C1, bytes that are no UTF-8, marks
 * that turn the direction of writing) leave as '?', a tab as a blank. Line ends are let through; on a
 * standard error that is a terminal also the carriage return and "erase to the end" (ESC [ K) of our progress
 * lines. JSON stays JSON: such characters stand in its strings only. */
#ifndef HT_CLI_OUTPUT_H
#define HT_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Puts the filter before stdout and stderr, for the rest of the process; not stdout while the lab draws on it
 * with ncurses, which needs the descriptor (its cells are cleaned one by one). Once, at the start, in the
 * only thread. When there is no memory for it they stay as they are. */
void ht_output_open(bool lab);

/* What of `size` bytes goes out; exposed for its test. `rest` (4 bytes, zeroed at the start) keeps a
 * character that is not complete yet, its length in rest[3]. `to` has room for size + 3 bytes; returns how
 * many it got. */
size_t ht_output_clean(const char *from, size_t size, bool progress, unsigned char rest[4], char *to);

#endif
