#include "render/glyphs.h"

#include <string.h>

#include "base/text.h"

/* ---- text -------------------------------------------------------------------------------------- */

static bool in(unsigned c, unsigned low, unsigned high)
{
    return c >= low && c <= high;
}

/* Combining marks, zero-width and bidirectional controls: they would shift or reorder everything after them.
 */
static bool is_invisible(unsigned c)
{
    return in(c, 0x300, 0x36f) || in(c, 0x200b, 0x200f) || in(c, 0x202a, 0x202e) || in(c, 0x2060, 0x206f) ||
           in(c, 0xfe00, 0xfe0f) || c == 0xfeff || c == 0xad;
}

/* East Asian scripts, and what is drawn as emoji without being asked (Unicode's width W and F). */
bool ht_glyph_is_wide(uint32_t c)
{
    static const uint32_t wide[][2] = {
        {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},
        {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2630, 0x2637},   {0x2648, 0x2653},
        {0x267f, 0x267f},   {0x268a, 0x268f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},
        {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},
        {0x26f2, 0x26f3},   {0x26f5, 0x26f5},   {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},
        {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},
        {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},
        {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},
        {0x16fe0, 0x18cff}, {0x18d00, 0x18d1e}, {0x1aff0, 0x1b2fb}, {0x1d300, 0x1d376}, {0x1f004, 0x1f004},
        {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1faff}, {0x20000, 0x3fffd}};
    if (c < 0x1100 || in(c, 0x2400, 0x25fc) || in(c, 0x2800, 0x28ff)) return false; /* most of a screen */
    for (size_t i = 0; i < sizeof wide / sizeof wide[0] && c >= wide[i][0]; i++)
        if (c <= wide[i][1]) return true;
    return false;
}

/* The character as it is shown, or 0 if it is not. */
static unsigned shown(unsigned c)
{
    if (c < 0x20 || in(c, 0x7f, 0x9f)) return '?';
    if (c == 0xa0 || c == 0x2009 || c == 0x202f) return ' '; /* spaces that do not break */
    return is_invisible(c) ? 0 : c;
}

/* Digit or sign of a superscript, or 0. */
static char superscript(unsigned c)
{
    static const unsigned digits[] = {0x2070, 0xb9,   0xb2,   0xb3,   0x2074,
                                      0x2075, 0x2076, 0x2077, 0x2078, 0x2079};
    for (int i = 0; i < 10; i++)
        if (c == digits[i]) return (char)('0' + i);
    return c == 0x207b ? '-' : c == 0x207a ? '+' : 0;
}

