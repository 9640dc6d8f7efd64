/* branches.h - metrics.csv holds the rows of one path: from the start of the run to its checkpoint. While a
 * session goes back and forth, metrics.branches holds the rows of all paths, so that metrics.csv can be made
 * again for any of them. Part of rundir.c.
 *
 *   #B,J,S    from here on the rows of the branch that began with change B of the run: it goes on from the
 *             state of step S in which change J was the last. The first branch goes on from itself; its rows
 *             are those that metrics.csv had.
 *   S,...     a row, as in metrics.csv
 *
 * Branches are never taken up again (going back to one begins another), so that rows stand together and
 * numbers rise. Written to only after the first time back; gone when the session ends. */
#ifndef HT_ENGINE_RUN_BRANCHES_H
#define HT_ENGINE_RUN_BRANCHES_H

#include "engine/run/runfiles.h"

extern const char ht_metrics_header[];

/* The lines before the first that begins a branch: their bytes. *last: the last branch begun, else as is. */
size_t ht_branches_scan(const char *lines, size_t size, uint64_t *last);

/* Makes metrics.branches of metrics.csv: all of its rows are of branch `base`. */
ht_code ht_branches_make(ht_runfiles *files, uint64_t base, ht_error *err);

/* The first branch. metrics.branches must be held, here and below. */
ht_code ht_branches_first(const ht_runfiles *files, uint64_t *base, ht_error *err);

/* Rewrites metrics.csv, by renaming, as that of the path to the state after change `revision`, with rows up
 * to `step`. *shown: the branch it is of; when it is that already the file is left as it is. Memory is needed
 * for the branches, not for the rows. */
ht_code ht_branches_show(ht_runfiles *files, uint64_t revision, uint64_t step, uint64_t *shown,
                         ht_error *err);

#endif
