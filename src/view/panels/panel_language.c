/* panel_language.c - what is drawn of networks that read token sequences: text sampled from them, and the
 * losses that theirs is compared with. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/panels/panels.h"

enum { TEXT_BYTES = 16 * HT_TEXT_TOKENS, NARROW = 42 };

double ht_model_next_temperature(double temperature)
{
    static const double steps[] = {0, 0.5, 0.8, 1, 1.2};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i] > temperature) return steps[i];
    return steps[0];
}

/* What has no shape, or would do something to a terminal, is a dot. */
static void put_character(unsigned c, char *to, size_t *used)
{
    static const unsigned dot = 0xb7;
    char shown[5];
    if (c == '\t') c = ' ';
    if (c != '\n' && (ht_text_is_control(c) || c == 0xfffd)) c = dot;
    size_t length = ht_utf8_encode(c, shown);
    if (*used + length >= TEXT_BYTES) return;
    memcpy(to + *used, shown, length + 1);
    *used += length;
}

/* Bytes that make a character are one. */
static void put_bytes(const ht_model *m, const ht_text_look *text, char *to, size_t *used)
{
    char bytes[HT_TEXT_TOKENS + 1] = "";
    for (int i = 0; i < text->count; i++) {
        bytes[i] = (char)m->language.characters[text->token[i]];
        if (bytes[i] == '\0') bytes[i] = '\x01'; /* either is a dot */
    }
    unsigned c;
    for (size_t at = 0, n; (n = ht_utf8_decode(bytes + at, &c)) > 0; at += n) put_character(c, to, used);
}

static void write_text(const ht_model *m, const ht_text_look *text, char to[TEXT_BYTES])
{
    const ht_language *l = &m->language;
    size_t used = 0;
    to[0] = '\0';
    if (l->bytes) {
        put_bytes(m, text, to, &used);
        return;
    }
    for (int i = 0; i < text->count; i++)
        if (l->characters)
            put_character(l->characters[text->token[i]], to, &used);
        else
            used += (size_t)snprintf(to + used, TEXT_BYTES - used, "%d ", text->token[i]);
}

void ht_panel_sampled_text(const ht_model *m, ht_room room, ht_form *form)
{
    char shown[TEXT_BYTES], when[48];
    const ht_text_look *text = &m->report.text;
    ht_text_copy(form->title, sizeof form->title, "Text");
    if (m->language.tokens == 0) {
        ht_panel_add_text(form, room, HT_ROLE_DIM, "The samples are no text (markov and text:FILE are).");
        return;
    }
    if (!text->looked) {
        ht_panel_add_text(form, room, HT_ROLE_DIM, "sampling");
        return;
    }
    ht_model_when(m, text->step, text->seconds, when, sizeof when);
    snprintf(form->title, sizeof form->title, "Text at %s", when);
    snprintf(form->hint, sizeof form->hint, "%s%s %g", m->control >= 0 ? "i: " : "",
             room.columns < NARROW ? "temp." : "temperature", text->temperature);
    write_text(m, text, shown);
    ht_panel_add_text(form, room, HT_ROLE_TEXT, shown);
}

/* A line across the loss, with its value in its name; the axis reaches to it. */
static void add_line(ht_chart *chart, ht_role role, const char *name, double nats, bool reach)
{
    char value[24], label[72];
    if (nats <= 0) return;
    ht_format_short(value, sizeof value, nats, 4);
    snprintf(label, sizeof label, "%s %s", name, value);
    if (reach) chart->y.low = chart->y.low < 0.98 * nats ? chart->y.low : 0.98 * nats;
    ht_chart_mark(chart, false, nats, role, label);
}

void ht_panel_add_language(const ht_model *m, ht_chart *chart)
{
    const ht_language *l = &m->language;
    if (l->tokens == 0) return;
    chart->also = "bits";
    chart->also_times = 1 / log(2);
    if (chart->series_count == 0) return;
    add_line(chart, HT_ROLE_DIM, "unigram", l->unigram, false);
    add_line(chart, HT_ROLE_MARK, "entropy limit", l->least, true);
}
