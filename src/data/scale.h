/* scale.h - inputs brought to order one by what the training part says of them.
 *
 * One mean and deviation for all inputs where these are of one kind: pictures, time series, arrays of three
 * dimensions and more, and tables of 64 columns or more whose values are grey levels (all in 0 … 255, the
 * largest above 200). Otherwise each input (column) has its own. Deviations are those of the training part
 * itself (divided by n), as in scikit-learn's StandardScaler. An input that is constant in the training part
 * becomes 0.
 *
 * `auto` leaves inputs as they are, bit for bit, when they are of order one already:
 *   - embedded sets, and those that their reader has standardized (MNIST and the like, CIFAR);
 *   - of one kind: standard deviation of all values in 0.1 … 10, mean within ±10;
 *   - columns: standard deviation of all values in 0.1 … 10, each column's mean within ±10 and, unless it is
 *     constant, its deviation in 0.01 … 10;
 *   - all columns constant.
 * Otherwise it is `standard`. Values up to 1e308 neither overflow nor lose digits on the way. */
#ifndef HT_DATA_SCALE_H
#define HT_DATA_SCALE_H

#include <stdbool.h>

#include "data/loader.h"
#include "heavytail/dataset.h"

/* Scales both parts and turns what is in double precision into floats; adds to raw->notes and raw->facts.
 * `known`: of order one by making. The training part must be whole. */
ht_code ht_scale(ht_raw *raw, ht_data_scale scale, bool known, ht_error *err);

#endif
