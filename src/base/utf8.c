#include "base/utf8.h"

#include <string.h>

/* U+0080 to U+009F are control characters too; U+2028 … end lines, U+202A … and U+2066 … turn the direction.
 */
static bool is_obeyed(unsigned c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* Unicode's Default_Ignorable_Code_Point, and with it the fillers and the annotations between lines; how
 * private characters look depends on the font. */
/* Is this character invisible, or of no alphabet: of no width, a soft hyphen, a variation selector, a mark of
 * direction, a tag, for private use? Two texts that differ only in such look the same. */
static bool is_hidden(unsigned c)
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

bool ht_text_is_control(unsigned c)
{
    return is_obeyed(c) || is_hidden(c);
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
        if (is_hidden(c) || (is_space(c) && to == start)) continue;
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
        if (ht_text_is_control(c) || (c == 0xfffd && n == 1)) {
            *to++ = '?';
        } else {
            memmove(to, text, n);
            to += n;
        }
    }
    *to = '\0';
}

bool ht_text_ends(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
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
