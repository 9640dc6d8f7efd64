/* A recording of a terminal: what is accepted has times that do not fall, sizes, and output that lies in it.
 */
#include "fuzz/fuzz.h"
#include "term/cast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_cast_file file;
    ht_error err = {HT_OK, ""};
    double before = 0;
    ht_code code = ht_cast_parse(&file, "fuzz.cast", (const char *)data, size, NULL, &err);
    fuzz_outcome(code, &err);
    for (size_t i = 0; code == HT_OK && i < file.count; i++) {
        const ht_cast_event *e = &file.events[i];
        fuzz_require(e->time >= before, "the time does not go back");
        fuzz_require(e->columns == 0 || (e->columns > 0 && e->columns <= file.most_columns), "a size");
        fuzz_require(e->at + e->size <= file.text.length, "output lies in the file");
        if (e->size > 0) fuzz_look(file.text.data + e->at, e->size);
        before = e->time;
    }
    ht_cast_free(&file);
    return 0;
}
