/* lab_lesson.c - plays a lesson: each step waits until its keys were pressed, trains to its step, waits until
 * what it claims was measured there, judges it, and goes on when it was read. */
#include <stdio.h>
#include <string.h>

#include "lab/lab_handlers.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "lesson/lesson.h"
#include "params/preset.h"
#include "view/panel.h"

typedef enum phase { WAITS, TRAINS, MEASURES, READS, OVER } phase;

struct ht_played {
    ht_lesson lesson;
    int number, step;
    phase phase;
    uint32_t sent;       /* the command after which the trainer stands at the step's end */
    double since;        /* the time when this phase began */
    double steps_before; /* train.steps of the lab before the lesson */
    int pressed;         /* keys of the step that were pressed here */
    bool framed;         /* its panel has got the frame */
    ht_lab_hear *hear;   /* no reader: NULL in the open lab */
    void *context;
    ht_truth truth[HT_LESSON_CLAIMS];
    char told[HT_LESSON_CLAIMS][120];
};

static const ht_lesson_step *step_of(const struct ht_played *l)
{
    return &l->lesson.step[l->step];
}

/* ---- the page ---------------------------------------------------------------------------------- */

static void write_next(const struct ht_played *l, char *to, size_t size)
{
    char step[32];
    ht_format_grouped(step, sizeof step, (long long)step_of(l)->train);
    if (l->phase == WAITS)
        snprintf(to, size, "waits for the key; Enter: next step, Backspace: the one before, L leaves");
    else if (l->phase == TRAINS)
        snprintf(to, size, "trains to step %s, and waits there", step);
    else if (l->phase == MEASURES)
        snprintf(to, size, "measures");
    else if (l->phase == OVER)
        snprintf(to, size, "That was lesson %d. L leaves it; L again: the others", l->number);
    else
        snprintf(to, size, "Enter: the next step (by itself after a while), Backspace: the one before");
}

static void write_page(ht_lab *lab)
{
    const struct ht_played *l = lab->lesson;
    const ht_lesson_step *s = step_of(l);
    ht_lesson_page *page = &lab->model->lesson;
    *page = (ht_lesson_page){.open = true, .lines = s->claims};
    snprintf(page->title, sizeof page->title, "Lesson %d · %d/%d: %.40s", l->number, l->step + 1,
             l->lesson.count, s->title);
    ht_text_copy(page->text, sizeof page->text, s->text);
    ht_text_copy(page->press, sizeof page->press, s->press);
    for (int i = 0; i < s->claims; i++) {
        ht_text_copy(page->line[i].said, sizeof page->line[i].said, s->claim[i].said);
        page->line[i].known = l->truth[i] != HT_UNKNOWN;
        page->line[i].holds = l->truth[i] == HT_TRUE;
    }
    write_next(l, page->next, sizeof page->next);
}

/* Are these the data and the network of the lesson's preset? The other settings can change while it trains.
 */
static bool is_of_this_network(const ht_lab *lab, const ht_params *wanted)
{
    const ht_params *now = &lab->model->asked;
    bool same = strcmp(ht_params_text(wanted, HT_P_DATA_NAME), ht_params_text(now, HT_P_DATA_NAME)) == 0;
    for (int p = 0; p < HT_P_COUNT; p++) {
        const ht_param_info *info = ht_param_at((ht_param)p);
        bool fixed = info->live == HT_RESET && info->type != HT_TYPE_TEXT && p != HT_P_TRAIN_SEED;
        if (fixed && ht_params_get(wanted, (ht_param)p) != ht_params_get(now, (ht_param)p)) same = false;
    }
    return same;
}

/* A lesson about another network says here how it begins. */
static void write_list(ht_lab *lab)
{
    ht_error err;
    ht_params wanted;
    ht_lesson_page *page = &lab->model->lesson;
    ht_lesson *lesson = ht_alloc(1, sizeof *lesson, "a lesson", &err);
    *page = (ht_lesson_page){
        .open = true, .list = true, .title = "Lessons", .press = "a number begins a lesson, L leaves"};
    for (int n = 1; lesson && n <= ht_lesson_count(); n++) {
        char elsewhere[64] = "";
        size_t used = strlen(page->text);
        ht_params_init(&wanted);
        if (ht_lesson_load(lesson, n, &err) != HT_OK ||
            ht_preset_load(&wanted, lesson->preset, &err) != HT_OK)
            continue;
        if (!is_of_this_network(lab, &wanted))
            snprintf(elsewhere, sizeof elsewhere, " (another network - `heavytail lesson %d`)", n);
        snprintf(page->text + used, sizeof page->text - used, "%s%d  %s%s: %s", used ? "\n" : "", n,
                 lesson->title, elsewhere, lesson->about);
    }
    ht_free(lesson);
}

/* ---- step by step ------------------------------------------------------------------------------ */

