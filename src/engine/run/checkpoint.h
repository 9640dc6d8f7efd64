/* checkpoint.h - everything a training run depends on, in memory or as one safetensors file: layers.0.weight
 * …, layers.0.momentum …, factors, means (ht_array), layers.0.mask … (BOOL, 1 = trained), average.recent
 * (average.h: a row an iterate), counters as metadata; and what it has told of its epochs: occam.epochs (F64:
 * epoch, λ, loss, accuracy, kept) and occam.compute (F64: multiply-adds, those of training). Loads in PyTorch
 * and NumPy as is (row = neuron). Equal states give equal files: nothing in them tells of time. */
#ifndef HT_ENGINE_RUN_CHECKPOINT_H
#define HT_ENGINE_RUN_CHECKPOINT_H

#include "engine/trainer.h"

typedef struct ht_checkpoint {
    ht_params params;
    ht_trainer_state state;
    ht_network *net;
    ht_trainer *trainer;        /* whose state this is, with its arrays; NULL: a copy, which has its own: */
    float *(*owned)[HT_ARRAYS]; /* (tensors): room for them, NULL until one was needed */
    bool has[HT_ARRAYS];        /* those that are there now */
    float *recent;              /* the last iterates (average.h): recent_rows × recent_size, NULL without */
    size_t recent_rows, recent_size;
    float *recent_room; /* of a copy: for room_size numbers, NULL until one was needed */
    size_t room_size;
    ht_mask *mask;                /* NULL when every weight is trained */
    ht_mask *spare;               /* of a copy: room for a mask, NULL until one was needed */
    const ht_occam_epoch *epochs; /* (epoch_count) */
    size_t epoch_count;
    ht_occam_epoch *epoch_room; /* of a copy: (HT_OCCAM_EPOCHS), NULL until there was one */
} ht_checkpoint;

/* What goes with tensor number `tensor` of the network, like it; NULL where there is none. */
float *ht_checkpoint_array(const ht_checkpoint *checkpoint, ht_array array, int tensor);

/* What it is called in a file: of layers.0.weight layers.0.momentum (`what`; NULL: the tensor itself). */
enum { HT_CHECKPOINT_NAME = 64 };
void ht_checkpoint_name(char name[HT_CHECKPOINT_NAME], const ht_tensor *tensor, const char *what);

/* The trainer as it stands; borrows all from it, valid until its next step or change. */
ht_checkpoint ht_checkpoint_of(ht_trainer *trainer);

/* Room for copies of this trainer's state. NULL with *err set. */
ht_checkpoint *ht_checkpoint_new(ht_trainer *trainer, ht_error *err);

/* What such room consists of, so that another thread can make it. */
typedef struct ht_checkpoint_shape {
    const ht_network *net;           /* borrowed, for its shape alone */
    const struct ht_checkpoint *now; /* the arrays are those of this one; or NULL, and: */
    bool (*has)[HT_ARRAYS];          /* (tensors) */
    size_t recent;                   /* numbers of the last iterates */
} ht_checkpoint_shape;

ht_code ht_checkpoint_shape_of(ht_checkpoint_shape *shape, ht_trainer *trainer, ht_error *err);
void ht_checkpoint_shape_free(ht_checkpoint_shape *shape); /* zeroes are fine */
ht_checkpoint *ht_checkpoint_like(const ht_checkpoint_shape *shape, ht_error *err);
void ht_checkpoint_free(ht_checkpoint *copy);
size_t ht_checkpoint_bytes(ht_trainer *trainer); /* of one copy, without a mask */

/* Copies the trainer's state. Allocates only for what it meets for the first time (a mask, a mean, a best
 * epoch); fails only there, and is then not to be used. */
ht_code ht_checkpoint_take(ht_checkpoint *copy, ht_trainer *trainer, ht_pool *pool, ht_error *err);

/* The way back: training goes on bit by bit from there. One change of the trainer; VIEW parameters stay as
 * they are. On failure (memory) nothing changes. */
ht_code ht_checkpoint_restore(const ht_checkpoint *copy, ht_trainer *trainer, ht_pool *pool, ht_error *err);

/* Stands for step, order of samples, weights, momentum and mask. Not for parameters, nor for epochs: those
 * follow from the rest. */
uint64_t ht_checkpoint_hash(const ht_checkpoint *checkpoint);

/* ---- files ---- */

ht_code ht_checkpoint_save(const char *path, const ht_checkpoint *checkpoint, ht_error *err);
ht_code ht_checkpoint_write(const char *path, ht_trainer *trainer,
                            ht_error *err); /* of the trainer as it is */

/* Restores weights, momentum, mask and counters into a trainer of the same shape; parameters are not in the
 * file. On failure the trainer is to be thrown away. */
ht_code ht_checkpoint_read(const char *path, ht_trainer *trainer, ht_error *err);

/* The step of the state in a file, and whether it is one. */
ht_code ht_checkpoint_step(const char *path, uint64_t *step, ht_error *err);

/* The same in a directory that is held open (file.h). */
struct ht_file_mark;
ht_code ht_checkpoint_save_in(int at, const char *path, const ht_checkpoint *checkpoint,
                              struct ht_file_mark *old, ht_error *err);
ht_code ht_checkpoint_read_in(int at, const char *path, ht_trainer *trainer, ht_error *err);

/* Where two states differ first, as a sentence ("layers.0.weight[3][17] is 0.5 here and 0.25 there"); false
 * when they are equal bit by bit. */
bool ht_checkpoint_differs(const ht_checkpoint *here, const ht_checkpoint *there, char *where, size_t size);

#endif
