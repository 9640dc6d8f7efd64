#include "lesson/lesson.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "params/ini.h"
#include "view/keymap.h"
#include "view/panel.h"

static const char folder[] = "assets/lessons/";

static void begin(void *user)
{
    memset(user, 0, sizeof(ht_lesson));
}

/* A text of several lines is one paragraph. */
static ht_code add_text(char *to, size_t size, const char *what, const char *text, ht_error *err)
{
    size_t used = strlen(to);
    if (used + 1 + strlen(text) >= size)
        return ht_error_set(err, HT_USAGE, "the %s is longer than %zu bytes; make two steps of it", what,
                            size - 2);
    if (used) to[used++] = ' ';
    memcpy(to + used, text, strlen(text) + 1);
    return HT_OK;
}

/* Given once, and not empty. */
static ht_code put_text(char *to, size_t size, const char *what, const char *text, ht_error *err)
{
    if (to[0]) return ht_error_set(err, HT_USAGE, "%s is given twice; keep one of the two lines", what);
    if (!text[0]) return ht_error_set(err, HT_USAGE, "%s is empty", what);
    return add_text(to, size, what, text, err);
}

static ht_code put_panel(ht_lesson_step *step, const char *name, ht_error *err)
{
    return ht_panel_find(name, HT_VIEW_COUNT, &step->panel)
               ? HT_OK
               : ht_error_set(err, HT_USAGE, "panel = %.40s: there is no such panel", name);
}

/* Names of keys between blanks. */
static ht_code put_keys(ht_lesson_step *step, const char *text, ht_error *err)
{
    char name[16];
    for (size_t length; *(text += strspn(text, " ")); text += length) {
        length = strcspn(text, " ");
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), text);
        if (length >= sizeof name || ht_keymap_key(name) == 0)
            return ht_error_set(err, HT_USAGE,
                                "keys: '%s' is no key's name (as in a script: n, Space, Shift-Left)", name);
        if (step->keys == HT_LESSON_KEYS)
            return ht_error_set(err, HT_USAGE, "keys: at most %d in a step", HT_LESSON_KEYS);
        memcpy(step->key[step->keys++], name, sizeof name);
    }
    return HT_OK;
}

static ht_code put_train(ht_lesson_step *step, const char *text, ht_error *err)
{
    if (ht_parse_number(text, &step->train) && step->train >= 1 && step->train <= 1e6 &&
        step->train == floor(step->train))
        return HT_OK;
    return ht_error_set(err, HT_USAGE, "train = %.40s is no whole number from 1 to 1000000", text);
}

/* "kappa > 0.2 | κ is above 0.2". */
static ht_code put_claim(ht_lesson_step *step, const char *text, ht_error *err)
{
    char condition[200];
    size_t length = strcspn(text, "|");
    if (step->claims == HT_LESSON_CLAIMS)
        return ht_error_set(err, HT_USAGE, "at most %d claims in a step", HT_LESSON_CLAIMS);
    if (!text[length]) return ht_error_set(err, HT_USAGE, "a claim is: condition | the sentence for people");
    ht_claim *claim = &step->claim[step->claims++];
    snprintf(condition, sizeof condition, "%.*s", (int)length, text);
    text += length + 1;
    text += strspn(text, " ");
    if (put_text(claim->said, sizeof claim->said, "the sentence of a claim", text, err) != HT_OK)
        return err->code;
    return ht_condition_parse(&claim->condition, condition, err);
}

static ht_code step_value(ht_lesson_step *step, const char *key, const char *value, ht_error *err)
{
    if (strcmp(key, "title") == 0) return put_text(step->title, sizeof step->title, key, value, err);
    if (strcmp(key, "text") == 0) return add_text(step->text, sizeof step->text, key, value, err);
    if (strcmp(key, "press") == 0) return put_text(step->press, sizeof step->press, key, value, err);
    if (strcmp(key, "keys") == 0) return put_keys(step, value, err);
    if (strcmp(key, "panel") == 0) return put_panel(step, value, err);
    if (strcmp(key, "train") == 0) return put_train(step, value, err);
    if (strcmp(key, "claim") == 0) return put_claim(step, value, err);
    if (strcmp(key, "until") == 0) return ht_condition_parse(&step->until, value, err);
    return ht_error_set(err, HT_USAGE,
                        "'%.40s' is none of: title, text, press, keys, until, panel, train, claim", key);
}

