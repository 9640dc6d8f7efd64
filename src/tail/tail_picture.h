/* tail_picture.h - parts of a picture of a tail. Pure. */
#ifndef HT_TAIL_TAIL_PICTURE_H
#define HT_TAIL_TAIL_PICTURE_H

#include "heavytail/tail.h"
#include "tail/estimate/spectrum.h"

/* P(λ > x) of the eigenvalues that are above noise. */
ht_code ht_tail_spectrum_ccdf(ht_tail_ccdf *ccdf, const ht_spectrum *spectrum, ht_error *err);

#endif
