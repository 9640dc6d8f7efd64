/* modules.h - the tensors of a model as modules, as PyTorch has them: a matrix or filters with the bias that
 * goes with it by name, or a norm: its gain, its bias and, of batch norm, the running mean and variance. */
#ifndef HT_WEIGHTS_MODULES_H
#define HT_WEIGHTS_MODULES_H

#include "base/notes.h"
#include "weights/net/gptnames.h"
#include "weights/net/netparts.h"

enum { HT_MODULES_MAX = 512, HT_MODULE_STEM = 256, HT_MODULE_SIDES = 4 };

typedef struct ht_module {
    const char *name;          /* of its weight, or what there is of it; lives as long as the file is open */
    char stem[HT_MODULE_STEM]; /* what its tensors' names have in common: "features.0" */
    ht_gpt_role role;          /* what of a transformer it is, by its name */
    bool norm;                 /* no matrix: a number for each channel */
    bool turned;               /* stored (inputs × outputs); shape is (outputs × inputs) */
    int ndim;
    size_t shape[HT_MODULE_SIDES];     /* of the weight; shape[0]: how many units or channels */
    long weight, bias, mean, variance; /* numbers of tensors, or HT_NO_TENSOR */
} ht_module;

typedef struct ht_modules {
    int count;
    ht_module module[HT_MODULES_MAX]; /* in the order of the file */
} ht_modules;

/* `ours`: only what has the name of a tensor of ours. What is no part of a network is left out and noted.
 * HT_FAIL names the tensor that is a part of something else. */
ht_code ht_modules_find(ht_modules *modules, const char *path, const ht_weights *file, bool ours,
                        ht_notes *notes, ht_error *err);

/* Is a tensor of that name kept by a batch norm beside its gain and bias? */
bool ht_module_state(const char *tensor);

/* "(6 × 4 × 3 × 3)" */
enum { HT_MODULE_SHAPE = 96 };
void ht_module_shape(const ht_module *module, char to[HT_MODULE_SHAPE]);

/* Do the names count, and which comes first (*sign as in ht_name_compare)? Where they differ first, both have
 * a number: "0" and "2.body.0", "conv2" and "conv10"; or one is the way round the other ("1.conv1" and
 * "1.downsample.0"), which comes behind it; or the whole of them counts the same thing. */
bool ht_module_compare(const ht_module *a, const ht_module *b, int *sign);

/* The matrix right behind which a batch norm stands by its name ("conv1", "bn1"; "features.0", "features.1")
 * and length, or -1: it cannot be told. */
int ht_module_before_norm(const ht_modules *modules, int norm);

#endif
