#include "view/bars.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/wrap.h"
#include "view/ghost.h"
#include "view/keymap.h"
#include "view/layers/layers.h"
#include "view/watched/watched.h"

__attribute__((format(printf, 4, 5))) static void add(ht_span *spans, int *count, ht_role role,
                                                      const char *format, ...)
{
    va_list args;
    if (*count == HT_SPANS) return;
    ht_span *span = &spans[(*count)++];
    span->role = role;
    va_start(args, format);
    vsnprintf(span->text, sizeof span->text, format, args);
    va_end(args);
}

/* The width sweep that is running; the run itself waits then. */
static const ht_width_sweep_state *running_width_sweep(const ht_model *m)
{
    const ht_width_sweep_state *newest =
        m->width_sweep_count ? &m->width_sweep[m->width_sweep_count - 1] : NULL;
    return newest && newest->running ? newest : NULL;
}

/* A picture of the comparison: the run beside it, its noise and its step, are not part of it. */
static bool of_comparison(const ht_model *m)
{
    return m->control < 0 && m->view == HT_VIEW_COMPARE && m->compare.count > 0;
}

static void add_noise(const ht_params *p, ht_span *spans, int *count)
{
    int type = (int)ht_params_get(p, HT_P_NOISE_TYPE);
    double alpha = ht_params_get(p, HT_P_NOISE_ALPHA), sigma = ht_params_get(p, HT_P_NOISE_SCALE);
    if (type == HT_NOISE_NONE) {
        add(spans, count, HT_ROLE_NOISE, " no noise ");
        add(spans, count, HT_ROLE_DIM, "(α %.3g σ %.3g not in force) ", alpha, sigma);
    } else {
        add(spans, count, HT_ROLE_NOISE, " %s α %.3g σ %.3g ", ht_param_choice(HT_P_NOISE_TYPE, type), alpha,
            sigma);
    }
}

int ht_bars_title_left(const ht_model *m, ht_span spans[HT_SPANS])
{
    int count = 0;
    char title[41];
    add(spans, &count, HT_ROLE_BRAND, " heavytail ");
    if (m->watched) {
        add(spans, &count, HT_ROLE_NOISE, " watch %s ", m->watched->name);
        add(spans, &count, HT_ROLE_DIM, " %s ", m->shape);
        return count;
    }
    if (!of_comparison(m)) add_noise(&m->applied, spans, &count);
    ht_text_copy(title, sizeof title, m->title);
    add(spans, &count, HT_ROLE_TEXT, " %s ", title);
    add(spans, &count, HT_ROLE_DIM, " %s ", m->shape);
    return count;
}

static int title_of_comparison(const ht_compare_state *s, ht_span spans[HT_SPANS])
{
    char steps[32];
    int count = 0;
    ht_format_grouped(steps, sizeof steps, (long long)s->steps);
    if (s->done < s->wanted && s->seeds < 2)
        add(spans, &count, HT_ROLE_WARNING, " %d of %d methods ", s->done, s->wanted);
    else if (s->done < s->wanted)
        add(spans, &count, HT_ROLE_WARNING, " %d of %d runs ", s->done, s->wanted);
    else
        add(spans, &count, HT_ROLE_GOOD, " ✓ %d methods ", s->count);
    add(spans, &count, HT_ROLE_TEXT, " %s steps each ", steps);
    if (s->seeds > 1) add(spans, &count, HT_ROLE_TEXT, " %d seeds ", s->seeds);
    return count;
}

/* The state, and of which step what is shown is; a run that started again has a number. */
static int title_of_watched(const ht_model *m, ht_span spans[HT_SPANS])
{
    const ht_watched *w = m->watched;
    int count = 0;
    char step[32];
    bool seen = w->look || w->scalars;
    ht_format_grouped(step, sizeof step, (long long)m->step);
    add(spans, &count, seen ? HT_ROLE_GOOD : HT_ROLE_WARNING, seen ? " ● watching " : " ○ waiting ");
    if (m->frozen) add(spans, &count, HT_ROLE_WARNING, "▪ view frozen ");
    if (seen) add(spans, &count, HT_ROLE_TEXT, " step %s ", step);
    if (w->run > 0) add(spans, &count, HT_ROLE_MARK, " run %d ", w->run + 1);
    if (w->trainings > 1) add(spans, &count, HT_ROLE_DIM, " %d of %d (n: next) ", w->shown + 1, w->trainings);
    return count;
}

