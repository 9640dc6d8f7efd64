/* choice.h - which columns, from what is asked for. */
#ifndef HT_CLI_TAIL_CHOICE_H
#define HT_CLI_TAIL_CHOICE_H

#include "cli/tail/tail_table.h"

typedef struct ht_column_choice {
    int count, column[HT_TAIL_COLUMNS]; /* in the order of the table, or as asked for */
    int cost;                           /* of all of them: bits of ht_tail_cost */
    int sort;                           /* a column that is among them; -1: none */
    bool down;
} ht_column_choice;

/* The name first. Without --columns: those that text shows, for two models its numbers; in CSV and JSON all
 * that need no second spectrum and no mmo-paper. `+a,b` adds to these. HT_USAGE for an unknown column, with
 * the nearest.
 */
ht_code ht_column_choose(ht_column_choice *choice, const ht_tail_request *request, ht_error *err);

#endif
