/* cmd_lesson.c - lessons: a list, one in the lab, or one that is played without a reader and judged. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "lab/lab.h"
#include "lesson/lesson.h"
#include "session/session.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"

static int list(void)
{
    ht_error err;
    ht_lesson *lesson = ht_alloc(1, sizeof *lesson, "a lesson", &err);
    ht_code code = lesson ? HT_OK : err.code;
    for (int n = 1; code == HT_OK && n <= ht_lesson_count(); n++) {
        code = ht_lesson_load(lesson, n, &err);
        if (code == HT_OK) printf("%d  %-24s %s\n", n, lesson->title, lesson->about);
    }
    ht_free(lesson);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}

/* ---- without a reader -------------------------------------------------------------------------- */

typedef struct verdict {
    int claims, failed;
    char first[400]; /* the first that failed */
} verdict;

static void decide(void *context, int step, const ht_claim *claim, bool holds, const char *values)
{
    verdict *v = context;
    v->claims++;
    printf("%s  step %d: %s (%s)\n", holds ? "ok    " : "FAILED", step, claim->said, values);
    if (holds || v->failed++ > 0) return;
    snprintf(v->first, sizeof v->first, "step %d claims: %s; but %s", step, claim->said, values);
}

/* A lesson that does not move for so long never will. */
static const double patience = 120;

static ht_code play(ht_lab *lab, int number, verdict *v, ht_error *err)
{
    char where[200];
    double since = ht_now();
    if (ht_lab_lesson_begin(lab, number, err) != HT_OK) return err->code;
    ht_lab_lesson_check(lab, decide, v);
    while (!ht_lab_lesson_over(lab) && v->failed == 0) { /* the next page may rest on what failed */
        lab->dirty = false;
        ht_lab_receive(lab);
        ht_lab_look(lab);
        int key = ht_lab_lesson_key(lab);
        if (key) ht_lab_event(lab, &(ht_event){.kind = HT_EVENT_KEY, .key = key});
        if (lab->dirty) since = ht_now();
        if (ht_now() - since > patience) {
            ht_lab_lesson_tell(lab, where, sizeof where);
            return ht_error_set(err, HT_FAIL, "lesson %d stands still: %s", number, where);
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    if (v->failed == 0) return HT_OK;
    return ht_error_set(err, HT_FAIL, "lesson %d: %d of %d claims failed: %s", number, v->failed, v->claims,
                        v->first);
}

/* The lab without its screen. */
static ht_code check(int number, ht_session *s, ht_error *err)
{
    verdict v = {0};
    ht_lab lab = {.session = s, .revision = ht_trainer_revision(s->trainer)};
    if (!(lab.model = ht_alloc(1, sizeof *lab.model, "the lab", err))) return HT_FAIL;
    ht_model_init(lab.model, ht_trainer_params(s->trainer), s->data->inputs, s->data->classes,
                  s->data->title);
    lab.runner = ht_runner_start(s->trainer, s->data, s->pool, err);
    ht_code code = lab.runner ? play(&lab, number, &v, err) : err->code;
    ht_lab_lesson_end(&lab);
    ht_lab_twin_end(&lab);
    if (lab.runner) ht_runner_stop(lab.runner);
    ht_model_clear(lab.model);
    ht_free(lab.model);
    if (code == HT_OK) printf("lesson %d: all %d claims hold\n", number, v.claims);
    return code;
}

static ht_code check_lesson(const ht_arguments *given, int number, ht_error *err)
{
    ht_arguments args = *given;
    ht_session session = {0};
    ht_lesson *lesson = ht_alloc(1, sizeof *lesson, "a lesson", err);
    ht_code code = lesson ? ht_lesson_load(lesson, number, err) : HT_FAIL;
    if (code == HT_OK) args.preset = lesson->preset;
    if (code == HT_OK) code = ht_session_open(&session, &args, NULL, err);
    if (code == HT_OK) code = check(number, &session, err);
    ht_session_close(&session);
    ht_free(lesson);
    return code;
}

/* ---- in the lab -------------------------------------------------------------------------------- */

/* `heavytail lab --preset P --lesson N`, and what else was said: every option of `lesson` but --seed is one
 * of `lab`, too. */
static int open_lab(int number, const ht_arguments *args, int argc, char **argv)
{
    ht_error err;
    char word[16], preset[] = "--preset", with[] = "--lesson", lab[] = "lab", seed[] = "--train.seed";
    ht_lesson *lesson = ht_alloc(1, sizeof *lesson, "a lesson", &err);
    char **words = lesson ? ht_alloc((size_t)argc + 5, sizeof *words, "the lab's arguments", &err) : NULL;
    int count = 0, code;
    if (!words || ht_lesson_load(lesson, number, &err) != HT_OK) {
        code = ht_app_fail(&err);
    } else {
        snprintf(word, sizeof word, "%d", number);
        words[count++] = lab, words[count++] = with, words[count++] = word;
        words[count++] = preset, words[count++] = lesson->preset;
        for (int i = 1; i < argc; i++)
            if (argv[i] != args->words[0]) words[count++] = strcmp(argv[i], "--seed") == 0 ? seed : argv[i];
        code = ht_cmd_lab(count, words);
    }
    ht_free(words);
    ht_free(lesson);
    return code;
}

int ht_cmd_lesson(int argc, char **argv)
{
    bool listed = false, checked = false;
    const char *seed = NULL;
    const ht_option options[] = {
        {"--list", NULL, &listed}, {"--check", NULL, &checked}, {"--seed", &seed, NULL}, {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    ht_error err;
    double number = 1;
    if (ht_arguments_parse(&args, argc, argv, options, &err) != HT_OK) return ht_app_fail(&err);
    if (listed) return list();
    if (args.word_count > 0 && (!ht_parse_number(args.words[0], &number) || number != (int)number)) {
        ht_error_set(&err, HT_USAGE, "'%.40s' is no lesson's number; `heavytail lesson --list` names them",
                     args.words[0]);
        return ht_app_fail(&err);
    }
    if (!checked) return open_lab((int)number, &args, argc, argv);
    ht_code code = seed ? ht_arguments_add(&args, "train.seed", seed, &err) : HT_OK;
    if (code == HT_OK) code = check_lesson(&args, (int)number, &err);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
