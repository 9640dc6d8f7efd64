/* reserve.h - room for the next state that the timeline keeps, made ahead by a thread of its own: memory that
 * is touched for the first time comes slowly (70 ms for 31 MB), and training does not stand still for it.
 * One asks and takes: the trainer's thread. */
#ifndef HT_ENGINE_RESERVE_H
#define HT_ENGINE_RESERVE_H

#include "engine/run/checkpoint.h"

typedef struct ht_reserve ht_reserve;

ht_reserve *ht_reserve_start(ht_error *err);
void ht_reserve_stop(ht_reserve *reserve); /* what was not taken is freed; NULL is fine */

/* Asks for room for a state of this trainer, whose network must outlive the reserve. False: none will come
 * (memory is short). Asking again while it is made, or there, does nothing. */
bool ht_reserve_ask(ht_reserve *reserve, ht_trainer *trainer);

/* The room, now the caller's; NULL: not yet. */
ht_checkpoint *ht_reserve_take(ht_reserve *reserve);

#endif
