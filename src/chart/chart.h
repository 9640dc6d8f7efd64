/* chart.h - the chart model: series, axes, marks, legend. A panel fills one; the terminal and the PNG draw
 * the same.
 *
 * Data coordinates are doubles. Nothing here knows about cells or pixels. Owned by one thread (the UI). */
#ifndef HT_CHART_CHART_H
#define HT_CHART_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"
#include "chart/role.h"

typedef enum ht_scale { HT_SCALE_LINEAR, HT_SCALE_LOG } ht_scale;

typedef struct ht_axis {
    ht_scale scale;
    double low, high; /* low < high, both finite; > 0 on a log axis. Set by ht_axis_fit or by the panel */
    bool integer;     /* ticks only at whole numbers (steps, neurons) */
    bool fixed;       /* a fraction 0..1 and the like: ht_axis_fit leaves it alone */
    char label[40];   /* with the unit: "step", "|w|" */
} ht_axis;

typedef struct ht_tick {
    double value;
    bool major;     /* minor ticks of a log axis have no label */
    char label[24]; /* "0.01", "12k"; "10⁻⁴" and "5·10⁻⁴" if one of the axis needs it */
} ht_tick;

enum { HT_TICK_MAX = 64 };

/* Widens the range (a zeroed axis has none) to hold [low, high] and rounds it outwards to ticks (whole
 * decades or 1-2-5 on a log axis). Non-finite input, an empty or a one-point range give a sane axis. */
void ht_axis_fit(ht_axis *axis, double low, double high);

/* Round ticks (1, 2, 5 × 10^k; decades on a log axis, thinned when there are too many), at most `wanted`
 * major ones; returns how many were written to ticks[HT_TICK_MAX]. */
int ht_axis_ticks(const ht_axis *axis, int wanted, ht_tick ticks[HT_TICK_MAX]);

/* Where `value` lies: 0 at low, 1 at high, outside that range beyond the axis. NaN for a value a log axis
 * cannot show. */
double ht_axis_position(const ht_axis *axis, double value);
double ht_axis_value(const ht_axis *axis, double position); /* the inverse */

typedef enum ht_mark_kind {
    HT_MARK_LINE, /* polyline through (x, high); a non-finite value breaks it and is marked at the top edge */
    HT_MARK_RANGE,    /* the min/max envelope of a curve: vertical strokes low..high at each x, joined so that
                         the curve is  continuous; a spike one bucket wide stays visible */
    HT_MARK_BAND,     /* the area between low and high: a confidence band */
    HT_MARK_BARS,     /* a histogram: bar i spans x[i]..x[i+1] (count+1 edges) from the axis' low end up to
                         high[i] */
    HT_MARK_POINTS,   /* single points */
    HT_MARK_WHISKERS, /* error bars: a stroke low..high at each x */
    HT_MARK_EXTREMES, /* single dots at low and at high of each x; those far off do not stretch the axis */
    HT_MARK_HEAT,     /* a heat map: column i spans x[i]..x[i+1], row k y[k]..y[k+1]; high[i × rows + k] */
} ht_mark_kind;

typedef struct ht_series {
    ht_mark_kind kind;
    ht_role role;
    ht_dash dash;  /* LINE, RANGE */
    char tag;      /* LINE: this letter A … or digit 1 … stands on the line; 0: none */
    double tag_x;  /* LINE: where, if it is in the range of x; otherwise each has its own place */
    bool steps;    /* LINE: a value holds until the next one; dots where those are far apart */
    int middle_of; /* LINE: each point is the median of so many values or more; 1: it is one itself, and the
                      read-out tells the nearest, with its step. 0: neither */
    bool marks_x;  /* POINTS: their heights say nothing; the read-out tells where they are */
    int count;
    double least, most; /* the series stretches the y axis no farther than these; 0, 0: as far as it goes */
    double *x, *low, *high; /* (count); x has count + 1 for BARS; low is NULL where the kind has none */
    int rows;               /* HEAT: count × rows values in `high`, 0: nothing there */
    double *y;              /* HEAT: rows + 1 edges */
    char name[40];          /* in the legend; "" keeps it out */
    char value[24];         /* the latest value, printed beside the name: "0.031" */
    char said[80];          /* what the read-out calls it where that is not its name; of a BAND what it holds:
                               "95 %", told with the line of its role */
} ht_series;

typedef struct ht_line_mark { /* a full-height or full-width line with a label: a threshold, a changed
                                 parameter */
    bool vertical;
    double at;
    ht_role role;
    int number; /* vertical, not 0: the user's label of this number, a tick at the foot of the plot; its words
                   stand beside it where nothing is */
    char label[72];
} ht_line_mark;

