/* layer_misfit.c - what a layer says of what comes in and does not fit. */
#include <stdio.h>

#include "nn/layers/layer.h"

ht_code ht_layer_misfit(const int window[2], ht_shape in, int pad, ht_error *err)
{
    char padded[40] = "";
    if (pad > 0) snprintf(padded, sizeof padded, ", padded by %d", pad);
    if (ht_shape_places(in) == 1)
        return ht_error_set(err, HT_USAGE,
                            "a window of %d×%d needs places, and a plain row of %d values comes in, without "
                            "any%s",
                            window[0], window[1], in.channels, padded);
    return ht_error_set(err, HT_USAGE, "a window of %d×%d does not fit what comes in, %d×%d×%d%s", window[0],
                        window[1], in.channels, in.height, in.width, padded);
}
