/* A binary file, plain or gzip; the first three bytes of the input say how much of it is wanted. */
#include "base/alloc.h"
#include "data/bytes.h"
#include "fuzz/fuzz.h"

static ht_code read_some(ht_bytes *bytes, size_t want, ht_error *err)
{
    unsigned char head[3];
    if (ht_bytes_read(bytes, head, sizeof head, "the head", err) != HT_OK) return err->code;
    unsigned char *body = ht_bytes_take(bytes, want, "the body", err);
    if (!body) return err->code;
    fuzz_look(body, want);
    ht_free(body);
    return ht_bytes_end(bytes, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err;
    ht_bytes bytes;
    if (size < 3) return 0;
    size_t want = data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;
    ht_code code = ht_bytes_open(&bytes, fuzz_file(0, data + 3, size - 3), 1 << 20, &err);
    if (code == HT_OK) code = read_some(&bytes, want, &err);
    fuzz_outcome(code, &err);
    ht_bytes_close(&bytes);
    return 0;
}
