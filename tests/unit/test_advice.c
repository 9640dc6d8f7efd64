/* Guards "Try this": in no state does it ask for what cannot happen there, and it follows what was done. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/panels/panels.h"

static ht_model *model;
static char advice[240];

static void set(ht_param p, double value)
{
    ht_params_put(&model->asked, p, value);
    ht_params_put(&model->applied, p, value);
}

static void change(ht_param p, double before, double after)
{
    model->moments[model->moment_count++] =
        (ht_moment){.step = 100, .param = p, .before = before, .after = after};
    set(p, after);
}

/* A run of 300 steps with noise, looked at. */
static void begin(ht_state state, int type, double alpha, double mmo)
{
    static const ht_params none;
    ht_params params = none;
    if (model) ht_model_clear(model);
    free(model);
    model = calloc(1, sizeof *model);
    assert_non_null(model);
    ht_params_init(&params);
    ht_model_init(model, &params, 140, 2, "data");
    model->state = state;
    model->step = 300;
    set(HT_P_NOISE_TYPE, type);
    set(HT_P_NOISE_ALPHA, alpha);
    set(HT_P_NOISE_SCALE, 0.1);
    model->report.count = 1;
    model->report.step = 300;
    model->report.tail.looked = true;
    model->report.tail.now[HT_MMO].value = mmo;
}

static void expect(const char *part)
{
    ht_panel_advice(model, advice, sizeof advice);
    if (!strstr(advice, part)) fail_msg("'%s' is not in: %s", part, advice);
}

static void refuse(const char *part)
{
    ht_panel_advice(model, advice, sizeof advice);
    if (strstr(advice, part)) fail_msg("'%s' is in: %s", part, advice);
}

/* mmo of dependent weights never comes to the injected α, however long one waits. */
static void nobody_waits_for_what_never_comes(void **state)
{
    (void)state;
    begin(HT_STATE_RUNNING, HT_NOISE_ISOTROPIC, 1.75, 1.98);
    expect("mmo-multi");
    refuse("give it time");
    begin(HT_STATE_RUNNING, HT_NOISE_SHARED, 1.75, 1.01);
    expect("Set the noise type to iid");
    begin(HT_STATE_RUNNING, HT_NOISE_IID, 1.75, 1.95);
    expect("give it time");
    begin(HT_STATE_DONE, HT_NOISE_IID, 1.75, 1.95);
    refuse("give it time");
    expect("Raise σ");
}

static void it_follows_what_was_done(void **state)
{
    (void)state;
    begin(HT_STATE_RUNNING, HT_NOISE_NONE, 1.75, 2.2);
    expect("O brings noise");
    begin(HT_STATE_RUNNING, HT_NOISE_IID, 1.75, 1.75);
    expect("n trains the same run");
    change(HT_P_NOISE_TYPE, HT_NOISE_IID, HT_NOISE_NONE);
    expect("The tail stays");
    set(HT_P_TRAIN_DECAY, 0.1);
    expect("The tail fades");
    begin(HT_STATE_RUNNING, HT_NOISE_IID, 1.75, 1.5);
    change(HT_P_NOISE_ALPHA, 1.5, 1.75);
    expect("r starts over with the new α");
    set(HT_P_TRAIN_DECAY, 0.1);
    expect("give it time");
    begin(HT_STATE_DIVERGED, HT_NOISE_NONE, 1.75, NAN);
    refuse("σ");
}

static void a_number_that_is_not_there_is_asked_for_first(void **state)
{
    (void)state;
    begin(HT_STATE_RUNNING, HT_NOISE_NONE, 1.75, 2.2);
    set(HT_P_NOISE_SCALE, 0);
    expect("raise it");
    begin(HT_STATE_RUNNING, HT_NOISE_IID, 1.75, 2.2);
    set(HT_P_NOISE_SCALE, 0);
    expect("Raise it");
    refuse("give it time");
    begin(HT_STATE_RUNNING, HT_NOISE_NONE, 2, 2.2);
    expect("Lower α");
}

/* What must hold where the advice has these words. */
static void judge(void)
{
    ht_state at = model->state;
    double alpha = ht_params_get(&model->asked, HT_P_NOISE_ALPHA);
    int type = (int)ht_params_get(&model->asked, HT_P_NOISE_TYPE);
    const struct {
        const char *words;
        bool possible;
    } rules[] = {
        {"O brings noise", type == HT_NOISE_NONE},
        {"n trains", type != HT_NOISE_NONE && model->ghost_count == 0 &&
                         ht_params_get(&model->asked, HT_P_TRAIN_SCHEDULE) == 0},
        {"give it time", type == HT_NOISE_IID && at != HT_STATE_DONE},
        {"Lower α", alpha > 1.3},
        {"Set the noise type", type == HT_NOISE_SHARED},
        {"Space trains", at != HT_STATE_RUNNING},
        {"at its end", at == HT_STATE_DONE},
    };
    ht_panel_advice(model, advice, sizeof advice);
    assert_true(advice[0] && strlen(advice) < sizeof advice - 1);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strstr(advice, rules[i].words) && !rules[i].possible)
            fail_msg("state %d, noise %d, α %g: %s", (int)at, type, alpha, advice);
    bool acts = strstr(advice, "p walks") || strstr(advice, "t: mmo-multi") || strstr(advice, "n trains");
    if (at == HT_STATE_PAUSED && !acts) expect("Space trains");
}

static void no_state_is_asked_for_what_cannot_happen(void **state)
{
    (void)state;
    const double alphas[] = {0.5, 1.3, 1.75, 2}, mmos[] = {NAN, 1, 1.75, 2.2};
    int seen = 0;
    for (int at = HT_STATE_PAUSED; at <= HT_STATE_DIVERGED; at++)
        for (int type = HT_NOISE_NONE; type <= HT_NOISE_ISOTROPIC; type++)
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++)
                    for (int cosine = 0; cosine < 2; cosine++, seen++) {
                        begin((ht_state)at, type, alphas[i], mmos[j]);
                        set(HT_P_TRAIN_SCHEDULE, cosine);
                        judge();
                    }
    assert_int_equal(seen, 4 * 4 * 4 * 4 * 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_waits_for_what_never_comes),
        cmocka_unit_test(it_follows_what_was_done),
        cmocka_unit_test(a_number_that_is_not_there_is_asked_for_first),
        cmocka_unit_test(no_state_is_asked_for_what_cannot_happen),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (model) ht_model_clear(model);
    free(model);
    return failed;
}
