/* gptnames.h - the names that transformers have in files: nanoGPT's and GPT-2's state dicts
 * ("transformer.h.0.attn.c_attn.weight"), and ours ("layers.2.c_attn.weight"). Matrices of very different use
 * have the same shape there, so that shapes alone tell little. Pure. */
#ifndef HT_WEIGHTS_GPTNAMES_H
#define HT_WEIGHTS_GPTNAMES_H

#include <stdbool.h>

/* What only a module of a certain use fits. */
typedef enum ht_gpt_role {
    HT_GPT_NONE, /* a matrix or a norm like others */
    HT_GPT_TOKENS,
    HT_GPT_POSITIONS,
    HT_GPT_ATTENTION,  /* queries, keys, values: (3d × d) */
    HT_GPT_PROJECTION, /* what attention gives: (d × d) */
    HT_GPT_HEAD        /* the output layer, perhaps the token table once more */
} ht_gpt_role;

/* By a module's stem (modules.h). */
ht_gpt_role ht_gpt_role_of(const char *stem);

/* Its rows are symbols or positions in any file, also where matrices lie (inputs × outputs). */
static inline bool ht_gpt_is_table(ht_gpt_role role)
{
    return role == HT_GPT_TOKENS || role == HT_GPT_POSITIONS || role == HT_GPT_HEAD;
}

/* Are both of them known, and in one order? *sign: -1 when `a` comes first. */
bool ht_gpt_compare(const char *a, const char *b, int *sign);

/* Is it a tensor of no numbers: the causal mask that some files carry along ("attn.bias")? */
bool ht_gpt_is_mask(const char *tensor, int ndim);

#endif
