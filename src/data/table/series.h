/* series.h - time series of unequal length or with gaps become samples of one length. */
#ifndef HT_DATA_TABLE_SERIES_H
#define HT_DATA_TABLE_SERIES_H

#include "data/loader.h"

/* part->x of both parts holds series one after the other, NaN where a value is missing; lengths[p][i] is that
 * of series i in part p (train, test).
 *
 * A gap inside a series is filled by the straight line between its neighbours; one at the start gets the
 * first value. What is missing at the end, whether the file has NaN there (as the UCR archive pads) or the
 * series is shorter than the longest one of both parts, is padding: NaN in raw->x and raw->padded set, which
 * becomes 0 once inputs are scaled. All that is noted. Series of one length without gaps stay as they are.
 * With `refuse`, a gap inside is an error. Parts that are even but of two lengths are left to the caller. */
ht_code ht_series_settle(ht_raw *raw, size_t *const lengths[2], bool refuse, ht_error *err);

#endif
