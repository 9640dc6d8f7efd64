/* text_look.h - text sampled from the weights at hand, for the panel that shows it: as much as there is time
 * for. The analyst's thread. */
#ifndef HT_ENGINE_TEXT_LOOK_H
#define HT_ENGINE_TEXT_LOOK_H

#include "link/messages.h"
#include "heavytail/network.h"

typedef struct ht_text_order {
    uint64_t step;  /* of the weights: it is the seed, so that a run that is replayed says the same again */
    double seconds; /* of training until then */
    double temperature;
    int32_t prompt; /* the token that it begins after */
    double until;   /* on the clock: it ends then, or with HT_TEXT_TOKENS */
} ht_text_order;

/* The token that texts begin after: the end of a line, where the vocabulary has it, else a blank, else the
 * first. */
int32_t ht_text_prompt(const ht_dataset *data);

/* Goes on with *look where it is of the same step and temperature, else begins anew. Token i is drawn by a
 * number of its own (step, i): the text is the same however it is cut into pieces, and texts of two
 * temperatures are drawn by the same numbers. HT_FAIL as ht_generator_next; what there is stays good. */
ht_code ht_text_look_make(ht_text_look *look, const ht_network *net, const ht_text_order *order,
                          ht_error *err);

#endif
