#include "heavytail/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* File names and labels come from strangers: an escape sequence in one must be shown, not sent. U+0080 to
 * U+009F are control characters too; bytes that are no UTF-8 (also a character cut at the end) go with them.
 */
static void neutralize(char *text)
{
    unsigned c;
    char *to = text;
    for (size_t n; (n = ht_utf8_decode(text, &c)) > 0; text += n) {
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c == 0xfffd && n == 1)) {
            *to++ = '?';
        } else {
            memmove(to, text, n);
            to += n;
        }
    }
    *to = '\0';
}

ht_code ht_error_set(ht_error *err, ht_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    neutralize(err->text);
    err->code = code;
    return code;
}

ht_code ht_error_prefix(ht_error *err, const char *format, ...)
{
    char joined[2 * sizeof err->text];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(joined, sizeof joined / 2, format, args);
    va_end(args);
    size_t used = length < 0 ? 0 : strlen(joined);
    snprintf(joined + used, sizeof joined - used, ": %s", err->text);
    memcpy(err->text, joined, sizeof err->text - 1);
    err->text[sizeof err->text - 1] = '\0';
    neutralize(err->text);
    return err->code;
}
