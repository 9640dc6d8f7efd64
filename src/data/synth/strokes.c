#include "data/synth/strokes.h"

#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const char *name, *p, *end; /* the rest of the current line */
    int line;
} reader;

static ht_code bad(const reader *in, const char *what, ht_error *err)
{
    return ht_error_set(err, HT_FAIL, "%s:%d: %s; see the top of that file for the format", in->name,
                        in->line, what);
}

static void skip_blanks(reader *in)
{
    while (in->p < in->end && (*in->p == ' ' || *in->p == '\t' || *in->p == '\r')) in->p++;
}

static bool accept(reader *in, const char *word)
{
    size_t length = strlen(word);
    skip_blanks(in);
    if ((size_t)(in->end - in->p) < length || memcmp(in->p, word, length) != 0) return false;
    in->p += length;
    return true;
}

/* A whole number 0 .. HT_STROKE_BOX. */
static bool read_number(reader *in, int *value)
{
    *value = 0;
    skip_blanks(in);
    const char *first = in->p;
    while (in->p < in->end && *in->p >= '0' && *in->p <= '9' && *value <= HT_STROKE_BOX)
        *value = *value * 10 + (*in->p++ - '0');
    return in->p > first && *value <= HT_STROKE_BOX;
}

static ht_code read_stroke(reader *in, bool curved, ht_glyphs *to, ht_error *err)
{
    if (to->count == 0) return bad(in, "a stroke comes before the first digit", err);
    ht_glyph *glyph = &to->glyphs[to->count - 1];
    if (glyph->count == HT_GLYPH_STROKES) return bad(in, "the digit has too many strokes", err);
    ht_stroke *stroke = &glyph->strokes[glyph->count++];
    stroke->curved = curved;
    for (skip_blanks(in); in->p < in->end; skip_blanks(in)) {
        int x, y;
        if (stroke->count == HT_STROKE_POINTS) return bad(in, "the stroke has too many points", err);
        if (!read_number(in, &x) || !accept(in, ",") || !read_number(in, &y))
            return bad(in, "a point is not two numbers from 0 to 100 with a comma between them", err);
        stroke->x[stroke->count] = x;
        stroke->y[stroke->count++] = y;
    }
    return stroke->count >= 2 ? HT_OK : bad(in, "a stroke needs two points", err);
}

static ht_code read_line(reader *in, ht_glyphs *to, ht_error *err)
{
    skip_blanks(in);
    if (in->p == in->end || *in->p == '#') return HT_OK;
    if (accept(in, "curve ")) return read_stroke(in, true, to, err);
    if (accept(in, "line ")) return read_stroke(in, false, to, err);
    int digit;
    if (!accept(in, "digit ") || !read_number(in, &digit) || digit > 9)
        return bad(in, "a line begins with 'digit 0' to 'digit 9', 'curve' or 'line'", err);
    if (to->count == HT_GLYPHS_MAX) return bad(in, "there are too many digits", err);
    to->glyphs[to->count++].digit = digit;
    skip_blanks(in);
    return in->p == in->end ? HT_OK : bad(in, "something follows the digit", err);
}

ht_code ht_glyphs_parse(const char *name, const char *text, ht_glyphs *to, ht_error *err)
{
    reader in = {.name = name};
    memset(to, 0, sizeof *to);
    for (const char *p = text; *p;) {
        in.p = p;
        in.end = p + strcspn(p, "\n");
        in.line++;
        p = *in.end ? in.end + 1 : in.end;
        if (read_line(&in, to, err) != HT_OK) return err->code;
    }
    bool present[10] = {false};
    for (int i = 0; i < to->count; i++) {
        if (to->glyphs[i].count == 0) return bad(&in, "a digit has no stroke", err);
        present[to->glyphs[i].digit] = true;
    }
    for (int d = 0; d < 10; d++)
        if (!present[d]) return bad(&in, "not all of the digits 0 to 9 are there", err);
    return HT_OK;
}
