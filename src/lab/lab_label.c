/* lab_label.c - labels: words that are put at a step of the run, by the trainer, so that the journal has them
 * where they belong. */
#include "lab/lab_handlers.h"
#include "base/text.h"
#include "view/window.h"

/* The label under a cursor that points at it as exactly as columns allow. */
static uint64_t step_of_cursor(const ht_model *m)
{
    static const double reach = 0.01;
    double low, high;
    ht_window_steps(m, &low, &high);
    const ht_label *near = ht_labels_near(&m->labels, m->cursor.x, reach * (high - low));
    if (near) return near->step;
    double step = m->cursor.x < 0 ? 0 : m->cursor.x;
    return step > (double)m->step ? m->step : (uint64_t)step;
}

/* What is there is changed, not typed again. */
void ht_lab_label(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    (void)action;
    bool cursor = m->cursor.on && m->cursor.over_steps;
    m->label_step = cursor ? step_of_cursor(m) : m->frozen ? (uint64_t)m->frozen_step : m->step;
    const ht_label *there = ht_labels_at(&m->labels, m->label_step);
    ht_text_copy(m->typed, sizeof m->typed, there ? there->text : "");
    m->prompt = HT_PROMPT_LABEL;
}

void ht_lab_put_label(ht_lab *lab, uint64_t step, const char *text)
{
    if (ht_runner_label(lab->runner, step, text) == 0) ht_lab_busy(lab);
}

/* Typed words are made safe before the journal and undo have them. */
static void put(ht_lab *lab, uint64_t step, const char *before, const char *typed)
{
    char at[32], after[HT_LABEL_TEXT];
    ht_text_copy(after, sizeof after, typed);
    ht_text_clean(after);
    ht_format_grouped(at, sizeof at, (long long)step);
    ht_lab_remember_label(lab, step, before, after);
    ht_lab_put_label(lab, step, after);
    if (after[0])
        ht_lab_note(lab, true, "label at step %s: %s", at, after);
    else
        ht_lab_note(lab, true, "label at step %s taken away: %s", at, before);
}

/* An empty text takes away the label that stands there, or else the last one. */
void ht_lab_take_label(ht_lab *lab)
{
    const ht_model *m = lab->model;
    const ht_labels *labels = &m->labels;
    const ht_label *there = ht_labels_at(labels, m->label_step);
    if (m->typed[0] == '\0' && !there && labels->count > 0) there = &labels->label[labels->count - 1];
    if (m->typed[0] == '\0' && there)
        put(lab, there->step, there->text, "");
    else if (m->typed[0] == '\0')
        ht_lab_note(lab, true, "no label: there is none to take away");
    else if (!there && labels->count == HT_LABELS)
        ht_lab_note(lab, false, "%d labels are all that a run keeps; an empty text takes the last one away",
                    HT_LABELS);
    else
        put(lab, m->label_step, there ? there->text : "", m->typed);
}
