/* bench_quality.c - how often is an estimate called good, of laws that are known? */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "base/alloc.h"
#include "base/text.h"
#include "tail/tail_laws.h"

static int samples = 4; /* in `bench all`; --samples */

void ht_bench_quality_samples(int count)
{
    samples = count;
}

/* In the table; the others are variants of these. */
static const ht_estimator shown[] = {HT_MMO,      HT_MMO_MULTI, HT_MCCULLOCH, HT_ECF,        HT_HILL,
                                     HT_PICKANDS, HT_DEHAAN,    HT_DEKKERS,   HT_PAULAUSKAS, HT_POWERLAW};
enum { SHOWN = sizeof shown / sizeof shown[0] };

static ht_code run_law(json_t *rows, const ht_tail_law *law, ht_error *err)
{
    int good[HT_ESTIMATORS] = {0}, wrong[HT_ESTIMATORS] = {0};
    double *x = ht_alloc(law->rows, law->columns * sizeof *x, "a sample", err);
    ht_code code = x ? HT_OK : err->code;
    for (int s = 0; s < samples && code == HT_OK; s++) {
        ht_estimate e[HT_ESTIMATORS];
        code = ht_tail_law_try(law, (uint64_t)s, x, e, err);
        for (int i = 0; i < HT_ESTIMATORS && code == HT_OK; i++) {
            good[i] += e[i].quality == HT_QUALITY_GOOD;
            wrong[i] += ht_tail_law_wronged(law, &e[i]);
        }
    }
    for (int i = 0; i < HT_ESTIMATORS && code == HT_OK; i++) {
        ht_estimator e = (ht_estimator)i;
        if (ht_tail_law_asks(law, e))
            json_array_append_new(rows,
                                  json_pack("{s:s, s:s, s:i, s:i, s:i, s:b}", "law", law->name, "estimator",
                                            ht_estimator_at(e)->name, "samples", samples, "good", good[i],
                                            "wrong", wrong[i], "suits", ht_tail_law_suits(law, e)));
    }
    ht_free(x);
    return code;
}

static ht_code run_quality(json_t *rows, ht_error *err)
{
    int count;
    const ht_tail_law *law = ht_tail_laws(&count);
    for (int i = 0; i < count; i++)
        if (run_law(rows, &law[i], err) != HT_OK) return err->code;
    return HT_OK;
}

/* "97", "97!3" where three in a hundred are good and wrong. */
static void print_cell(const json_t *row)
{
    char text[24];
    double n = ht_bench_number(row, "samples") / 100;
    double good = ht_bench_number(row, "good") / n, wrong = ht_bench_number(row, "wrong") / n;
    snprintf(text, sizeof text, wrong > 0 ? "%.3g!%.3g" : "%.3g", good, wrong);
    printf("%10s", text);
}

static const json_t *find(const json_t *rows, const char *law, ht_estimator e)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(ht_bench_text(row, "law"), law) == 0 &&
            strcmp(ht_bench_text(row, "estimator"), ht_estimator_at(e)->name) == 0)
            return row;
    }
    return NULL;
}

static void print_quality(const json_t *rows)
{
    int count;
    const ht_tail_law *law = ht_tail_laws(&count);
    printf("%% of %.0f samples called good (20 000 values, or a matrix); after ! those that are wrong\n%-25s",
           ht_bench_number(json_array_get(rows, 0), "samples"), "");
    for (int e = 0; e < SHOWN; e++) printf(" %9.9s", ht_estimator_at(shown[e])->name);
    putchar('\n');
    for (int i = 0; i < count; i++) {
        printf("%s%*s", law[i].name, 25 - (int)ht_utf8_length(law[i].name), "");
        for (int e = 0; e < SHOWN; e++) {
            const json_t *row = find(rows, law[i].name, shown[e]);
            if (row)
                print_cell(row);
            else
                printf("%10s", "");
        }
        putchar('\n');
    }
}

const ht_bench_part ht_bench_quality = {.name = "quality", .run = run_quality, .print = print_quality};
