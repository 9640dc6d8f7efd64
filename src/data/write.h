/* write.h - a data set, as it is trained on, written for other programs. */
#ifndef HT_DATA_WRITE_H
#define HT_DATA_WRITE_H

#include "heavytail/dataset.h"
#include "heavytail/status.h"

/* What `npy:DIR` reads: X_train.npy and X_test.npy, floats (samples × inputs), of pictures (samples ×
 * channels × height × width); y_train.npy and y_test.npy, the classes 0, 1, … as int32. The directory is
 * made; one that has such files is left alone, with HT_FAIL. */
ht_code ht_dataset_write_npy(const ht_dataset *data, const char *dir, ht_error *err);

#endif