/* What stands at the left of a row, in place of a tick of the y axis. */
typedef struct ht_chart_row {
    ht_role role;
    char name[24], value[24]; /* left and right */
} ht_chart_row;

enum {
    HT_CHART_SERIES = 24,
    HT_CHART_MARKS = 64,
    HT_CHART_READOUT = 24,
    HT_CHART_ROWS = 12,
    HT_CHART_PLACES = 16
};

/* A line of the read-out where there is no room for the box: shorter, in the colour of what it is of. */
typedef struct ht_brief {
    ht_role role;
    char text[88]; /* "": not told then */
} ht_brief;

/* How much text a panel has room for on the surface that it is going to be drawn on. All 0: a terminal, where
 * a letter is a column of two sub-cells. */
typedef struct ht_chart_room {
    int columns;                                        /* of the panel */
    double (*measure)(void *surface, const char *text); /* columns of a title */
    void *surface;
} ht_chart_room;

typedef struct ht_chart {
    ht_chart_room room; /* is set before a panel fills the rest */
    char title[64];
    char hint[24];  /* right end of the title line: "log y" */
    char note[112]; /* one line under the chart: "12 weights beyond the axis" */
    bool warn;      /* the note is a warning, not a remark */
    char empty[96]; /* shown in the middle while there are no data */
    ht_axis x, y;
    int gutter;        /* columns left of the y axis at least: charts above each other line up */
    bool named_only;   /* a line that the legend has no room for is left out, not drawn without a name */
    bool large;        /* the legend stands in rows of its own, bold: for a projector */
    bool over_steps;   /* x is the step of the run: such charts share cursor and window */
    const char *unit;  /* of the values, for the read-out: "nats"; "" for mere numbers. A chart must say */
    const char *also;  /* another unit that the read-out tells values of lines in: "bits"; NULL: none … */
    double also_times; /* … which is so many of it */
    /* A plot of rows, each a thing with a name, has no y axis: row i stands at y = -i, the first on top. */
    int row_count;
    ht_chart_row rows[HT_CHART_ROWS];
    int series_count, mark_count;
    ht_series series[HT_CHART_SERIES];
    ht_line_mark marks[HT_CHART_MARKS];
    bool cursor_on; /* with the box of the read-out, if that has lines … */
    double cursor_x;
    bool own_on; /* … and the panel's own, where it has one beside it */
    double own_x;
    int readout_count; /* lines of the box beside the cursor */
    char readout[HT_CHART_READOUT][128];
    ht_brief brief[HT_CHART_READOUT]; /* of the same lines */
    /* Where dots stand side by side that are of one x: the read-out says which. 0: each dot is where it is.
     */
    int place_count;
    double place[HT_CHART_PLACES];
    struct ht_chart_block *memory; /* private: what the series point into */
} ht_chart;

/* A zeroed ht_chart is empty. ht_chart_clear empties it and keeps the memory for the next frame. */
void ht_chart_clear(ht_chart *chart);
void ht_chart_free(ht_chart *chart);

/* Columns of text that the panel has, if it decimates to so many sub-cells; and those that a title takes. */
int ht_chart_columns(const ht_chart *chart, int subcells);
double ht_chart_measure(const ht_chart *chart, const char *title);

/* Adds a series of `count` points for the caller to fill. NULL when memory or the table is full: the panel
 * then leaves it out (the frame then lacks one curve). */
ht_series *ht_chart_add(ht_chart *chart, ht_mark_kind kind, ht_role role, const char *name, int count);

/* The same for a heat map of columns × rows values. */
ht_series *ht_chart_add_heat(ht_chart *chart, const char *name, int columns, int rows);

/* The smallest and the largest positive value of a heat map: the ends of its scale of colours, which is
 * logarithmic. Both NaN if there is none. */
void ht_chart_heat_range(const ht_series *heat, double *least, double *most);

/* The place that a dot at x is of: the nearest of the chart's, x itself where it has none. */
double ht_chart_place(const ht_chart *chart, double x);

/* A label of the user's on the x axis. */
void ht_chart_label(ht_chart *chart, double at, int number, const char *text);

/* Appends a row; returns its y, NaN when there is no room for it. */
double ht_chart_add_row(ht_chart *chart, ht_role role, const char *name, const char *value);

void ht_chart_mark(ht_chart *chart, bool vertical, double at, ht_role role, const char *label);

/* Fits both axes (unless `fixed`) to the finite values of all series within their limits; marks do not
 * stretch them. EXTREMES without limits stretch the y axis to at most three times of what the other series
 * need, one such length at either side (of a decade at least). What lies beyond the axis is marked at its
 * edge. */
void ht_chart_fit(ht_chart *chart);

#endif
