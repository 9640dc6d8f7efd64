/* shard.h - names of files that are one part of a model in several: "model-00001-of-00002.safetensors",
 * "model.safetensors-1-of-3", "model-00000-of-00004.fp16.safetensors". Pure. */
#ifndef HT_WEIGHTS_SHARD_H
#define HT_WEIGHTS_SHARD_H

#include <stdbool.h>
#include <stddef.h>

enum { HT_SHARD_NAME = 256 };

typedef struct ht_shard {
    size_t stem;         /* bytes before the number */
    size_t digits;       /* of the number, with its zeros */
    unsigned number, of; /* "number of of"; some count from 0 */
    const char *rest;    /* of the name, from behind the number: "-of-00002.safetensors" */
} ht_shard;

/* Does a file's name (no directory) say so? One part of one is a whole, and no shard. */
bool ht_shard_parse(const char *name, ht_shard *shard);

/* Are both parts of one model, by their names? */
bool ht_shard_same_model(const char *a, const char *b);

/* The name that part `number` has beside the part `name`. */
void ht_shard_name(const char *name, const ht_shard *shard, unsigned number, char to[HT_SHARD_NAME]);

#endif
