#include "data/load/known.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const ht_known table[] = {
    {"mnist", "MNIST", "the training pictures", 47040016, 0xe9f4d8b3, 0x90a92752},
    {"mnist", "MNIST", "the training labels", 60008, 0xe0cb4ad2, 0},
    {"mnist", "MNIST", "the test pictures", 7840016, 0x91373bdf, 0x7eb3cd06},
    {"mnist", "MNIST", "the test labels", 10008, 0x4ab9eff9, 0},
    {"fashion-mnist", "Fashion-MNIST", "the training pictures", 47040016, 0xb4f29f28, 0xf270beb5},
    {"fashion-mnist", "Fashion-MNIST", "the training labels", 60008, 0x741a4657, 0},
    {"fashion-mnist", "Fashion-MNIST", "the test pictures", 7840016, 0x678fe0b1, 0x52830860},
    {"fashion-mnist", "Fashion-MNIST", "the test labels", 10008, 0x80142c1f, 0},
};
enum { ROWS = sizeof table / sizeof table[0] };

const ht_known *ht_known_by_sum(uint32_t sum, size_t size)
{
    for (int i = 0; i < ROWS; i++)
        if (table[i].sum == sum && table[i].size == size) return &table[i];
    return NULL;
}

const ht_known *ht_known_by_picture(uint32_t first)
{
    for (int i = 0; i < ROWS; i++)
        if (table[i].first && table[i].first == first) return &table[i];
    return NULL;
}

int ht_known_has(const char *set)
{
    for (int i = 0; i < ROWS; i++)
        if (strcmp(table[i].set, set) == 0) return 1;
    return 0;
}

/* A word of a folder's name, in small letters: "fashionmnist" of FashionMNIST. Words that only end in "mnist"
 * (notmnist) say mnist: whoever asks for another set is told. */
static const char *set_of_word(const char *word)
{
    static const char *const begins[][2] = {{"emnist", "emnist"},
                                            {"femnist", "emnist"},
                                            {"kmnist", "kmnist"},
                                            {"qmnist", "qmnist"},
                                            {"kuzushiji", "kmnist"}};
    if (strstr(word, "fashion")) return "fashion-mnist";
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (strncmp(word, begins[i][0], strlen(begins[i][0])) == 0) return begins[i][1];
    return strstr(word, "mnist") ? "mnist" : NULL;
}

/* Of one part of a path; "Fashion-MNIST" is Fashion-MNIST: mnist is the weakest of the names. */
static const char *set_of_name(const char *name, size_t length)
{
    const char *found = NULL;
    for (size_t i = 0; i < length;) {
        char word[64];
        size_t used = 0;
        for (; i < length && isalnum((unsigned char)name[i]); i++)
            if (used + 1 < sizeof word) word[used++] = (char)tolower((unsigned char)name[i]);
        word[used] = '\0';
        while (i < length && !isalnum((unsigned char)name[i])) i++;
        const char *set = set_of_word(word);
        if (set && (!found || strcmp(found, "mnist") == 0)) found = set;
    }
    return found;
}

static const char *set_of_path(const char *path)
{
    for (size_t end = strlen(path); end > 0;) {
        size_t start = end;
        while (start > 0 && path[start - 1] != '/') start--;
        const char *set = set_of_name(path + start, end - start);
        if (set) return set;
        end = start > 0 ? start - 1 : 0;
    }
    return NULL;
}

const char *ht_known_by_folder(const char *folder)
{
    const char *set = set_of_path(folder);
    char *real = set ? NULL : realpath(folder, NULL);
    if (real) set = set_of_path(real);
    free(real);
    return set;
}