static void enter_phase(ht_lab *lab, phase next)
{
    lab->lesson->phase = next;
    lab->lesson->since = ht_now();
    write_page(lab);
}

/* The panel that the step is about gets the frame, once, when its view is open; then it is the user's. */
static void give_frame(ht_lab *lab)
{
    ht_model *m = lab->model;
    ht_panel_id panel = step_of(lab->lesson)->panel;
    ht_view here = m->view == HT_VIEW_ZOOM ? HT_VIEW_DASHBOARD : m->view;
    if (lab->lesson->framed || panel == HT_PANEL_COUNT || ht_panel_at(panel)->home != here) return;
    lab->lesson->framed = true;
    if (m->focus < HT_PANEL_COUNT && ht_panel_at(m->focus)->home == HT_VIEW_DASHBOARD)
        lab->dashboard_focus = m->focus;
    m->focus = panel;
}

static void enter_step(ht_lab *lab, int step)
{
    struct ht_played *l = lab->lesson;
    l->step = step;
    l->pressed = 0;
    l->framed = false;
    memset(l->truth, 0, sizeof l->truth);
    give_frame(lab);
    enter_phase(lab, WAITS);
}

/* Paused first: a finished run that is told to go on would take no notice of its end. */
static void train(ht_lab *lab)
{
    struct ht_played *l = lab->lesson;
    ht_lab_send(lab, HT_COMMAND_PAUSE, 0, 0);
    ht_params_put(&lab->model->asked, HT_P_TRAIN_STEPS, step_of(l)->train);
    ht_lab_send(lab, HT_COMMAND_SET, HT_P_TRAIN_STEPS, step_of(l)->train);
    l->sent = ht_runner_send(lab->runner, HT_COMMAND_RUN, 0, 0);
    if (!l->sent) ht_lab_busy(lab);
    enter_phase(lab, TRAINS);
}

static bool stands_there(const ht_lab *lab)
{
    const ht_model *m = lab->model;
    bool there = (double)m->step >= step_of(lab->lesson)->train || m->state == HT_STATE_DIVERGED;
    return there && m->state != HT_STATE_RUNNING && lab->applied >= lab->lesson->sent;
}

/* All claims at once, of one look. */
static bool decide(ht_lab *lab)
{
    struct ht_played *l = lab->lesson;
    const ht_lesson_step *s = step_of(l);
    ht_lesson_values values;
    ht_lab_lesson_values(lab, &values);
    for (int i = 0; i < s->claims; i++)
        if (ht_condition_decide(&s->claim[i].condition, &values) == HT_UNKNOWN) return false;
    for (int i = 0; i < s->claims; i++) {
        l->truth[i] = ht_condition_decide(&s->claim[i].condition, &values);
        ht_condition_tell(&s->claim[i].condition, &values, l->told[i], sizeof l->told[i]);
        if (l->hear) l->hear(l->context, l->step + 1, &s->claim[i], l->truth[i] == HT_TRUE, l->told[i]);
    }
    return true;
}

/* Time to read, by the length of the text; a claim that does not hold is no reason to go on. */
static bool was_read(const struct ht_played *l)
{
    const double LEAST = 6, A_LETTER = 0.06;
    const ht_lesson_step *s = step_of(l);
    for (int i = 0; i < s->claims && !l->hear; i++)
        if (l->truth[i] != HT_TRUE) return false;
    return l->hear || ht_now() - l->since > LEAST + A_LETTER * (double)strlen(s->text);
}

static void next_step(ht_lab *lab)
{
    struct ht_played *l = lab->lesson;
    if (l->step + 1 < l->lesson.count)
        enter_step(lab, l->step + 1);
    else
        enter_phase(lab, OVER);
}

bool ht_lab_lesson_poll(ht_lab *lab)
{
    struct ht_played *l = lab->lesson;
    ht_lesson_values values;
    if (!l || l->phase == OVER) return false;
    phase before = l->phase;
    int step = l->step;
    give_frame(lab);
    if (l->phase == WAITS) {
        ht_lab_lesson_values(lab, &values);
        bool all = !l->hear || l->pressed == step_of(l)->keys;
        if (all && ht_condition_decide(&step_of(l)->until, &values) == HT_TRUE) {
            if (step_of(l)->train > 0)
                train(lab);
            else
                enter_phase(lab, MEASURES);
        }
    } else if (l->phase == TRAINS && stands_there(lab)) {
        enter_phase(lab, MEASURES);
    } else if (l->phase == MEASURES && decide(lab)) {
        enter_phase(lab, READS);
    } else if (l->phase == READS && was_read(l)) {
        next_step(lab);
    }
    return l->phase != before || l->step != step;
}

/* ---- beginning and leaving --------------------------------------------------------------------- */

