/* prune_chart.h - pruning curves as a chart: accuracy against what was removed, one method with its relative
 * error, or several over each other. Pure: from curves to a chart model. */
#ifndef HT_CHART_PRUNE_CHART_H
#define HT_CHART_PRUNE_CHART_H

#include "heavytail/prune.h"
#include "chart/chart.h"

enum { HT_PRUNE_LINES = 8 };

/* What a curve is drawn against, as the fraction that is removed. */
typedef enum ht_prune_axis { HT_BY_UNITS, HT_BY_WEIGHTS, HT_BY_COMPUTE } ht_prune_axis;

/* Of several curves, which stand at equal size: as ui.axis says. */
ht_prune_axis ht_prune_axis_of(const ht_params *params);
const char *ht_prune_axis_word(ht_prune_axis axis); /* "weights" */

typedef struct ht_prune_line { /* one curve; all borrowed */
    ht_prune_method method;
    int count;
    const ht_prune_point *points; /* by rising ratio */
    const ht_prune_point *at;     /* where the spec cuts; NULL: not marked */
    const char *name;             /* in the legend; NULL: the method's */
    const char *unit;             /* what is removed; NULL: what the method says */
} ht_prune_line;

typedef struct ht_prune_lines {
    int count;
    ht_prune_line line[HT_PRUNE_LINES];
    ht_prune_metric metric;
    double error;       /* that `at` was cut at, drawn as a threshold; NaN: none */
    const char *split;  /* of the samples: "test" */
    ht_prune_axis axis; /* for several by weights or multiply-adds */
    bool terse;         /* κ is left out of the legend */
} ht_prune_lines;

/* The curve of a method has this role in every chart, and this digit on its line where there are several:
 * they are told apart without colours, and it is the key that chooses the method in the lab. */
ht_role ht_prune_role(ht_prune_method method);
char ht_prune_tag(ht_prune_method method);

/* Where a point stands on the x axis. */
double ht_prune_x(const ht_prune_point *point, ht_prune_axis axis);

/* Of the method's units its ratio, "κ 0.549"; on another axis, where that stands there: "κ at 0.547". */
void ht_prune_say_kappa(const ht_prune_point *at, ht_prune_axis axis, char *to, size_t size);

/* One line: against the fraction of its units, its error dotted, κ and the error marked. By weights or
 * multiply-adds, so that methods which remove different things stand at equal size: any number, a point where
 * each is cut. Series that `chart` has already stay behind them. */
void ht_prune_chart(const ht_prune_lines *lines, ht_chart *chart);

#endif
