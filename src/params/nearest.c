/* nearest.c - which parameter is meant by a key that does not exist. */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "heavytail/params.h"

/* Words of the field, and of other programs, that no spelling leads from. */
static const struct {
    const char *word;
    ht_param param;
} words[] = {
    {"sigma", HT_P_NOISE_SCALE},      {"σ", HT_P_NOISE_SCALE},       {"stability", HT_P_NOISE_ALPHA},
    {"α", HT_P_NOISE_ALPHA},          {"eta", HT_P_TRAIN_LR},        {"η", HT_P_TRAIN_LR},
    {"learning_rate", HT_P_TRAIN_LR}, {"step_size", HT_P_TRAIN_LR},  {"batch_size", HT_P_TRAIN_BATCH},
    {"epochs", HT_P_TRAIN_STEPS},     {"lambda", HT_P_TRAIN_DECAY},  {"λ", HT_P_TRAIN_DECAY},
    {"wd", HT_P_TRAIN_DECAY},         {"l2", HT_P_TRAIN_DECAY},      {"neurons", HT_P_MODEL_WIDTH},
    {"hidden", HT_P_MODEL_WIDTH},     {"hidden_size", HT_P_MODEL_WIDTH}, {"dataset", HT_P_DATA_NAME},
    {"kappa", HT_P_PRUNE_RATIO},      {"κ", HT_P_PRUNE_RATIO},       {"epsilon", HT_P_PRUNE_ERROR},
    {"ε", HT_P_PRUNE_ERROR},
};

const char *ht_param_by_word(const char *key)
{
    const char *dot = strchr(key, '.');
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(dot ? dot + 1 : key, words[i].word) == 0) return ht_param_at(words[i].param)->key;
    return NULL;
}

const char *ht_param_nearest(const char *key)
{
    const char *dot = strchr(key, '.'), *best = ht_param_by_word(key);
    int least = 1000;
    if (best) return best;
    for (int i = 0; i < HT_P_COUNT; i++) {
        const char *own = ht_param_at((ht_param)i)->key, *name = strchr(own, '.') + 1;
        int whole = ht_text_distance(key, own);
        /* "lr" and "alpha" mean train.lr and noise.alpha. */
        int last = ht_text_distance(key, name) + (dot ? 1000 : 0);
        int distance = whole < last ? whole : last;
        if (distance < least) least = distance, best = own;
    }
    return best;
}
