#include "params/ini.h"

#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"

typedef struct reading {
    const ht_ini_reader *reader;
    ht_error *err;
} reading;

static int on_value(void *user, const char *section, const char *key, const char *value)
{
    const reading *r = user;
    if (r->err->code != HT_OK) return 0;
    return r->reader->value(r->reader->user, section, key, value, r->err) == HT_OK;
}

/* What inih would drop silently: NUL bytes, long lines, and continuation lines. Blanks before a line are
 * taken off (to inih they would mean "more of the value above"). Returns the cleaned copy. */
static char *clean_lines(const char *what, const char *name, const char *text, size_t size, ht_error *err)
{
    char *clean = ht_alloc(size + 2, 1, name, err); /* a newline may be added, and the end */
    if (!clean) return NULL;
    size_t used = 0, start = 0;
    for (int line = 1; start < size; line++) {
        const char *end = memchr(text + start, '\n', size - start);
        size_t stop = end ? (size_t)(end - text) : size;
        if (memchr(text + start, '\0', stop - start)) {
            ht_error_set(err, HT_USAGE, "%s:%d: contains a zero byte; a %s is plain text", name, line, what);
            break;
        }
        if (stop - start > HT_INI_LINE) {
            ht_error_set(err, HT_USAGE, "%s:%d: the line has %zu bytes, more than the %d a %s line may have",
                         name, line, stop - start, HT_INI_LINE, what);
            break;
        }
        while (start < stop && strchr(" \t\v\f\r", text[start])) start++;
        memcpy(clean + used, text + start, stop - start);
        used += stop - start;
        clean[used++] = '\n';
        start = stop + 1;
    }
    if (err->code == HT_OK) return clean;
    ht_free(clean);
    return NULL;
}

/* Drops all lines after number `line`; true if there were any. */
static bool cut_after(char *text, int line)
{
    for (; line > 0; line--) {
        char *end = strchr(text, '\n');
        if (!end) return false;
        text = end + 1;
    }
    bool more = *text != '\0';
    *text = '\0';
    return more;
}

ht_code ht_ini_parse(const ht_ini_reader *reader, const char *name, const char *text, size_t size,
                     ht_error *err)
{
    reading r = {reader, err};
    err->code = HT_OK;
    char *clean = clean_lines(reader->what, name, text, size, err);
    if (!clean) return err->code;
    reader->begin(reader->user);
    int line = ini_parse_string(clean, on_value, &r);
    if (line > 0 && err->code != HT_OK && cut_after(clean, line)) {
        /* inih goes on after a bad line; what the message is about may stand further down. */
        err->code = HT_OK;
        reader->begin(reader->user);
        line = ini_parse_string(clean, on_value, &r);
    }
    ht_free(clean);
    if (err->code != HT_OK) return ht_error_prefix(err, "%s:%d", name, line);
    if (line != 0)
        return ht_error_set(err, HT_USAGE,
                            "%s:%d: neither [section] nor key = value; remove the line or start it with #",
                            name, line);
    return HT_OK;
}