int ht_bars_title_right(const ht_model *m, ht_span spans[HT_SPANS])
{
    static const struct {
        const char *text;
        ht_role role;
    } states[] = {{"‖ paused", HT_ROLE_WARNING},
                  {"● running", HT_ROLE_GOOD},
                  {"✓ done", HT_ROLE_GOOD},
                  {"× diverged", HT_ROLE_BAD}};
    char step[32], epoch[24], rate[24];
    int count = 0, seconds = (int)m->seconds;
    if (of_comparison(m)) return title_of_comparison(&m->compare, spans);
    if (m->watched) return title_of_watched(m, spans);
    ht_format_grouped(step, sizeof step, (long long)m->step);
    ht_format_short(epoch, sizeof epoch, m->epoch, 3);
    if (m->steps_per_second < 1000)
        ht_format_short(rate, sizeof rate, m->steps_per_second, 3);
    else
        ht_format_grouped(rate, sizeof rate, (long long)m->steps_per_second);
    const ht_width_sweep_state *width_sweep = running_width_sweep(m);
    if (width_sweep)
        add(spans, &count, HT_ROLE_GOOD, " ● widths %d runs ", width_sweep->runs);
    else if (m->compare.running)
        add(spans, &count, HT_ROLE_GOOD, " ● methods %d of %d ", m->compare.done, m->compare.wanted);
    else if (m->opening)
        add(spans, &count, HT_ROLE_GOOD, " ○ opening ");
    else
        add(spans, &count, states[m->state].role, " %s ", states[m->state].text);
    if (m->frozen) {
        char frozen[32];
        ht_format_grouped(frozen, sizeof frozen, (long long)m->frozen_step);
        add(spans, &count, HT_ROLE_WARNING, "▪ view frozen at %s ", frozen);
    }
    add(spans, &count, HT_ROLE_TEXT, " step %s ", step);
    if (m->masked > 0) add(spans, &count, HT_ROLE_MARK, " masked %.0f %% ", 100 * m->masked);
    if (m->steps_per_second > 0) add(spans, &count, HT_ROLE_TEXT, " %s step/s ", rate);
    add(spans, &count, HT_ROLE_DIM, " epoch %s ", epoch);
    if (m->seconds > 0) add(spans, &count, HT_ROLE_DIM, " %d:%02d ", seconds / 60, seconds % 60);
    return count;
}

static void add_key(ht_span *spans, int *n, const ht_key_info *key, const char *word)
{
    for (int k = 0; k < 2 && *n < HT_SPANS; k++) {
        add(spans, n, k ? HT_ROLE_DIM : HT_ROLE_KEY, k ? " %s " : " %s", k ? word : key->label);
        spans[*n - 1].key = key->keys[0];
    }
}

/* The bar has the words for what can be done here. */
static bool belongs(const ht_model *m, ht_action action)
{
    if (ht_watched_refusal(m, action)) return false;
    if (action == HT_DO_TWIN) return !m->watched || m->watched->trainings > 1;
    if (action == HT_DO_LAYERS) return m->watched != NULL;
    if (m->view == HT_VIEW_SETTINGS) /* where letters find */
        return action == HT_DO_PAUSE || action == HT_DO_SETTINGS || action == HT_DO_HELP ||
               action == HT_DO_QUIT;
    if (action == HT_DO_METHOD)
        return m->view == HT_VIEW_COMPARE || ht_params_get(&m->applied, HT_P_OCCAM_LAMBDA0) > 0;
    if (action == HT_DO_PRUNE || action == HT_DO_PRUNE_KEEP) return m->view == HT_VIEW_PRUNING;
    if (action == HT_DO_LAYER) return ht_layers_count(m) > 1;
    if (action == HT_DO_WIDTH) return m->view != HT_VIEW_PRUNING;
    return action != HT_DO_FREEZE;
}

/* The key that ends a frozen view comes first: what does not fit is left out at the end. */
static void add_keys(const ht_model *m, ht_span *spans, int *n)
{
    size_t count;
    const ht_key_info *keys = ht_keymap(&count);
    for (size_t i = 0; i < count && m->frozen; i++)
        if (keys[i].action == HT_DO_FREEZE) add_key(spans, n, &keys[i], keys[i].bar);
    for (size_t i = 0; i < count; i++) {
        const char *word = keys[i].bar;
        if (!word || !belongs(m, keys[i].action)) continue;
        if (m->watched && keys[i].action == HT_DO_TWIN) word = "next training";
        if (keys[i].action == HT_DO_PAUSE)
            word = m->view == HT_VIEW_RUNS                        ? "tick"
                   : running_width_sweep(m) || m->compare.running ? "stop"
                   : m->state == HT_STATE_RUNNING                 ? "pause"
                                                                  : "run";
        add_key(spans, n, &keys[i], word);
    }
}

