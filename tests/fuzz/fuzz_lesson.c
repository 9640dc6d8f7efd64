/* A lesson: what is accepted is complete, its conditions can be judged and told, its keys pressed. */
#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "lesson/lesson.h"
#include "view/keymap.h"

static ht_lesson lesson; /* large */

static void decide(const ht_condition *c)
{
    char told[64];
    ht_lesson_values v;
    fuzz_require(c->count >= 0 && c->count <= HT_TERMS, "a condition has its terms");
    for (int q = 0; q < HT_QUANTITIES; q++)
        v.number[q] = q % 3 ? q : (double)NAN, v.word[q] = q % 2 ? "iid" : NULL;
    ht_truth truth = ht_condition_decide(c, &v);
    fuzz_require(truth == HT_UNKNOWN || truth == HT_TRUE || truth == HT_FALSE, "a condition is judged");
    ht_condition_tell(c, &v, told, sizeof told);
    fuzz_require(memchr(told, '\0', sizeof told) != NULL, "what is told ends");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err = {HT_OK, ""};
    ht_code code = ht_lesson_parse(&lesson, "fuzz.lesson", (const char *)data, size, &err);
    fuzz_outcome(code, &err);
    for (int s = 0; code == HT_OK && s < lesson.count; s++) {
        const ht_lesson_step *step = &lesson.step[s];
        fuzz_require(step->title[0] && step->text[0], "a step has a title and a text");
        fuzz_require(step->panel <= HT_PANEL_COUNT && step->train >= 0 && step->train <= 1e6, "in range");
        decide(&step->until);
        for (int i = 0; i < step->claims; i++) decide(&step->claim[i].condition);
        for (int k = 0; k < step->keys; k++)
            fuzz_require(ht_keymap_key(step->key[k]) != 0, "a key has a name");
    }
    return 0;
}
