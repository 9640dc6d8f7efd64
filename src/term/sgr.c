#include "term/sgr.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { COLOURS = 256, LEAST = 16 }; /* the first 16 are the terminal's own, and are named otherwise */

static struct {
    bool taken[COLOURS];
    ht_colour colour[COLOURS];
    char kept[HT_SGR_KEPT]; /* the beginning of a sequence */
    size_t count;
} sgr;

void ht_sgr_forget(void)
{
    memset(sgr.taken, 0, sizeof sgr.taken);
}

static bool same(ht_colour a, ht_colour b)
{
    return a.r == b.r && a.g == b.g && a.b == b.b;
}

int ht_sgr_number(ht_colour colour)
{
    int nearest = ht_colour_256(colour);
    for (int i = 0; i < COLOURS - LEAST; i++) {
        int number = LEAST + (nearest - LEAST + i) % (COLOURS - LEAST);
        if (sgr.taken[number] && !same(sgr.colour[number], colour)) continue;
        sgr.taken[number] = true;
        sgr.colour[number] = colour;
        return number;
    }
    return nearest;
}

/* ---- what goes out ---- */

/* "38;5;n" or "48;5;n" at `text`? Tells n, and where it ends. Some descriptions have colons between. */
static const char *colour_at(const char *text, int *number)
{
    int length = 0;
    char layer;
    if (sscanf(text, "%c8%*[;:]5%*[;:]%3d%n", &layer, number, &length) != 2 || length == 0) return NULL;
    if ((layer != '3' && layer != '4') || *number < 0 || *number >= COLOURS || !sgr.taken[*number])
        return NULL;
    return strchr(";:m", text[length]) ? text + length : NULL;
}

/* A whole sequence "CSI … m", parameter by parameter. */
static size_t translate_sequence(char *out)
{
    const char *from = sgr.kept;
    size_t size = 0;
    int number;
    sgr.kept[sgr.count] = '\0';
    while (*from) {
        const char *end = from > sgr.kept && strchr("[;", from[-1]) ? colour_at(from, &number) : NULL;
        if (!end) {
            out[size++] = *from++;
            continue;
        }
        ht_colour c = sgr.colour[number];
        size += (size_t)sprintf(out + size, "%c8;2;%d;%d;%d", *from, c.r, c.g, c.b);
        from = end;
    }
    sgr.count = 0;
    return size;
}

size_t ht_sgr_flush(char *out)
{
    size_t count = sgr.count;
    memcpy(out, sgr.kept, count);
    sgr.count = 0;
    return count;
}

size_t ht_sgr_translate(const char *bytes, size_t size, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        char c = bytes[i];
        bool begun = sgr.count > 0, full = sgr.count + 2 > sizeof sgr.kept;
        if (c == '\033' || full) n += ht_sgr_flush(out + n), begun = false;
        if (c == '\033' || (begun && (sgr.count == 1 ? c == '[' : strchr("0123456789;:m", c) && c)))
            sgr.kept[sgr.count++] = c;
        else {
            n += ht_sgr_flush(out + n);
            out[n++] = c;
        }
        if (begun && sgr.count > 2 && c == 'm') n += translate_sequence(out + n);
    }
    return n;
}
