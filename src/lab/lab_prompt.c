/* lab_prompt.c - what is typed at the bottom: a value for the chosen control, any setting, words to find, a
 * ghost's name, a label. */
#include <stdio.h>
#include <string.h>

#include "lab/lab_handlers.h"
#include "base/text.h"
#include "view/ghost.h"
#include "view/menu/settings.h"
#include "view/view.h"

/* Help and the menu of settings show what they find while it is typed. */
static void search(ht_model *m)
{
    bool help = m->view != HT_VIEW_SETTINGS;
    if (m->prompt != HT_PROMPT_SEARCH) return;
    ht_text_copy(help ? m->search : m->settings.filter, sizeof m->search, m->typed);
    if (help)
        m->help_scroll = 0;
    else
        ht_settings_settle(m);
}

void ht_lab_prompt(ht_lab *lab, ht_action action)
{
    ht_model *m = lab->model;
    if (action == HT_DO_TYPE && ht_view_at(m->view)->arrows) {
        ht_lab_note(lab, true, "no control is in sight here; : sets any setting");
        return;
    }
    if (action == HT_DO_NAME_GHOST && m->ghost_count == 0) {
        ht_lab_note(lab, true, "there is no ghost; g pins the run as one");
        return;
    }
    m->typed[0] = '\0';
    m->prompt = action == HT_DO_TYPE         ? HT_PROMPT_VALUE
                : action == HT_DO_SETTING    ? HT_PROMPT_SETTING
                : action == HT_DO_NAME_GHOST ? HT_PROMPT_NAME
                                             : HT_PROMPT_SEARCH;
    if (action != HT_DO_SEARCH) return;
    if (m->view != HT_VIEW_HELP && m->view != HT_VIEW_SETTINGS) ht_lab_help(lab, HT_DO_SEARCH);
    search(m);
}

void ht_lab_type_value(ht_lab *lab)
{
    lab->model->prompt = HT_PROMPT_VALUE;
    lab->model->typed[0] = '\0';
}

static void take_value(ht_lab *lab, ht_param p, const char *text)
{
    ht_params trial = lab->model->asked;
    ht_error err;
    if (ht_params_set(&trial, ht_param_at(p)->key, text, &err) == HT_OK)
        ht_lab_change(lab, p, ht_params_get(&trial, p));
    else
        ht_lab_note(lab, false, "%s", err.text);
}

/* A key, or its last part if that is of one key only: "alpha". */
static bool find_key(const char *name, ht_param *found)
{
    int count = 0;
    if (ht_param_find(name, found)) return true;
    for (int p = 0; p < HT_P_COUNT; p++)
        if (strcmp(strchr(ht_param_at((ht_param)p)->key, '.') + 1, name) == 0) *found = (ht_param)p, count++;
    return count == 1;
}

/* "key=value" or "key value". */
static void take_setting(ht_lab *lab, const char *text)
{
    char key[64];
    ht_param p;
    size_t length = strcspn(text, "= ");
    const char *value = text + length + strspn(text + length, "= ");
    snprintf(key, sizeof key, "%.*s", (int)length, text);
    if (!find_key(key, &p))
        ht_lab_note(lab, false, "no setting '%s'; the nearest is %s; / searches them all", key,
                    ht_param_nearest(key));
    else if (ht_lab_may_change(lab, p, value))
        take_value(lab, p, value);
}

static void take(ht_lab *lab)
{
    ht_model *m = lab->model;
    ht_prompt prompt = m->prompt;
    m->prompt = HT_PROMPT_NONE;
    if (prompt == HT_PROMPT_LABEL) ht_lab_take_label(lab);
    if (m->typed[0] == '\0') return;
    if (prompt == HT_PROMPT_VALUE) take_value(lab, ht_model_edited(m), m->typed);
    if (prompt == HT_PROMPT_SETTING) take_setting(lab, m->typed);
    if (prompt == HT_PROMPT_NAME && m->ghost_count > 0)
        ht_text_copy(ht_ghost_newest(m)->name, sizeof ht_ghost_newest(m)->name, m->typed);
}

static void drop_last(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80) length--; /* UTF-8's later bytes */
    text[length > 0 ? length - 1 : 0] = '\0';
}

/* Names and words may be of any script; keys and values are ASCII. */
static bool is_wanted(ht_prompt prompt, int key)
{
    bool words = prompt == HT_PROMPT_NAME || prompt == HT_PROMPT_SEARCH || prompt == HT_PROMPT_LABEL;
    return (key >= (prompt == HT_PROMPT_VALUE ? '!' : ' ') && key < 127) ||
           (words && key >= 0xa0 && key < HT_KEY_UP);
}

static void append(ht_model *m, int key)
{
    char bytes[5];
    size_t length = strlen(m->typed);
    if (length + ht_utf8_encode((unsigned)key, bytes) < sizeof m->typed) strcpy(m->typed + length, bytes);
}

void ht_lab_paste(ht_lab *lab, const ht_event *event)
{
    ht_model *m = lab->model;
    unsigned c;
    if (m->prompt == HT_PROMPT_NONE) {
        ht_lab_note(lab, true, "pasted text is not taken as keys; : and = open a line for it");
        return;
    }
    for (const char *at = event->text; *at;) {
        at += ht_utf8_decode(at, &c);
        if (is_wanted(m->prompt, (int)c)) append(m, (int)c);
    }
    search(m);
}

void ht_lab_type_key(ht_lab *lab, int key)
{
    ht_model *m = lab->model;
    if (key == HT_KEY_ENTER) {
        take(lab);
        return;
    }
    if (key == HT_KEY_ESCAPE) m->typed[0] = '\0';
    if (key == HT_KEY_BACKSPACE) drop_last(m->typed);
    if (is_wanted(m->prompt, key)) append(m, key);
    search(m);
    if (key == HT_KEY_ESCAPE) m->prompt = HT_PROMPT_NONE;
}
