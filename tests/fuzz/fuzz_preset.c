/* A preset: what is accepted can be written, and reads back as the same settings. */
#include <string.h>

#include "base/alloc.h"
#include "fuzz/fuzz.h"
#include "params/preset.h"

static void same_after_writing(const ht_params *params)
{
    ht_error err;
    ht_params again;
    char *text = ht_preset_write(params, &err);
    if (!text) {
        fuzz_outcome(err.code, &err); /* a text too long for a line is refused */
        return;
    }
    ht_params_init(&again);
    fuzz_require(ht_preset_parse(&again, "again", text, strlen(text), &err) == HT_OK,
                 "what was written reads");
    fuzz_require(memcmp(again.number, params->number, sizeof again.number) == 0, "numbers survive writing");
    fuzz_require(strcmp(ht_params_text(&again, HT_P_DATA_NAME), ht_params_text(params, HT_P_DATA_NAME)) == 0,
                 "the data's name survives writing");
    ht_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err;
    ht_params params;
    ht_params_init(&params);
    ht_code code = ht_preset_parse(&params, "fuzz.ini", (const char *)data, size, &err);
    fuzz_outcome(code, &err);
    fuzz_require(memchr(params.preset, '\0', sizeof params.preset) != NULL, "the name ends");
    for (const char *p = params.preset; *p; p++)
        fuzz_require((unsigned char)*p >= 0x20 && *p != 0x7f, "the name has no control characters");
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at(p);
        double value = ht_params_get(&params, p);
        if (info->type == HT_TYPE_INT || info->type == HT_TYPE_REAL)
            fuzz_require(value >= info->low && value <= info->high, "values are in range");
    }
    if (code == HT_OK) same_after_writing(&params);
    return 0;
}
