#include "heavytail/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* File names and labels come from strangers: an escape sequence in one must be shown, not sent. */
static void neutralize(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p; p++)
        if (*p < 0x20 || *p == 0x7f) *p = '?';
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
