#include "base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 1024 };

static bool is_last(const ht_notes *notes, const char *line)
{
    size_t length = strlen(line);
    const char *all = notes->lines.data;
    if (!all || notes->lines.length < length + 1) return false;
    const char *last = all + notes->lines.length - length - 1;
    return memcmp(last, line, length) == 0 && (last == all || last[-1] == '\n');
}

void ht_notes_add(ht_notes *notes, const char *format, ...)
{
    char line[LONGEST];
    va_list args;
    if (!notes) return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    ht_text_clean(line);
    if (is_last(notes, line)) return;
    ht_text_add(&notes->lines, "%s\n", line);
    notes->count += !notes->lines.failed;
}

bool ht_notes_at(const ht_notes *notes, size_t index, char *line, size_t size)
{
    if (!notes || index >= notes->count) return false;
    const char *at = notes->lines.data;
    while (index-- > 0) at = strchr(at, '\n') + 1;
    size_t length = (size_t)(strchr(at, '\n') - at);
    ht_text_copy(line, length + 1 < size ? length + 1 : size, at);
    return true;
}

void ht_notes_free(ht_notes *notes)
{
    if (!notes) return;
    ht_text_free(&notes->lines);
    notes->count = 0;
}
