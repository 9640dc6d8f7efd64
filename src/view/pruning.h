/* pruning.h - what the pruning view shows: which methods, in what units, and what the cursor stands on. Pure.
 *
 * One method is drawn against the fraction of its units that is removed; several against the fraction of
 * weights, so that they stand at equal size. The cursor is a place on that axis. */
#ifndef HT_VIEW_PRUNING_H
#define HT_VIEW_PRUNING_H

#include "chart/prune_chart.h"
#include "view/model.h"

/* Bit 1 << method; the one that is read in full is always among them. */
unsigned ht_pruning_shown(const ht_model *model);
ht_prune_axis ht_pruning_axis(const ht_model *model);

/* The method whose turn it is: hidden ones show and are read in full, shown ones are read in full, the one
 * that is goes (unless it is the last). */
void ht_pruning_choose(ht_model *model, ht_prune_method method);
/* The next (1) or previous (-1) shown method is read in full. */
void ht_pruning_next(ht_model *model, int direction);

/* The look at the method that is read in full; its count may be 0. */
const ht_prune_look *ht_pruning_lead(const ht_model *model);

/* The point at x or next to its left; NULL without a curve. */
const ht_prune_point *ht_pruning_at(const ht_prune_look *look, double x, ht_prune_axis axis);

/* The point that the cursor stands on, of any shown method; on κ of the one that is read in full κ itself,
 * which with several layers is no point of the curve. */
const ht_prune_point *ht_pruning_under(const ht_model *model, const ht_prune_look *look);

/* Where the cursor stands: on κ until it is moved. */
double ht_pruning_cursor(const ht_model *model);
/* Moves it: to another point, at least by 0.005, or far, by 0.05. */
void ht_pruning_move(ht_model *model, int direction, bool far);

/* What the analyst is to look at for what the screen shows. */
ht_analysis_request ht_pruning_request(const ht_model *model);

/* What x asks the trainer for: the method that is read in full, at the cursor. */
ht_prune_intent ht_pruning_intent(const ht_model *model, bool keep_mask);

/* Is κ beside the method's curve? Its layers go to the error each at its own ratio, those of the curve all at
 * the same. */
bool ht_pruning_off_curve(const ht_model *model, ht_prune_method method);

/* What the look's units are. */
const char *ht_pruning_unit(const ht_prune_look *look, ht_prune_method method);
/* "820 of 2 000 neurons" */
void ht_pruning_count(const ht_prune_look *look, ht_prune_method method, int64_t removed, char *to,
                      size_t size);

/* κ in words. `apart`: of several layers, each pruned by itself (ht_pruning_off_curve). */
void ht_pruning_words(const ht_report *report, ht_prune_method method, bool apart, char *to, size_t size);

#endif
