/* foreign.h - names files of other kinds that people give instead of .safetensors and .npy, and says how to
 * get at the weights. Pure. */
#ifndef HT_WEIGHTS_FOREIGN_H
#define HT_WEIGHTS_FOREIGN_H

#include <stddef.h>

enum { HT_FOREIGN_HEAD = 512 }; /* bytes that are enough to tell */

/* One sentence without a full stop that follows "FILE: ", about a file whose first `size` bytes are `head`;
 * NULL when it is none of those that are known. `path` counts only by its ending. Static storage. */
const char *ht_foreign_name(const char *path, const unsigned char *head, size_t size);

#endif
