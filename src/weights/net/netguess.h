/* netguess.h - layers of a network of others of which nobody says more than the tensors: convolutions, then
 * dense layers. Pure. */
#ifndef HT_WEIGHTS_NETGUESS_H
#define HT_WEIGHTS_NETGUESS_H

#include "base/notes.h"
#include "heavytail/network.h"
#include "weights/net/modules.h"

/* Sets model.layers of *params: convolutions in the order of their names, odd kernels padded to keep the
 * shape or not at all, a pooling of 2 behind them or not, the mean of all places behind the last or not, as
 * samples of shape `input` come to what the first dense layer takes. Noted. HT_FAIL when there is no such
 * way, or more than one: then somebody has to say it. */
ht_code ht_netguess_layers(ht_params *params, const ht_modules *modules, const char *path, ht_shape input,
                           ht_notes *notes, ht_error *err);

#endif
