/* A PNG: its pixels, and the settings in its text chunks. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "params/preset.h"
#include "data/png.h"

static void read_settings(const ht_png *png)
{
    ht_error err;
    ht_params params;
    ht_params_init(&params);
    const char *text = ht_png_find(png, "heavytail:preset");
    if (text) fuzz_outcome(ht_preset_parse(&params, "fuzz.png", text, strlen(text), &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err;
    ht_png png;
    const char *path = fuzz_file(0, data, size);
    for (int pixels = 0; pixels < 2; pixels++) {
        ht_code code = ht_png_read(path, pixels, &png, &err);
        fuzz_outcome(code, &err);
        if (code != HT_OK) continue;
        fuzz_require(png.width > 0 && png.height > 0 && (png.rgb != NULL) == pixels, "a picture");
        if (pixels) fuzz_look(png.rgb, (size_t)png.width * (size_t)png.height * 3);
        read_settings(&png);
        ht_png_free(&png);
    }
    return 0;
}