static const char *spelled(unsigned c)
{
    static const struct {
        unsigned c;
        const char *ascii;
    } table[] = {
        {0x3b1, "a"},    {0x3b2, "b"},     {0x3b3, "gamma"},  {0x3b4, "d"},      {0x3b5, "e"},
        {0x3b7, "eta"},  {0x3b8, "theta"}, {0x3ba, "k"},      {0x3bb, "lambda"}, {0x3bc, "mu"},
        {0x3be, "xi"},   {0x3c0, "pi"},    {0x3c1, "rho"},    {0x3c3, "s"},      {0x3c4, "tau"},
        {0x3c6, "phi"},  {0x394, "D"},     {0x3a3, "S"},      {0xb5, "u"},       {0xb7, "."},
        {0xb1, "+-"},    {0xd7, "x"},      {0xf7, "/"},       {0xb0, "deg"},     {0x2026, "..."},
        {0x2212, "-"},   {0x2013, "-"},    {0x2014, "-"},     {0x2016, "|"},     {0x2018, "'"},
        {0x2019, "'"},   {0x201c, "\""},   {0x201d, "\""},    {0x2022, "*"},     {0x2032, "'"},
        {0x2039, "<"},   {0x203a, ">"},    {0x2190, "<"},     {0x2191, "^"},     {0x2192, ">"},
        {0x2193, "v"},   {0x2194, "<>"},   {0x21b5, "Enter"}, {0x2207, "grad"},  {0x221a, "sqrt"},
        {0x221e, "inf"}, {0x2248, "~"},    {0x2260, "!="},    {0x2264, "<="},    {0x2265, ">="},
        {0x226a, "<<"},  {0x226b, ">>"},   {0x25aa, "o"},     {0x25a0, "#"},     {0x25a1, "o"},
        {0x25b2, "^"},   {0x25b4, "^"},    {0x25b6, ">"},     {0x25b8, ">"},     {0x25bc, "v"},
        {0x25be, "v"},   {0x25c0, "<"},    {0x25c2, "<"},     {0x25c6, "*"},     {0x25cb, "o"},
        {0x25cf, "*"},   {0x2591, "."},    {0x2592, ":"},     {0x2593, "#"},     {0x2588, "#"},
        {0x2580, "\""},  {0x2713, "+"},    {0x2714, "+"},     {0x2717, "x"},     {0x2718, "x"},
        {0x2605, "*"},   {0x2606, "*"},    {0x2113, "l"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].c == c) return table[i].ascii;
    if (in(c, 0x2581, 0x2587)) return c < 0x2583 ? "." : c < 0x2586 ? ":" : "#";
    if (in(c, 0x2080, 0x2089)) { /* subscripts */
        static const char *const digits[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
        return digits[c - 0x2080];
    }
    return NULL;
}

/* Lines and corners that stand in a text. */
static char drawn(unsigned c)
{
    static const unsigned horizontal[] = {0x2500, 0x2501, 0x2504, 0x2505, 0x2508,
                                          0x2509, 0x254c, 0x254d, 0x2550};
    static const unsigned vertical[] = {0x2502, 0x2503, 0x2506, 0x2507, 0x250a,
                                        0x250b, 0x254e, 0x254f, 0x2551};
    for (size_t i = 0; i < sizeof horizontal / sizeof horizontal[0]; i++) {
        if (c == horizontal[i]) return '-';
        if (c == vertical[i]) return '|';
    }
    if (in(c, 0x2500, 0x257f)) return '+';
    return in(c, 0x2801, 0x28ff) ? (char)ht_glyph_ascii_dots(c - 0x2800) : '?';
}

typedef struct output {
    uint32_t *glyphs;
    size_t count, limit;
    bool raised; /* the character before was a superscript */
} output;

static void put(output *o, uint32_t glyph)
{
    if (o->count < o->limit) o->glyphs[o->count++] = glyph;
}

/* 10⁻⁴ becomes 1e-4, which is as long; any other power x², x^2. */
static void put_superscript(output *o, char digit)
{
    size_t n = o->count;
    bool ten = n >= 2 && o->glyphs[n - 1] == '0' && o->glyphs[n - 2] == '1' &&
               (n == 2 || !in(o->glyphs[n - 3], '.', '9'));
    if (!o->raised && ten)
        o->glyphs[n - 1] = 'e';
    else if (!o->raised)
        put(o, '^');
    put(o, (uint32_t)(unsigned char)digit);
    o->raised = true;
}

static void put_ascii(output *o, unsigned c)
{
    char digit = superscript(c);
    if (digit) {
        put_superscript(o, digit);
        return;
    }
    o->raised = false;
    const char *word = c < 0x80 ? NULL : spelled(c);
    if (c < 0x80)
        put(o, c);
    else if (word)
        while (*word) put(o, (uint32_t)(unsigned char)*word++);
    else
        put(o, (uint32_t)(unsigned char)drawn(c));
}

size_t ht_glyphs_from_text(const char *text, bool ascii, uint32_t *glyphs, size_t limit)
{
    output o = {.glyphs = glyphs, .limit = limit};
    unsigned c;
    for (size_t n; (n = ht_utf8_decode(text, &c)) > 0; text += n) {
        if ((c = shown(c)) == 0) continue;
        if (ascii)
            put_ascii(&o, c);
        else
            put(&o, c);
        if (!ascii && ht_glyph_is_wide(c)) put(&o, HT_GLYPH_TAIL);
    }
    return o.count;
}

void ht_glyphs_clean(const char *text, char *to, size_t size)
{
    size_t used = 0;
    unsigned c;
    for (size_t n; (n = ht_utf8_decode(text, &c)) > 0; text += n) {
        char bytes[5];
        if ((c = shown(c)) == 0) continue;
        size_t length = ht_utf8_encode(c, bytes);
        if (used + length >= size) break;
        memcpy(to + used, bytes, length);
        used += length;
    }
    to[used] = '\0';
}

/* ---- lines and dots ---------------------------------------------------------------------------- */

uint32_t ht_glyph_box(unsigned box, bool ascii)
{
    static const uint32_t light[] = {' ',    0x2502, 0x2502, 0x2502, 0x2500, 0x2518, 0x2510, 0x2524,
                                     0x2500, 0x2514, 0x250c, 0x251c, 0x2500, 0x2534, 0x252c, 0x253c};
    unsigned mask = box & 15;
    bool upright = !(mask & (HT_BOX_LEFT | HT_BOX_RIGHT)), flat = !(mask & (HT_BOX_UP | HT_BOX_DOWN));
    if (ascii) return mask == 0 ? ' ' : upright ? (box & HT_BOX_DOTTED ? ':' : '|') : flat ? '-' : '+';
    if (box & HT_BOX_DOTTED && mask && upright) return 0x254e;
    if (box & HT_BOX_DOTTED && mask && flat) return 0x254c;
    if (box & HT_BOX_ROUND) {
        if (mask == (HT_BOX_DOWN | HT_BOX_RIGHT)) return 0x256d;
        if (mask == (HT_BOX_DOWN | HT_BOX_LEFT)) return 0x256e;
        if (mask == (HT_BOX_UP | HT_BOX_LEFT)) return 0x256f;
        if (mask == (HT_BOX_UP | HT_BOX_RIGHT)) return 0x2570;
    }
    return light[mask];
}

unsigned ht_glyph_dot(int column, int row)
{
    static const unsigned char bits[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
    return bits[column & 1][row & 3];
}

enum { LEFT_DOTS = 0x47, RIGHT_DOTS = 0xb8, TOP_DOTS = 0x09, UPPER_DOTS = 0x1b, LOWER_DOTS = 0xe4 };

uint32_t ht_glyph_quadrant(unsigned dots)
{
    static const uint32_t quadrants[] = {' ',    0x2598, 0x259d, 0x2580, 0x2596, 0x258c, 0x259e, 0x259b,
                                         0x2597, 0x259a, 0x2590, 0x259c, 0x2584, 0x2599, 0x259f, 0x2588};
    unsigned mask = 0;
    if (dots & UPPER_DOTS & LEFT_DOTS) mask |= 1;
    if (dots & UPPER_DOTS & RIGHT_DOTS) mask |= 2;
    if (dots & LOWER_DOTS & LEFT_DOTS) mask |= 4;
    if (dots & LOWER_DOTS & RIGHT_DOTS) mask |= 8;
    return quadrants[mask];
}

uint32_t ht_glyph_ascii_dots(unsigned dots)
{
    static const unsigned rows[] = {0x09, 0x12, 0x24, 0xc0};
    int count = 0, used_rows = 0;
    for (int bit = 0; bit < 8; bit++) count += dots >> bit & 1;
    for (int row = 0; row < 4; row++) used_rows += (dots & rows[row]) != 0;
    bool one_column = !(dots & LEFT_DOTS) || !(dots & RIGHT_DOTS);
    if (count == 0) return ' ';
    if (count >= 6) return '#';
    if (one_column && used_rows >= 3) return '|';
    if (used_rows == 1 && count == 2) return dots & TOP_DOTS ? '\'' : dots & rows[3] ? '_' : '-';
    if (count == 1) return dots & UPPER_DOTS ? '\'' : '.';
    return one_column ? ':' : '*';
}

uint32_t ht_glyph_bar(int eighths, bool ascii)
{
    if (eighths <= 0) return ' ';
    if (eighths > 8) eighths = 8;
    if (ascii) return eighths <= 2 ? '.' : eighths <= 5 ? ':' : '#';
    return (uint32_t)(0x2580 + eighths);
}

bool ht_glyph_pixel(char c, int column, int row)
{
    /* Rows from the top, three bits each, the left one highest. */
    static const char known[] = "0123456789.-+%eNaIf";
    static const unsigned short pixels[] = {075557, 026227, 071747, 071717, 055711, 074717, 074757,
                                            071111, 075757, 075717, 000004, 000700, 002720, 051245,
                                            003747, 057755, 006757, 072227, 034644};
    const char *at = c ? strchr(known, c) : NULL;
    if (row < 0 || row > 4 || column < 0 || column > 2) return false;
    unsigned bits = pixels[at ? at - known : strchr(known, '-') - known];
    return bits >> (3 * (4 - row) + 2 - column) & 1;
}
