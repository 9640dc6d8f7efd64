#include "engine/text/text_look.h"

#include "base/clock.h"
#include "nn/text/generate.h"
#include "num/rng.h"

int32_t ht_text_prompt(const ht_dataset *data)
{
    int32_t prompt = 0;
    for (int32_t t = data->characters ? data->tokens - 1 : -1; t >= 0; t--) {
        if (data->characters[t] == '\n') return t;
        if (data->characters[t] == ' ') prompt = t;
    }
    return prompt;
}

/* What the text is drawn by at place i. */
static double number_at(uint64_t step, int i)
{
    ht_rng rng;
    ht_rng_init(&rng, step, HT_STREAM_TEXT, (uint64_t)i);
    return ht_rng_uniform(&rng);
}

ht_code ht_text_look_make(ht_text_look *look, const ht_network *net, const ht_text_order *order,
                          ht_error *err)
{
    bool same = look->looked && look->step == order->step && look->temperature == order->temperature;
    ht_generator *generator = ht_generator_new(net, err);
    if (!generator) return err->code;
    if (!same)
        *look = (ht_text_look){.step = order->step,
                               .seconds = order->seconds,
                               .temperature = order->temperature,
                               .looked = true};
    int32_t text[1 + HT_TEXT_TOKENS] = {order->prompt};
    for (int i = 0; i < look->count; i++) text[1 + i] = look->token[i];
    ht_code code = HT_OK;
    while (code == HT_OK && look->count < HT_TEXT_TOKENS) {
        int i = look->count;
        code = ht_generator_next(generator, text, (size_t)i + 1, order->temperature,
                                 number_at(order->step, i), &text[1 + i], err);
        if (code == HT_OK) look->token[look->count++] = text[1 + i];
        if (ht_now() >= order->until) break;
    }
    ht_generator_free(generator);
    return code;
}