/* The settings of the lesson's preset that can change while training runs are set; others must be these. */
static ht_code take_settings(ht_lab *lab, const ht_lesson *lesson, int number, ht_error *err)
{
    ht_params wanted;
    const ht_params *now = &lab->model->asked;
    ht_params_init(&wanted);
    if (ht_preset_load(&wanted, lesson->preset, err) != HT_OK) return err->code;
    if (!is_of_this_network(lab, &wanted))
        return ht_error_set(err, HT_USAGE,
                            "lesson %d is about the preset %s: leave the lab, then `heavytail lesson %d`",
                            number, lesson->preset, number);
    for (int p = 0; p < HT_P_COUNT; p++) {
        double value = ht_params_get(&wanted, (ht_param)p);
        if (ht_param_at((ht_param)p)->live == HT_LIVE && value != ht_params_get(now, (ht_param)p))
            ht_lab_change(lab, (ht_param)p, value);
    }
    return HT_OK;
}

ht_code ht_lab_lesson_begin(ht_lab *lab, int number, ht_error *err)
{
    struct ht_played *l = ht_alloc(1, sizeof *l, "the lesson", err);
    if (!l) return HT_FAIL;
    double steps = ht_params_get(&lab->model->asked, HT_P_TRAIN_STEPS);
    if (ht_lesson_load(&l->lesson, number, err) != HT_OK ||
        take_settings(lab, &l->lesson, number, err) != HT_OK) {
        ht_free(l);
        return err->code;
    }
    ht_lab_lesson_end(lab);
    ht_lab_twin_end(lab);
    l->number = number;
    l->steps_before = steps;
    lab->lesson = l;
    ht_lab_send(lab, HT_COMMAND_PAUSE, 0, 0);
    if (lab->model->step > 0 || lab->model->state != HT_STATE_PAUSED) {
        ht_lab_send(lab, HT_COMMAND_RESET, 0, 0);
        ht_lab_remember_state(lab, "the reset");
    }
    enter_step(lab, 0);
    return HT_OK;
}

void ht_lab_lesson_end(ht_lab *lab)
{
    struct ht_played *l = lab->lesson;
    if (!l) return;
    if (lab->runner && ht_params_get(&lab->model->asked, HT_P_TRAIN_STEPS) != l->steps_before) {
        ht_params_put(&lab->model->asked, HT_P_TRAIN_STEPS, l->steps_before);
        ht_lab_send(lab, HT_COMMAND_SET, HT_P_TRAIN_STEPS, l->steps_before);
    }
    lab->model->lesson.open = false;
    ht_free(l);
    lab->lesson = NULL;
}

void ht_lab_lesson(ht_lab *lab, ht_action action)
{
    (void)action;
    if (!lab->model->lesson.open)
        write_list(lab);
    else if (lab->lesson)
        ht_lab_lesson_end(lab);
    else
        lab->model->lesson.open = false;
}

/* In the list. */
static bool choose(ht_lab *lab, ht_action action)
{
    ht_error err;
    int number = (int)action - HT_DO_PANEL_1 + 1;
    if (action == HT_DO_BACK || action == HT_DO_LESSON_BACK) return lab->model->lesson.open = false, true;
    if (number < 1 || number > HT_DO_PANEL_8 - HT_DO_PANEL_1 + 1) return false;
    if (ht_lab_lesson_begin(lab, number, &err) != HT_OK) ht_lab_note(lab, true, "%s", err.text);
    return true;
}

bool ht_lab_lesson_act(ht_lab *lab, ht_action action)
{
    struct ht_played *l = lab->lesson;
    if (!l) return choose(lab, action);
    if (action == HT_DO_GO)
        next_step(lab);
    else if (action == HT_DO_LESSON_BACK)
        enter_step(lab, l->step > 0 ? l->step - 1 : 0);
    else
        return false;
    return true;
}

/* ---- without a reader -------------------------------------------------------------------------- */

void ht_lab_lesson_check(ht_lab *lab, ht_lab_hear *hear, void *context)
{
    lab->lesson->hear = hear;
    lab->lesson->context = context;
}

int ht_lab_lesson_key(ht_lab *lab)
{
    struct ht_played *l = lab->lesson;
    if (!l || l->phase != WAITS || l->pressed == step_of(l)->keys) return 0;
    return ht_keymap_key(step_of(l)->key[l->pressed++]);
}

bool ht_lab_lesson_over(const ht_lab *lab)
{
    return !lab->lesson || lab->lesson->phase == OVER;
}

void ht_lab_lesson_tell(const ht_lab *lab, char *to, size_t size)
{
    static const char *const does[] = {"waits until its keys were pressed", "trains", "measures", "is read",
                                       "is over"};
    const struct ht_played *l = lab->lesson;
    snprintf(to, size, "step %d (%s) %s at training step %llu", l->step + 1, step_of(l)->title,
             does[l->phase], (unsigned long long)lab->model->step);
}
