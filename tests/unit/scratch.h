/* scratch.h - a directory of its own for a test program, and things tests do with files. Pass scratch_make
 * and scratch_remove to cmocka_run_group_tests. Failures end the test. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

int scratch_make(void **state);
int scratch_remove(void **state);

/* "<directory>/name"; one of eight static buffers in turn. "" gives the directory. */
const char *scratch_path(const char *name);

void scratch_write(const char *name, const void *data, size_t size);
void scratch_write_text(const char *name, const char *text);
char *scratch_read(const char *name, size_t *size); /* ht_free */

/* Number of files in a directory, "." and ".." left out. */
int scratch_count(const char *name);

/* Forgets a subdirectory and all in it. */
void scratch_erase(const char *name);

/* Changes LC_ALL to a locale with a decimal comma, made by localedef if there is none; false if it cannot be.
 * Undo with setlocale(LC_ALL, "C"). */
bool scratch_comma_locale(void);

#endif
