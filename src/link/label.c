#include "link/label.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

/* Where the label of this step is, or would go. */
static int place_of(const ht_labels *l, uint64_t step)
{
    int i = 0;
    while (i < l->count && l->label[i].step < step) i++;
    return i;
}

static bool is_at(const ht_labels *l, int i, uint64_t step)
{
    return i < l->count && l->label[i].step == step;
}

static void take_out(ht_labels *l, int i)
{
    l->count--;
    memmove(&l->label[i], &l->label[i + 1], (size_t)(l->count - i) * sizeof l->label[0]);
}

bool ht_labels_put(ht_labels *l, uint64_t step, const char *text)
{
    int i = place_of(l, step);
    if (text[0] == '\0') {
        if (is_at(l, i, step)) take_out(l, i);
        return true;
    }
    if (!is_at(l, i, step)) {
        if (l->count == HT_LABELS) {
            l->left_out++;
            return false;
        }
        memmove(&l->label[i + 1], &l->label[i], (size_t)(l->count - i) * sizeof l->label[0]);
        l->count++;
    }
    l->label[i].step = step;
    ht_text_copy(l->label[i].text, sizeof l->label[i].text, text);
    ht_text_clean(l->label[i].text);
    return true;
}

const ht_label *ht_labels_at(const ht_labels *l, uint64_t step)
{
    int i = place_of(l, step);
    return is_at(l, i, step) ? &l->label[i] : NULL;
}

const ht_label *ht_labels_near(const ht_labels *l, double step, double reach)
{
    const ht_label *best = NULL;
    for (int i = 0; i < l->count; i++) {
        double distance = fabs((double)l->label[i].step - step);
        if (distance > reach) continue;
        best = &l->label[i];
        reach = distance;
    }
    return best;
}

void ht_labels_cut(ht_labels *l, double step)
{
    while (l->count > 0 && (double)l->label[l->count - 1].step > step) l->count--;
    if (step < 0) l->left_out = 0;
}
