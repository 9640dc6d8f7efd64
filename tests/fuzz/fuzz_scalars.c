/* Metrics that a training writes, CSV or JSON lines: in pieces, and begun anew at lines "%%%%". */
#include <math.h>
#include <string.h>

#include "follow/scalars.h"
#include "fuzz/fuzz.h"

static void check_curve(const ht_scalars *s, const ht_scalar_curve *c)
{
    fuzz_require(c->count <= HT_SCALARS_ROWS && c->count <= c->read, "rows are bounded, and were read");
    fuzz_look(c->step, c->count * sizeof *c->step);
    for (size_t i = 0; i < c->count; i++)
        fuzz_require(c->step[i] >= 0 && (i == 0 || c->step[i] > c->step[i - 1]), "steps rise");
    for (int k = 0; k < HT_SCALARS_COLUMNS; k++) {
        fuzz_require(!c->column[k] || k < s->columns, "a column has a name");
        if (c->column[k]) fuzz_look(c->column[k], c->count * sizeof *c->column[k]);
        for (size_t i = 0; c->column[k] && i < c->count; i++)
            fuzz_require(!isinf(c->column[k][i]), "values are numbers");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PARTS = 3, PIECE = 97 };
    fuzz_part part[PARTS];
    ht_scalars s = {0};
    ht_notes notes = {0};
    ht_error err;
    fuzz_split(data, size, part, PARTS);
    for (int p = 0; p < PARTS; p++) {
        if (p > 0) ht_scalars_again(&s);
        for (size_t at = 0; at < part[p].size; at += PIECE) {
            size_t n = part[p].size - at < PIECE ? part[p].size - at : PIECE;
            ht_code code = ht_scalars_feed(&s, "metrics", (const char *)part[p].data + at, n, &notes, &err);
            fuzz_outcome(code, &err);
        }
    }
    fuzz_require(s.curves <= HT_SCALARS_CURVES, "ghosts are few");
    for (int c = 0; c < s.curves; c++) check_curve(&s, &s.curve[c]);
    for (int k = 0; k < s.columns; k++) {
        fuzz_require(memchr(s.name[k], '\0', HT_SCALARS_NAME) != NULL, "a name has an end");
        fuzz_require(!isinf(ht_scalars_last(&s, k)), "the last value is a number");
    }
    ht_notes_free(&notes);
    ht_scalars_free(&s);
    return 0;
}