/* What is asked for, what has been typed, and how to end it. */
static void add_prompt(const ht_model *m, ht_span *spans, int *n)
{
    static const char *const ends[] = {[HT_PROMPT_VALUE] = "take it",
                                       [HT_PROMPT_SETTING] = "set it",
                                       [HT_PROMPT_SEARCH] = "show",
                                       [HT_PROMPT_NAME] = "name it",
                                       [HT_PROMPT_LABEL] = "put it there"};
    char step[32];
    ht_format_grouped(step, sizeof step, (long long)m->label_step);
    if (m->prompt == HT_PROMPT_VALUE)
        add(spans, n, HT_ROLE_KEY, " %s =", ht_model_symbol(ht_model_edited(m)));
    else if (m->prompt == HT_PROMPT_NAME)
        add(spans, n, HT_ROLE_KEY, " name of %c:", m->ghost_count ? ht_ghost_newest(m)->letter : '-');
    else if (m->prompt == HT_PROMPT_LABEL)
        add(spans, n, HT_ROLE_KEY, " label at step %s:", step);
    else
        add(spans, n, HT_ROLE_KEY, m->prompt == HT_PROMPT_SETTING ? " key=value:" : " find:");
    add(spans, n, HT_ROLE_TEXT, " %s▏ ", m->typed);
    add(spans, n, HT_ROLE_KEY, " Enter");
    add(spans, n, HT_ROLE_DIM, " %s ", ends[m->prompt]);
    add(spans, n, HT_ROLE_KEY, " Esc");
    add(spans, n, HT_ROLE_DIM, " leave it ");
}

int ht_bars_keys(const ht_model *m, ht_span spans[HT_SPANS])
{
    int count = 0;
    if (m->prompt == HT_PROMPT_NONE)
        add_keys(m, spans, &count);
    else
        add_prompt(m, spans, &count);
    return count;
}

/* ---- the message ------------------------------------------------------------------------------- */

enum {
    LEAST_WORD = 24,    /* of a long word, a path, so much stays */
    KEYS_THAT_STAY = 4, /* spans: how to get help, and how to leave */
};

/* Beside the keys that stay, which are the last of the bar. */
static bool fits_the_bar(const ht_model *m, int columns)
{
    ht_span spans[HT_SPANS];
    if (!m->message_is_note || m->prompt != HT_PROMPT_NONE) return false;
    int count = ht_bars_keys(m, spans), used = (int)ht_utf8_length(m->message) + 2;
    for (int i = count - KEYS_THAT_STAY; i < count; i++)
        if (i >= 0) used += (int)ht_utf8_length(spans[i].text);
    return used <= columns;
}

int ht_bars_message_rows(const ht_model *m, int columns)
{
    char text[HT_MESSAGE];
    if (m->message[0] == '\0' || fits_the_bar(m, columns)) return 0;
    ht_bars_message(m, columns, text);
    return ht_wrap_count(text, columns - 2);
}

/* Bytes of the first `count` characters. */
static size_t bytes_of(const char *text, size_t count)
{
    size_t bytes = 0;
    unsigned c;
    for (; count > 0; count--) bytes += ht_utf8_decode(text + bytes, &c);
    return bytes;
}

/* The text with at most `most` characters of each word: a longer one loses its middle. */
static void shorten_words(const char *text, size_t most, char to[HT_MESSAGE])
{
    char shorter[2 * HT_MESSAGE]; /* dots may take a byte more than what they stand for */
    size_t used = 0;
    while (*text) {
        char word[HT_MESSAGE];
        size_t length = strcspn(text, " "), blanks = strspn(text + length, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        size_t characters = ht_utf8_length(word), tail = most - most / 2 - 1;
        if (characters > most)
            used += (size_t)snprintf(shorter + used, sizeof shorter - used, "%.*s…%s",
                                     (int)bytes_of(word, most / 2), word,
                                     word + bytes_of(word, characters - tail));
        else
            used += (size_t)snprintf(shorter + used, sizeof shorter - used, "%s", word);
        used += (size_t)snprintf(shorter + used, sizeof shorter - used, "%*s", (int)blanks, "");
        text += length + blanks;
    }
    ht_text_copy(to, HT_MESSAGE, used ? shorter : "");
}

/* The end goes: what is left takes the rows there are. */
static void cut_to_rows(char text[HT_MESSAGE], int width)
{
    char line[HT_WRAP_LINE];
    const char *rest = text;
    for (int row = 0; row < HT_MESSAGE_ROWS; row++) ht_wrap_next(&rest, width, line);
    char *end = text + (rest - text);
    for (size_t room = sizeof "…"; end > text && (room > 0 || (*end & 0xC0) == 0x80); end--) room -= room > 0;
    memcpy(end, "…", sizeof "…");
}

bool ht_bars_message(const ht_model *m, int columns, char to[HT_MESSAGE])
{
    int width = columns > 3 ? columns - 2 : 1;
    ht_text_copy(to, HT_MESSAGE, m->message);
    if (fits_the_bar(m, columns) || ht_wrap_count(to, width) <= HT_MESSAGE_ROWS) return false;
    size_t most = (size_t)HT_MESSAGE_ROWS * (size_t)width;
    for (; most >= LEAST_WORD && ht_wrap_count(to, width) > HT_MESSAGE_ROWS; most -= most / 8)
        shorten_words(m->message, most, to);
    if (ht_wrap_count(to, width) > HT_MESSAGE_ROWS) cut_to_rows(to, width);
    return true;
}

ht_role ht_bars_message_role(const ht_model *m)
{
    if (m->message_is_note || m->state == HT_STATE_DONE) return HT_ROLE_GOOD;
    return m->state == HT_STATE_DIVERGED ? HT_ROLE_BAD : HT_ROLE_WARNING;
}
