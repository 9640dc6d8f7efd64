/* chain.h - the order of the layers of a network of others, whose file is a heap of matrices: writers sort by
 * type, by name, or not at all. Shapes must chain: what one gives out the next takes in. Where several orders
 * do, names decide as far as they count; where they do not, nobody guesses. Pure. */
#ifndef HT_WEIGHTS_CHAIN_H
#define HT_WEIGHTS_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/notes.h"
#include "weights/tensor_name.h"
#include "heavytail/network.h"
#include "heavytail/status.h"

enum { HT_CHAIN_MAX = HT_WEIGHTS_MAX };

typedef struct ht_link {
    const char *name;
    ht_name_role role;
    size_t rows, columns, bias; /* bias: its length, 0 for none */
} ht_link;

typedef struct ht_chain {
    int count, order[HT_CHAIN_MAX]; /* numbers of links, first layer first */
    bool turned;                    /* they are stored (inputs × outputs) */
} ht_chain;

/* Which ways round are possible, ways[1] being (inputs × outputs): biases are as long as what a layer gives
 * out; where they leave both, the custom of the names decides, and names without one leave it open. */
void ht_chain_ways(const ht_link *links, int count, bool ways[2]);

/* All `count` links as a chain; or, when `order` ("a,b,c": names, or names without ".weight") is given, those
 * alone, the others being noted. What was not plain from the file is noted. HT_FAIL says which orders fit
 * when there are several, or why none does; HT_USAGE for an order that cannot be. */
ht_code ht_chain_find(const char *path, const ht_link *links, int count, const char *order, ht_chain *chain,
                      ht_notes *notes, ht_error *err);

#endif
