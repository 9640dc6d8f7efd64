#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static bool reserve(ht_text *text, size_t more)
{
    if (text->failed) return false;
    size_t need = text->length + more + 1;
    if (need <= text->capacity) return true;
    size_t capacity = text->capacity ? text->capacity : 64;
    while (capacity < need) capacity *= 2;
    void *data = text->data;
    ht_error ignored;
    if (ht_grow(&data, text->length, capacity, 1, "text", &ignored) != HT_OK) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void ht_text_add_bytes(ht_text *text, const char *bytes, size_t count)
{
    if (!reserve(text, count)) return;
    if (count > 0) memcpy(text->data + text->length, bytes, count); /* of nothing `bytes` may be NULL */
    text->length += count;
    text->data[text->length] = '\0';
}

void ht_text_add(ht_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (length >= 0 && reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void ht_text_free(ht_text *text)
{
    ht_free(text->data);
    *text = (ht_text){0};
}

void ht_text_base_name(const char *paths, char *to, size_t size)
{
    char base[256];
    size_t end = strcspn(paths, ","), start;
    while (end > 1 && paths[end - 1] == '/') end--;
    for (start = end; start > 0 && paths[start - 1] != '/'; start--) continue;
    snprintf(base, sizeof base, "%.*s", (int)(end - start), paths + start);
    ht_text_copy(to, size, base);
    ht_text_clean(to);
}

int ht_text_distance(const char *a, const char *b)
{
    enum { MAX = 63 };
    int la = (int)strnlen(a, MAX), lb = (int)strnlen(b, MAX);
    int d[MAX + 1][MAX + 1];
    for (int i = 0; i <= la; i++) d[i][0] = i;
    for (int j = 0; j <= lb; j++) d[0][j] = j;
    for (int i = 1; i <= la; i++)
        for (int j = 1; j <= lb; j++) {
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && d[i - 2][j - 2] + 1 < best) best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[la][lb];
}

ht_guess ht_guess_for(const char *given)
{
    /* A word is still recognized with every third letter wrong. The dashes of an option are no letters. */
    return (ht_guess){.given = given, .distance = 2 + (int)strnlen(given + strspn(given, "-"), 63) / 3};
}

void ht_guess_offer_as(ht_guess *guess, const char *spelling, const char *name)
{
    char given[64], small[64]; /* "MNIST" is as near to "mnist" as a word can be */
    ht_text_copy(given, sizeof given, guess->given);
    ht_text_copy(small, sizeof small, spelling);
    ht_text_fold(given);
    ht_text_fold(small);
    int distance = ht_text_distance(given, small);
    if (distance >= guess->distance) return;
    guess->distance = distance;
    ht_text_copy(guess->best, sizeof guess->best, name);
}

void ht_guess_offer(ht_guess *guess, const char *name)
{
    ht_guess_offer_as(guess, name, name);
}

const char *ht_guess_words(ht_guess *guess)
{
    if (guess->best[0]) snprintf(guess->words, sizeof guess->words, "; did you mean '%s'?", guess->best);
    return guess->words;
}

/* glibc keeps one "C" locale and hands it out: nothing is allocated, nothing to free. */
locale_t ht_point_begin(void)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return plain ? uselocale(plain) : uselocale((locale_t)0);
}

void ht_point_end(locale_t before)
{
    locale_t plain = uselocale(before);
    if (plain != before && plain != LC_GLOBAL_LOCALE) freelocale(plain);
}

bool ht_parse_number(const char *s, double *value)
{
    char *end;
    if (*s == '\0' || strspn(s, "0123456789+-.eE") != strlen(s)) return false;
    locale_t before = ht_point_begin();
    *value = strtod(s, &end);
    ht_point_end(before);
    return *end == '\0' && isfinite(*value);
}

void ht_format_grouped(char *to, size_t size, long long value)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%lld", value);
    size_t used = 0;
    for (int i = 0; i < n && used + 2 < size; i++) {
        bool gap = i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-';
        if (gap) to[used++] = ' ';
        to[used++] = digits[i];
    }
    if (size) to[used < size ? used : size - 1] = '\0';
}

void ht_format_short(char *to, size_t size, double value, int digits)
{
    double magnitude = fabs(value);
    locale_t before_point = ht_point_begin();
    if (isnan(value))
        snprintf(to, size, "NaN");
    else if (isinf(value))
        snprintf(to, size, value > 0 ? "+Inf" : "\u2212Inf");
    else if (value == 0)
        snprintf(to, size, "0");
    else if (magnitude >= 1e4 && magnitude < 999.5e3) /* %g would turn 1000k into 1e+03k */
        snprintf(to, size, "%.*gk", digits < 3 ? 3 : digits, value / 1e3);
    else if (magnitude >= 1e-3 && magnitude < 1e4) {
        int before = magnitude < 1 ? (int)floor(log10(magnitude)) + 1 : (int)log10(magnitude) + 1;
        int decimals = digits - before;
        snprintf(to, size, "%.*f", decimals < 0 ? 0 : decimals, value);
    } else {
        snprintf(to, size, "%.*e", digits - 1, value);
    }
    ht_point_end(before_point);
}

const char *ht_format_bar(char to[HT_BAR], double share)
{
    enum { CELLS = HT_BAR - 3 };
    int filled = share > 0 ? (int)(CELLS * fmin(share, 1)) : 0;
    memset(to, ' ', HT_BAR);
    memset(to + 1, '#', (size_t)filled);
    to[0] = '[', to[CELLS + 1] = ']', to[CELLS + 2] = '\0';
    return to;
}
