/* lab_script.c - keys from a file: for tests, demonstrations and bug reports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/lab.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "view/keymap.h"

enum { SCRIPT_LIMIT = 1 << 20 };

/* Copies the line at `at` without blanks around it; returns where the next one begins. */
static size_t next_line(const ht_lab *lab, size_t at, char line[256])
{
    size_t length = strcspn(lab->script + at, "\n"), skip = strspn(lab->script + at, " \t");
    size_t take = skip < length ? length - skip : 0;
    snprintf(line, 256, "%.*s", (int)(take < 255 ? take : 255), lab->script + at + skip);
    line[strcspn(line, "\r")] = '\0';
    return at + length + (lab->script[at + length] == '\n');
}

/* The argument of a line that starts with `verb`, or NULL. */
static const char *argument(const char *line, const char *verb)
{
    size_t length = strlen(verb);
    return strncmp(line, verb, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

/* "step N", or "wait step>=N". */
static const char *step_of(const char *line)
{
    static const char least[] = "step>=";
    const char *wait = argument(line, "wait");
    if (wait && strncmp(wait, least, sizeof least - 1) == 0) return wait + sizeof least - 1;
    return argument(line, "step");
}

static bool good_line(const char *line)
{
    double number;
    const char *key = argument(line, "key"), *wait = argument(line, "wait"), *step = step_of(line);
    if (line[0] == '\0' || line[0] == '#' || argument(line, "type")) return true;
    if (key) return ht_keymap_key(key) != 0;
    return (wait && ht_parse_number(wait, &number) && number >= 0) ||
           (step && ht_parse_number(step, &number) && number >= 0);
}

ht_code ht_lab_script_load(ht_lab *lab, const char *path, ht_error *err)
{
    char line[256];
    if (ht_file_read(path, SCRIPT_LIMIT, &lab->script, &lab->script_size, err) != HT_OK) return err->code;
    if (strlen(lab->script) != lab->script_size)
        return ht_error_set(err, HT_USAGE, "%s: contains a zero byte; a script is plain text", path);
    int number = 1;
    for (size_t at = 0; at < lab->script_size; number++) {
        at = next_line(lab, at, line);
        if (!good_line(line))
            return ht_error_set(err, HT_USAGE,
                                "%s:%d: '%.60s' is none of: key NAME, type TEXT, wait SECONDS, step N (or "
                                "wait step>=N)",
                                path, number, line);
    }
    return HT_OK;
}

bool ht_lab_scripted(const ht_lab *lab)
{
    return lab->script_at < lab->script_size;
}

static void press(ht_lab *lab, int key)
{
    ht_lab_event(lab, &(ht_event){.kind = HT_EVENT_KEY, .key = key});
}

static void type(ht_lab *lab, const char *text)
{
    for (unsigned c; *text; press(lab, (int)c)) text += ht_utf8_decode(text, &c);
}

bool ht_lab_script(ht_lab *lab)
{
    char line[256];
    bool done = false;
    while (ht_lab_scripted(lab) && ht_now() >= lab->script_wait && !lab->quit) {
        size_t next = next_line(lab, lab->script_at, line);
        const char *key = argument(line, "key"), *text = argument(line, "type"),
                   *wait = argument(line, "wait");
        const char *step = step_of(line);
        if (step && (lab->restart || (double)lab->model->step < strtod(step, NULL))) break;
        lab->script_at = next;
        if (key) press(lab, ht_keymap_key(key));
        if (wait && !step) lab->script_wait = ht_now() + strtod(wait, NULL);
        if (text) type(lab, text);
        ht_lab_picture(lab); /* what is asked for here is meant */
        done = true;
        if (key || text) break; /* one key a frame: its effect is drawn before the next */
    }
    return done;
}
