#include "params/ini.h"

#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"

enum {
    JOINED = 4096,
    GOES_ON = '\1'
}; /* bytes of a value of several lines; what ends all but its last one */

typedef struct reading {
    const ht_ini_reader *reader;
    ht_error *err;
    char joined[JOINED]; /* the lines of a value so far, "" when its last one was there */
} reading;

/* inih gives the lines of a value one by one, each with the key. */
static int on_value(void *user, const char *section, const char *key, const char *value)
{
    reading *r = user;
    size_t used = strlen(r->joined), length = strlen(value);
    bool goes_on = length > 0 && value[length - 1] == GOES_ON;
    if (r->err->code != HT_OK) return 0;
    if (used + length + 2 > sizeof r->joined)
        return ht_error_set(r->err, HT_USAGE, "%s has more than %d bytes", key, JOINED - 2), 0;
    if (used > 0) r->joined[used++] = ' ';
    memcpy(r->joined + used, value, length - goes_on);
    r->joined[used + length - goes_on] = '\0';
    if (goes_on) return 1;
    ht_code code = r->reader->value(r->reader->user, section, key, r->joined, r->err);
    r->joined[0] = '\0';
    return code == HT_OK;
}

/* What inih would drop silently: bytes that are no text, and long lines. */
static ht_code check_line(const char *what, const char *name, int line, const char *at, size_t length,
                          ht_error *err)
{
    bool zero = memchr(at, '\0', length);
    if (zero || memchr(at, GOES_ON, length))
        return ht_error_set(err, HT_USAGE, "%s:%d: contains a %s byte; a %s is plain text", name, line,
                            zero ? "zero" : "control", what);
    if (length > HT_INI_LINE)
        return ht_error_set(err, HT_USAGE,
                            "%s:%d: the line has %zu bytes, more than the %d a %s line may have", name, line,
                            length, HT_INI_LINE, what);
    return HT_OK;
}

static size_t blanks(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && strchr(" \t\v\f\r", *at)) at++;
    return (size_t)(at - from);
}

/* Does a line end with a comma, and the next one begin with a blank? Then that is more of the same value. */
static bool goes_on(const char *line, const char *stop, const char *end)
{
    while (stop > line && strchr(" \t\r", stop[-1])) stop--;
    const char *next = memchr(stop, '\n', (size_t)(end - stop));
    return stop > line && stop[-1] == ',' && *line != '#' && *line != ';' && next && next + 1 < end &&
           (next[1] == ' ' || next[1] == '\t') && blanks(next + 1, end) > 0;
}

/* Blanks before a line are taken off: to inih they would mean "more of the value above", which here is said
 * by a comma, too. Returns the cleaned copy. */
static char *clean_lines(const char *what, const char *name, const char *text, size_t size, ht_error *err)
{
    char *clean =
        ht_alloc(2 * size + 2, 1, name, err); /* a mark may be added to a line, a newline, and the end */
    if (!clean) return NULL;
    const char *end = text + size;
    size_t used = 0;
    bool more = false;
    for (int line = 1; text < end; line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text)), *stop = newline ? newline : end;
        if (check_line(what, name, line, text, (size_t)(stop - text), err) != HT_OK) break;
        text += blanks(text, stop);
        if (more) clean[used++] = ' ';
        more = goes_on(text, stop, end);
        memcpy(clean + used, text, (size_t)(stop - text));
        used += (size_t)(stop - text);
        while (more && clean[used - 1] != ',') used--;
        if (more) clean[used++] = GOES_ON;
        clean[used++] = '\n';
        text = stop + 1;
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
    reading r = {.reader = reader, .err = err};
    err->code = HT_OK;
    char *clean = clean_lines(reader->what, name, text, size, err);
    if (!clean) return err->code;
    reader->begin(reader->user);
    int line = ini_parse_string(clean, on_value, &r);
    if (line > 0 && err->code != HT_OK && cut_after(clean, line)) {
        /* inih goes on after a bad line; what the message is about may stand further down. */
        err->code = HT_OK;
        r.joined[0] = '\0';
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
