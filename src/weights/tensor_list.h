/* tensor_list.h - the tensors of whatever holds them, as tensor.h sees them, to be read in any order by
 * several threads at once: what there is, its size, and what is not looked at and why, before any number is
 * read. */
#ifndef HT_WEIGHTS_TENSOR_LIST_H
#define HT_WEIGHTS_TENSOR_LIST_H

#include "weights/tensor_read.h"

typedef struct ht_tensor_entry {
    ht_tensor_info info;
    ht_file_tensor view; /* without numbers */
    const char *skipped; /* why it is not looked at: "a vector …", "an embedding …"; NULL: it is */
} ht_tensor_entry;

typedef struct ht_tensor_list {
    const char *path;
    size_t count;
    ht_tensor_entry *entry; /* (count) */
    size_t *number;         /* of each in the file */
    ht_weights *file;       /* NULL of a .npy */
    char name[256];         /* of its array */
} ht_tensor_list;

/* `order` as in ht_tensor_choice. What was chosen and what is turned is noted. Zeroed on failure. */
ht_code ht_tensor_list_open(ht_tensor_list *list, const char *path, const char *order, ht_notes *notes,
                            ht_error *err);
void ht_tensor_list_close(ht_tensor_list *list);

/* Bytes that the numbers of entry i take in memory while they are read, and after. */
size_t ht_tensor_list_bytes(const ht_tensor_list *list, size_t i);

/* Entry i with its numbers, turned where that is due, in new memory (ht_tensor_list_release); without numbers
 * and `why` where some are not finite. Any thread. */
ht_code ht_tensor_list_read(const ht_tensor_list *list, size_t i, ht_file_tensor *tensor,
                            char why[HT_TENSOR_WHY], ht_error *err);
void ht_tensor_list_release(ht_file_tensor *tensor);

#endif