/* [step 1], [step 2] …, in order: the step of a section; NULL with *err set where there is none. */
static ht_lesson_step *find_step(ht_lesson *lesson, const char *section, ht_error *err)
{
    double number = 0;
    if (strncmp(section, "step ", 5) != 0 || !ht_parse_number(section + 5, &number))
        ht_error_set(err, HT_USAGE, "[%.40s] is neither [lesson] nor [step N]", section);
    else if (number != lesson->count && number != lesson->count + 1)
        ht_error_set(err, HT_USAGE, "[%.40s] comes after [step %d]: steps are numbered 1, 2 …", section,
                     lesson->count);
    else if (number > HT_LESSON_STEPS)
        ht_error_set(err, HT_USAGE, "a lesson has at most %d steps", HT_LESSON_STEPS);
    else if (number < 1)
        ht_error_set(err, HT_USAGE, "steps are numbered from 1");
    if (err->code != HT_OK) return NULL;
    ht_lesson_step *step = &lesson->step[(int)number - 1];
    if (number > lesson->count) step->panel = HT_PANEL_COUNT;
    lesson->count = (int)number;
    return step;
}

static ht_code on_value(void *user, const char *section, const char *key, const char *value, ht_error *err)
{
    ht_lesson *lesson = user;
    if (strcmp(section, "lesson") != 0) {
        ht_lesson_step *step = find_step(lesson, section, err);
        return step ? step_value(step, key, value, err) : HT_USAGE;
    }
    if (strcmp(key, "title") == 0) return put_text(lesson->title, sizeof lesson->title, key, value, err);
    if (strcmp(key, "about") == 0) return put_text(lesson->about, sizeof lesson->about, key, value, err);
    if (strcmp(key, "preset") == 0) return put_text(lesson->preset, sizeof lesson->preset, key, value, err);
    return ht_error_set(err, HT_USAGE, "'%.40s' is none of: title, about, preset", key);
}

/* What only the whole can lack. */
static ht_code complete(const ht_lesson *lesson, const char *name, ht_error *err)
{
    if (!lesson->title[0] || !lesson->preset[0] || lesson->count == 0)
        return ht_error_set(err, HT_USAGE, "%s: a lesson has a title, a preset and [step 1]", name);
    for (int i = 0; i < lesson->count; i++) {
        const ht_lesson_step *step = &lesson->step[i];
        if (!step->title[0] || !step->text[0])
            return ht_error_set(err, HT_USAGE, "%s: [step %d] has no title or no text", name, i + 1);
        if ((step->keys > 0) != (step->press[0] != '\0'))
            return ht_error_set(err, HT_USAGE, "%s: [step %d]: 'press' (for people) and 'keys' go together",
                                name, i + 1);
        if (step->keys > 0 && step->until.count == 0)
            return ht_error_set(err, HT_USAGE,
                                "%s: [step %d] has keys, but no 'until' tells that they were pressed", name,
                                i + 1);
    }
    return HT_OK;
}

ht_code ht_lesson_parse(ht_lesson *lesson, const char *name, const char *text, size_t size, ht_error *err)
{
    const ht_ini_reader reader = {"lesson", begin, on_value, lesson};
    if (ht_ini_parse(&reader, name, text, size, err) != HT_OK) return err->code;
    return complete(lesson, name, err);
}

/* ---- those of the program ---- */

static const ht_embedded *file_of(int number)
{
    for (size_t i = 0; i < ht_embedded_count; i++)
        if (strncmp(ht_embedded_files[i].name, folder, sizeof folder - 1) == 0 && --number == 0)
            return &ht_embedded_files[i];
    return NULL;
}

int ht_lesson_count(void)
{
    int count = 0;
    while (file_of(count + 1)) count++;
    return count;
}

ht_code ht_lesson_load(ht_lesson *lesson, int number, ht_error *err)
{
    const ht_embedded *file = number > 0 ? file_of(number) : NULL;
    if (!file)
        return ht_error_set(err, HT_USAGE, "there is no lesson %d; `heavytail lesson --list` names the %d",
                            number, ht_lesson_count());
    return ht_lesson_parse(lesson, file->name, file->data, file->size, err);
}
