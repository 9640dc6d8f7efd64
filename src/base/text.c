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
    memcpy(text->data + text->length, bytes, count);
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

/* U+0080 to U+009F are control characters too; U+2028 … end lines, U+202A … and U+2066 … turn the direction.
 */
static bool is_obeyed(unsigned c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* Unicode's Default_Ignorable_Code_Point, and with it the fillers and the annotations between lines; private
 * characters look like whatever a font makes of them. */
bool ht_text_hidden(unsigned c)
{
    static const unsigned ranges[][2] = {
        {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
        {0x180b, 0x180f},   {0x200b, 0x200f},   {0x202a, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
        {0xe000, 0xf8ff},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
        {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0xffffd}, {0x100000, 0x10fffd}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1]) return true;
    return false;
}

bool ht_text_obeyed(unsigned c)
{
    return is_obeyed(c) || ht_text_hidden(c);
}

/* Of the alphabets in use here: Latin, Greek, Cyrillic. */
static unsigned small_letter(unsigned c)
{
    bool by_32 = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
                 (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f);
    return by_32 ? c + 32 : c >= 0x400 && c <= 0x40f ? c + 80 : c;
}

static bool is_space(unsigned c)
{
    return c == ' ' || c == '\t' || c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x3000;
}

void ht_text_fold(char *text)
{
    unsigned c;
    char *const start = text, *to = text, *end = text; /* end: behind the last that is no space */
    for (size_t n; (n = ht_utf8_decode(text, &c)) > 0; text += n) {
        char piece[5];
        if (ht_text_hidden(c) || (is_space(c) && to == start)) continue;
        size_t length = n;
        if (c == 0xfffd)
            memcpy(piece, text, n);
        else
            length = ht_utf8_encode(is_space(c) ? ' ' : small_letter(c), piece);
        memmove(to, piece, length);
        to += length;
        if (!is_space(c)) end = to;
    }
    *end = '\0';
}

/* Bytes that are no UTF-8 (also a character cut at the end) go, too. */
void ht_text_clean(char *text)
{
    unsigned c;
    char *to = text;
    for (size_t n; (n = ht_utf8_decode(text, &c)) > 0; text += n) {
        if (ht_text_obeyed(c) || (c == 0xfffd && n == 1)) {
            *to++ = '?';
        } else {
            memmove(to, text, n);
            to += n;
        }
    }
    *to = '\0';
}

void ht_text_copy(char *to, size_t size, const char *from)
{
    size_t used = 0;
    unsigned code_point;
    for (size_t n; (n = ht_utf8_decode(from + used, &code_point)) > 0 && used + n < size;) used += n;
    memmove(to, from, used);
    to[used] = '\0';
}

size_t ht_utf8_decode(const char *s, unsigned *code_point)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)s;
    *code_point = p[0];
    if (p[0] == 0) return 0;
    if (p[0] < 0x80) return 1;
    size_t n = (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;
    unsigned value = n ? p[0] & (0x7fu >> n) : 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            n = 0;
        else
            value = value << 6 | (p[i] & 0x3fu);
    }
    bool valid = n && value >= least[n] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
    *code_point = valid ? value : 0xfffd;
    return valid ? n : 1;
}

size_t ht_utf8_encode(unsigned c, char out[5])
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n] | c);
    out[n] = '\0';
    return n;
}

size_t ht_utf8_length(const char *s)
{
    size_t count = 0, n;
    unsigned code_point;
    for (; (n = ht_utf8_decode(s, &code_point)) > 0; s += n) count++;
    return count;
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
    /* A word is still itself with every third letter wrong. The dashes of an option are no letters. */
    return (ht_guess){.given = given, .distance = 2 + (int)strnlen(given + strspn(given, "-"), 63) / 3};
}

void ht_guess_offer_as(ht_guess *guess, const char *spelling, const char *name)
{
    int distance = ht_text_distance(guess->given, spelling);
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
