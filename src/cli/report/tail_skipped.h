/* tail_skipped.h - tensors that `heavytail tail` did not look at: told by name, never dropped. */
#ifndef HT_CLI_REPORT_TAIL_SKIPPED_H
#define HT_CLI_REPORT_TAIL_SKIPPED_H

#include <jansson.h>

#include "base/notes.h"
#include "weights/safetensors.h"

/* Zero-initialize; ht_skipped_free when done. */
typedef struct ht_skipped {
    json_t *list;     /* [{"name", "dtype", "shape", "why"}], NULL without any */
    ht_notes reasons; /* the different reasons … */
    ht_text names[8]; /* … who was skipped for each, the first few, a line each … */
    size_t count[8];  /* … and how many */
} ht_skipped;

void ht_skipped_add(ht_skipped *skipped, const ht_tensor_info *info, const char *why);

/* A note for each reason: all names, or of many the first ones and how many more. */
void ht_skipped_note(const ht_skipped *skipped, const char *path, ht_notes *notes);

void ht_skipped_free(ht_skipped *skipped);

/* [16, 3, 3, 3] */
json_t *ht_shape_json(const ht_tensor_info *info);

#endif
