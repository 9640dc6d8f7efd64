/* details.h - `heavytail tail --details`: every estimator of every view of each tensor, one tensor after the
 * other, with its uncertainty. */
#ifndef HT_CLI_TAIL_DETAILS_H
#define HT_CLI_TAIL_DETAILS_H

#include "heavytail/tail.h"
#include "session/arguments.h"
#include "weights/tensor.h"

typedef struct ht_details_request {
    const char *path, *png;
    ht_tensor_choice choice;
    ht_tail_options options;
    bool gradients; /* of a run: the noise of its minibatch gradients instead of its weights */
    bool json;
} ht_details_request;

/* Prints; HT_FAIL also when tensors hold values that are not finite, after the others are told. */
ht_code ht_details_print(const ht_details_request *request, const ht_arguments *arguments, ht_error *err);

#endif
