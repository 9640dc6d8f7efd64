/* known.h - which of the public picture sets some IDX files are. Four of these sets share their file names,
 * so a file is told by its checksum, and files of unknown checksum by the folder that they lie in. Pure. */
#ifndef HT_DATA_LOAD_KNOWN_H
#define HT_DATA_LOAD_KNOWN_H

#include <stddef.h>
#include <stdint.h>

typedef struct ht_known {
    const char *set;   /* as in data.name: "mnist" */
    const char *title; /* for people: "MNIST" */
    const char *part;  /* "the training pictures" */
    size_t size;       /* of the file, unpacked */
    uint32_t sum;      /* its CRC-32 */
    uint32_t first;    /* CRC-32 of its first picture; 0 for labels */
} ht_known;

/* The published file of so many bytes with this CRC-32, or NULL. */
const ht_known *ht_known_by_sum(uint32_t sum, size_t size);

/* The published file whose first picture has this CRC-32, or NULL: what a part of a set, cut from its
 * beginning, is told by. */
const ht_known *ht_known_by_picture(uint32_t first);

/* Whether published files of this set are known at all. */
int ht_known_has(const char *set);

/* The set that a folder's name, or that of the nearest folder above which names one, speaks of: "mnist",
 * "fashion-mnist", "kmnist", "emnist", "qmnist", or NULL. The name as given decides; one that says nothing
 * ("." or "data") is looked up. */
const char *ht_known_by_folder(const char *folder);

#endif
