#include "base/embedded.h"

#include <string.h>

const ht_embedded *ht_embedded_find(const char *name)
{
    for (size_t i = 0; i < ht_embedded_count; i++)
        if (strcmp(ht_embedded_files[i].name, name) == 0) return &ht_embedded_files[i];
    return NULL;
}
