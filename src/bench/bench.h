/* bench.h - the parts of `heavytail bench`. Each measures in one run and fills an array of JSON rows. */
#ifndef HT_BENCH_BENCH_H
#define HT_BENCH_BENCH_H

#include <jansson.h>
#include <stdbool.h>

#include "heavytail/status.h"

enum { HT_BENCH_ROUNDS = 9 };

typedef struct ht_bench_part {
    const char *name;
    ht_code (*run)(json_t *rows, ht_error *err);
    void (*print)(const json_t *rows); /* as a table for people */
    bool single;                       /* one object, not an array of rows */
} ht_bench_part;

/* One line each: they are in the table of cmd_bench.c. */
extern const ht_bench_part ht_bench_noise;
extern const ht_bench_part ht_bench_law;
extern const ht_bench_part ht_bench_step;
extern const ht_bench_part ht_bench_layers;
extern const ht_bench_part ht_bench_tail;
extern const ht_bench_part ht_bench_prune;
extern const ht_bench_part ht_bench_sweep;
extern const ht_bench_part ht_bench_ui;
extern const ht_bench_part ht_bench_live;
extern const ht_bench_part ht_bench_quality;
extern const ht_bench_part ht_bench_width;

void ht_bench_live_quick(void);                  /* a tenth of the time: for tests */
void ht_bench_live_row(int row);                 /* 1 or 2: only that; else both */
void ht_bench_quality_samples(int count);        /* how many samples of each law; few unless asked for */
void ht_bench_width_seeds(int first, int count); /* train.seed of its sweeps; 1 alone unless asked for */
void ht_bench_width_runs(int runs);              /* of each; else what a minute gives */

/* Median seconds of each of `count` runs, taken in turn (a b c a b c …) so that a slow moment of the machine
 * affects all alike; the first turn warms up and is not counted. count ≤ 8. */
typedef ht_code ht_bench_run(void *context, ht_error *err);
ht_code ht_bench_medians(ht_bench_run *const run[], void *const context[], int count, double seconds[],
                         ht_error *err);

/* The same in seconds that the calling thread computed: what else the machine does then matters less. */
ht_code ht_bench_computing_medians(ht_bench_run *const run[], void *const context[], int count,
                                   double seconds[], ht_error *err);

/* An ht_bench_run: fused multiply-adds and nothing else, on all threads of a pool; the context says of it. */
typedef struct ht_bench_peak {
    struct ht_pool *pool;
    double flops; /* of the last one */
} ht_bench_peak;

ht_bench_run ht_bench_fused_peak;

double ht_bench_median(double values[], int count); /* sorts them; 0 if there are none */
/* `key`: the median of count > 0 values, sorted on return; `key`_low and `key`_high: its interval of at least
 * 95 %, read off their ranks (of fewer than six: from the least to the largest). */
void ht_bench_put_spread(json_t *row, const char *key, double values[], int count);

/* Speeds with something, each against those without it before and after: of turns between two that differ by
 * more than a tenth nothing is known but that the machine's own speed changed. */
enum { HT_BENCH_TURNS = 40 };
typedef struct ht_bench_ratios {
    int turns, steady;
    double all[HT_BENCH_TURNS], of_steady[HT_BENCH_TURNS];
} ht_bench_ratios;

void ht_bench_add_ratio(ht_bench_ratios *ratios, double before, double with, double after);

/* As ht_bench_put_spread, of the steady turns, or of all where fewer than three are; `key`_turns: how many.
 */
void ht_bench_put_ratios(json_t *row, const char *key, ht_bench_ratios *ratios);

void ht_bench_spread_text(char *to, size_t size, const json_t *row,
                          const char *key); /* without one: the number */
double ht_bench_number(const json_t *row, const char *key);
const char *ht_bench_text(const json_t *row, const char *key);

#endif
