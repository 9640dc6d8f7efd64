/* lab_lesson_values.c - what is known now of the quantities that lessons speak of (lesson/quantities.def). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/lab_handlers.h"
#include "experiment/width_plan.h"
#include "view/ghost.h"
#include "view/view.h"

/* A look at everything, of weights that stand still. */
static bool measured(const ht_model *m)
{
    return m->report.count > 0 && m->report.step == m->step && m->report.generation == m->generation &&
           m->report.samples == m->report.samples_of && m->state != HT_STATE_RUNNING;
}

/* ---- the run, its twin, a ghost ---------------------------------------------------------------- */

typedef struct measured_of { /* the same quantities of the run and of its twin */
    ht_quantity accuracy, kappa, mmo, hill;
} measured_of;

static void take_measured(const ht_model *m, measured_of q, ht_lesson_values *v)
{
    if (!m || !measured(m)) return;
    v->number[q.accuracy] = m->report.full.accuracy;
    v->number[q.kappa] = m->report.pruned.ratio;
    v->number[q.mmo] = m->report.tail.now[HT_MMO].value;
    v->number[q.hill] = m->report.tail.now[HT_HILL].value;
}

static void take_pruned(const ht_report *r, ht_lesson_values *v)
{
    const double FIFTH = 0.2;
    const ht_prune_look *node = &r->look[HT_PRUNE_NODE];
    v->number[HT_QUANTITY_PRUNED_ACCURACY] = r->pruned.accuracy;
    v->number[HT_QUANTITY_REMOVED] = 1 - r->left;
    for (int i = 0; i < node->count && node->step == r->step; i++)
        if (node->points[i].ratio >= FIFTH) {
            v->number[HT_QUANTITY_FIFTH_ACCURACY] = node->points[i].accuracy;
            return;
        }
}

static void take_rows(const ht_report *r, ht_lesson_values *v)
{
    const ht_strongest *s = &r->strongest;
    double largest = 0, sum = 0;
    if (r->tail.looked && r->tail.picture_step == r->step && r->tail.rows.layers > 0)
        v->number[HT_QUANTITY_ROWS] = r->tail.rows.median;
    for (int j = 0; s->count > 0 && s->drawn == HT_DRAWN_WEIGHTS && j < s->values; j++) {
        double square = (double)s->value[j] * (double)s->value[j];
        largest = fmax(largest, square);
        sum += square;
    }
    if (sum > 0) v->number[HT_QUANTITY_GIANT] = largest / sum;
}

/* Of the one pinned last; the twin is none of these. */
static void take_ghost(const ht_model *m, ht_lesson_values *v)
{
    const ht_ghost *ghost = ht_ghost_newest(m);
    if (!ghost || ghost->twin) return;
    v->number[HT_QUANTITY_GHOST_ACCURACY] = ghost->test_accuracy;
    v->number[HT_QUANTITY_GHOST_KAPPA] = ht_model_kappa_of(&ghost->report).value;
}

/* ---- the width sweep --------------------------------------------------------------------------- */

enum { FIRST = 8 }; /* the runs that are looked at, so that what a lesson says does not depend on when */

static int narrow_count(const ht_width_sweep_state *s)
{
    const int NARROW = 1000;
    int count = 0;
    while (count < s->widths && s->noisy[count].width <= NARROW) count++;
    return count;
}

/* How many of the first runs every narrow width has. */
static int seeds_done(const ht_width_sweep_state *s)
{
    int least = FIRST;
    for (int i = 0; i < narrow_count(s); i++) {
        int done = 0;
        while (done < FIRST && s->noisy[i].ended[done]) done++;
        if (done < least) least = done;
    }
    return least;
}

/* Of all ways to choose three of the runs at one width and three at another: the share in which the median of
 * the wide ones is below that of the narrow ones. That the i-th smallest of n is the median of three happens
 * in i (n - 1 - i) ways. */
static double share_opposite(const double *narrow, const double *wide, int n)
{
    double opposite = 0, all = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double ways = (double)(i * (n - 1 - i)) * (j * (n - 1 - j));
            all += ways;
            opposite += wide[j] < narrow[i] ? ways : 0;
        }
    return opposite / all;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* κ of the first runs, upwards; false when one of them diverged. */
static bool sorted_kappas(const ht_width_point *point, double kappas[FIRST])
{
    for (int i = 0; i < FIRST; i++)
        if (isnan(point->ratio[i])) return false;
    memcpy(kappas, point->ratio, FIRST * sizeof *kappas);
    qsort(kappas, FIRST, sizeof *kappas, by_value);
    return true;
}

