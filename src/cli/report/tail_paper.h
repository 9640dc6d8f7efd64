/* tail_paper.h - mmo-paper over the layers of a file, as the code published with arXiv 2106.03795 has it: of
 * convolutions the kernels (one by one, or whole filters) as rows, of dense layers the rows, of the last
 * layer the columns; then median, mean and least. Layers are the tensors whose names end in "weight" or
 * "kernel". */
#ifndef HT_CLI_REPORT_TAIL_PAPER_H
#define HT_CLI_REPORT_TAIL_PAPER_H

#include <jansson.h>

#include "base/text.h"
#include "heavytail/tail.h"
#include "weights/tensor.h"

typedef struct ht_paper_layer {
    char name[512];
    const char *as;        /* "kernels", "rows", "columns" */
    double kernel, filter; /* NaN: no estimate */
} ht_paper_layer;

/* Zero-initialize; ht_tail_paper_free when done. */
typedef struct ht_tail_paper {
    size_t count, room;
    ht_paper_layer *layer;
} ht_tail_paper;

/* A tensor that was looked at; `rows` is of its rows, `kernels` of its kernels where it has such of several
 * numbers. One that is no layer is not added. */
ht_code ht_tail_paper_add(ht_tail_paper *paper, const ht_file_tensor *tensor, const ht_estimate *rows,
                          const ht_estimate *kernels, const ht_tail_options *options, ht_error *err);
/* The last one, read again, by its columns. */
ht_code ht_tail_paper_turn(ht_tail_paper *paper, const ht_file_tensor *tensor, const ht_tail_options *options,
                           ht_error *err);

/* Of two layers or more; NULL and nothing of fewer. */
json_t *ht_tail_paper_json(const ht_tail_paper *paper, ht_error *err);
ht_code ht_tail_paper_table(const ht_tail_paper *paper, ht_text *to, ht_error *err);

void ht_tail_paper_free(ht_tail_paper *paper);

#endif
