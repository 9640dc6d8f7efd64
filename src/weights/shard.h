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

/* Names that say "part" without a total: "model.part1", "mp_rank_00_model_states", "consolidated.00",
 * "model_1of2", "model-00001". Numbers of epochs, steps and the like are none. */
typedef enum ht_piece {
    HT_PIECE_NO,
    HT_PIECE_PERHAPS, /* only if another one lies beside it: "lora_rank_8" */
    HT_PIECE_YES,
} ht_piece;

ht_piece ht_shard_piece(const char *name);

/* Are both, by such names, different parts of one model? Bare numbers and ranks have to be neighbours. */
bool ht_shard_pieces(const char *a, const char *b);

#endif
