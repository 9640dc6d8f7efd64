#include "view/window.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "view/watched/watched.h"

enum { LEAST = 10 }; /* steps */

/* The end of the axis: beyond the latest step by up to 1/32, so that charts move now and then, not with every
 * step: easier on the eye, and on the terminal. */
static double latest(const ht_model *m)
{
    double step = fmax(LEAST, m->frozen ? m->frozen_step : (double)m->step);
    double grid = fmax(1, exp2(floor(log2(step))) / 32);
    return ceil(step / grid) * grid;
}

void ht_window_steps(const ht_model *m, double *low, double *high)
{
    *high = isnan(m->window_end) ? latest(m) : fmin(m->window_end, latest(m));
    *low = m->window > 0 ? fmax(0, *high - m->window) : m->watched ? m->watched->first_step : 0;
    *low = fmin(*low, *high);
    if (*high - *low < LEAST) *high = *low + LEAST;
}

/* Keeps `high` within the run; at its end the window follows. */
static void set(ht_model *m, double high, double span)
{
    double end = latest(m);
    if (span >= end) {
        ht_window_whole(m);
        return;
    }
    m->window = fmax(span, LEAST);
    high = fmax(high, m->window);
    m->window_end = high >= end - 1e-3 * span ? (double)NAN : high;
}

void ht_window_zoom(ht_model *m, double factor, double about)
{
    double low, high;
    ht_window_steps(m, &low, &high);
    set(m, about + factor * (high - about), factor * (high - low));
}

void ht_window_scroll(ht_model *m, double spans)
{
    double low, high;
    ht_window_steps(m, &low, &high);
    if (m->window > 0) set(m, high + spans * m->window, m->window);
}

void ht_window_whole(ht_model *m)
{
    m->window = 0;
    m->window_end = NAN;
}

void ht_window_latest(ht_model *m)
{
    m->window_end = NAN;
}

void ht_window_label(const ht_model *m, char *to, size_t size)
{
    char steps[24];
    ht_format_grouped(steps, sizeof steps, llround(m->window));
    if (m->window <= 0)
        ht_text_copy(to, size, "step");
    else if (isnan(m->window_end))
        snprintf(to, size, "last %s steps", steps);
    else
        snprintf(to, size, "%s steps; ] later", steps);
}
