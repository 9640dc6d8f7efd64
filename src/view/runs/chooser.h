/* chooser.h - a list of directories to choose a run from. */
#ifndef HT_VIEW_RUNS_CHOOSER_H
#define HT_VIEW_RUNS_CHOOSER_H

#include <stdbool.h>
#include <stddef.h>

#include "heavytail/status.h"

enum { HT_CHOICES = 200, HT_CHOICE_PATH = 1024 };

typedef struct ht_chooser {
    bool open;
    bool (*is_run)(const char *dir); /* set by who opens it; NULL: none is known to be one */
    char path[HT_CHOICE_PATH];       /* the directory whose directories are listed */
    int count, chosen, left_out;
    struct {
        char name[128];
        bool run;         /* it holds one */
        double written;   /* when it changed last, in seconds since 1970 */
    } choice[HT_CHOICES]; /* by name; the first is "..", unless this is the root */
} ht_chooser;

/* Lists the directories in `path`: of more than there is room for those that changed last. HT_FAIL: it cannot
 * be read, and the list is as before. */
ht_code ht_chooser_list(ht_chooser *chooser, const char *path, ht_error *err);

void ht_chooser_move(ht_chooser *chooser, int by);

/* The path of the chosen one. */
ht_code ht_chooser_path(const ht_chooser *chooser, char *to, size_t size, ht_error *err);

/* Into the chosen one, or to the one above, where what was left is chosen. */
ht_code ht_chooser_enter(ht_chooser *chooser, ht_error *err);
ht_code ht_chooser_up(ht_chooser *chooser, ht_error *err);

#endif
