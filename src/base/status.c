#include "heavytail/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

ht_code ht_error_set(ht_error *err, ht_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    ht_text_clean(err->text);
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
    ht_text_clean(err->text);
    return err->code;
}

const char *ht_version(void)
{
    return HT_VERSION;
}
