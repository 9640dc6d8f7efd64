#include "base/wrap.h"

#include <string.h>

#include "base/text.h"

bool ht_wrap_next(const char **text, int width, char line[HT_WRAP_LINE])
{
    const char *s = *text;
    size_t used = 0, blank = 0, n; /* blank: where the last blank begins, if there was one */
    unsigned c;
    int column = 0;
    if (*s == '\0' || width < 1) return false;
    while ((n = ht_utf8_decode(s + used, &c)) > 0 && c != '\n' && column < width && used + n < HT_WRAP_LINE) {
        if (c == ' ' && used > 0) blank = used;
        used += n;
        column++;
    }
    bool broken = s[used] != '\0' && s[used] != '\n' && s[used] != ' ';
    if (broken && blank > 0) used = blank;
    memcpy(line, s, used);
    line[used] = '\0';
    while (used > 0 && line[used - 1] == ' ') line[--used] = '\0';
    s += strlen(line);
    while (*s == ' ') s++;
    if (*s == '\n') s++;
    *text = s;
    return true;
}

int ht_wrap_count(const char *text, int width)
{
    char line[HT_WRAP_LINE];
    int count = 0;
    while (ht_wrap_next(&text, width, line)) count++;
    return count > 0 ? count : 1;
}
