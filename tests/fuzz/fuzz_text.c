/* text:FILE: the first byte says how it is read, by characters or bytes and in samples of how many; the rest
 * is the file. */
#include <stdio.h>

#include "fuzz/fuzz.h"
#include "fuzz/sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[128];
    int how = size > 0 ? data[0] : 0;
    const char *path = fuzz_file(0, data + (size > 0), size > 0 ? size - 1 : 0);
    snprintf(name, sizeof name, "text:%s", path);
    fuzz_load_as(name, (ht_data_options){
                           .context = 1 + how / 2 % 16, .tokens = (ht_data_tokens)(how % 2), .split = 0.3});
    return 0;
}