/* At the two widest of the narrow widths, of which one is about twice the other. */
static void take_kappas(const ht_width_sweep_state *s, ht_lesson_values *v)
{
    double narrow[FIRST], wide[FIRST];
    int last = narrow_count(s) - 1;
    if (!sorted_kappas(&s->noisy[last - 1], narrow) || !sorted_kappas(&s->noisy[last], wide)) return;
    v->number[HT_QUANTITY_WIDTH_LEAST] = wide[0];
    v->number[HT_QUANTITY_WIDTH_MOST] = wide[FIRST - 1];
    v->number[HT_QUANTITY_WIDTH_OPPOSITE] = share_opposite(narrow, wide, FIRST);
}

/* The newest width sweep, if it is one of the settings of this run; NULL. */
static const ht_width_sweep_state *sweep_of(const ht_lab *lab)
{
    const ht_model *m = lab->model;
    const ht_width_sweep_state *s = m->width_sweep_count ? &m->width_sweep[m->width_sweep_count - 1] : NULL;
    const ht_params own = ht_width_settings(&m->asked, lab->session->data);
    return s && narrow_count(s) > 1 && ht_width_sweep_same(&s->params, &own, true) ? s : NULL;
}

static void take_width(const ht_lab *lab, ht_lesson_values *v)
{
    const ht_width_sweep_state *s = sweep_of(lab);
    if (!s) return;
    const ht_summary *low = &s->predicted[0].ratio, *high = &s->predicted[s->widths - 1].ratio;
    v->number[HT_QUANTITY_WIDTH_SEEDS] = seeds_done(s);
    v->number[HT_QUANTITY_WIDTH_RUNNING] = s->running ? 1 : 0;
    if (low->count > 0 && high->count > 0) {
        v->number[HT_QUANTITY_WIDTH_PREDICTED_LOW] = low->median;
        v->number[HT_QUANTITY_WIDTH_PREDICTED_HIGH] = high->median;
    }
    if (seeds_done(s) == FIRST) take_kappas(s, v);
}

/* ---- the comparison of methods ----------------------------------------------------------------- */

/* "kept.factors-2", "test.factors-2", "rows.plain", "kappa.iid": what the method of this name gave. */
static void take_method(const ht_method_state *method, ht_lesson_values *v)
{
    const struct {
        const char *begin;
        double value;
    } gave[] = {{"kept.", method->kept},
                {"test.", method->test.accuracy},
                {"rows.", method->rows},
                {"kappa.", method->kappa}};
    for (int q = 0; q < HT_QUANTITIES; q++)
        for (size_t i = 0; i < sizeof gave / sizeof gave[0]; i++) {
            const char *name = ht_quantity_name((ht_quantity)q);
            size_t length = strlen(gave[i].begin);
            if (strncmp(name, gave[i].begin, length) == 0 && strcmp(name + length, method->name) == 0)
                v->number[q] = gave[i].value;
        }
}

static void take_compare(const ht_compare_state *s, ht_lesson_values *v)
{
    v->number[HT_QUANTITY_COMPARE_DONE] = s->running ? 0 : s->done;
    for (int i = 0; i < s->count; i++)
        if (s->method[i].stage == HT_METHOD_DONE) take_method(&s->method[i], v);
}

/* ---- all ---------------------------------------------------------------------------------------- */

static void take_settings(const ht_model *m, ht_lesson_values *v)
{
    v->number[HT_QUANTITY_STEP] = (double)m->step;
    v->number[HT_QUANTITY_ALPHA] = ht_params_get(&m->asked, HT_P_NOISE_ALPHA);
    v->number[HT_QUANTITY_SIGMA] = ht_params_get(&m->asked, HT_P_NOISE_SCALE);
    v->number[HT_QUANTITY_GHOSTS] = m->ghost_count;
    v->word[HT_QUANTITY_NOISE] =
        ht_param_choice(HT_P_NOISE_TYPE, (int)ht_params_get(&m->asked, HT_P_NOISE_TYPE));
    v->word[HT_QUANTITY_VIEW] = ht_view_at(m->view)->name;
}

void ht_lab_lesson_values(const ht_lab *lab, ht_lesson_values *v)
{
    const ht_model *m = lab->model, *twin = ht_lab_twin_model(lab);
    for (int q = 0; q < HT_QUANTITIES; q++) v->number[q] = NAN, v->word[q] = NULL;
    take_measured(
        m, (measured_of){HT_QUANTITY_ACCURACY, HT_QUANTITY_KAPPA, HT_QUANTITY_MMO, HT_QUANTITY_HILL}, v);
    if (measured(m)) take_pruned(&m->report, v), take_rows(&m->report, v);
    if (twin && twin->step == m->step)
        take_measured(twin,
                      (measured_of){HT_QUANTITY_TWIN_ACCURACY, HT_QUANTITY_TWIN_KAPPA, HT_QUANTITY_TWIN_MMO,
                                    HT_QUANTITY_TWIN_HILL},
                      v);
    if (twin) v->number[HT_QUANTITY_TWIN_STEP] = (double)twin->step;
    take_settings(m, v);
    take_ghost(m, v);
    take_width(lab, v);
    take_compare(&m->compare, v);
}
