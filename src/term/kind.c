#include "term/kind.h"

#include <curses.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#include "base/text.h"

/* Is there a description of that name, with a cursor that can be placed? Tells how many colours it has. */
static bool is_known(const char *name, int *colours)
{
    int found;
    bool able = setupterm(name, STDOUT_FILENO, &found) == OK;
    const char *place = able ? tigetstr("cup") : NULL;
    able = able && place != NULL && (intptr_t)place != -1;
    *colours = able ? tigetnum("colors") : 0;
    if (cur_term) del_curterm(cur_term); /* newterm makes its own */
    return able;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* tmux speaks 24 bits whatever it runs in; screen reads such colours as something else. */
static bool true_colour(void)
{
    const char *promise = getenv("COLORTERM"), *name = getenv("TERM"), *tmux = getenv("TMUX");
    if (!promise || !(strcmp(promise, "truecolor") == 0 || strcmp(promise, "24bit") == 0)) return false;
    bool in_tmux = tmux && tmux[0];
    return in_tmux || !(getenv("STY") || (name && begins(name, "screen")));
}

/* The same terminal with more colours: xterm-256color for xterm. */
static void prefer_colours(ht_term_kind *kind, int colours)
{
    char more[80];
    int count;
    snprintf(more, sizeof more, "%s-256color", kind->name);
    if (colours >= 256 || strlen(more) >= sizeof kind->name || !is_known(more, &count) || count < 256) return;
    ht_text_copy(kind->name, sizeof kind->name, more);
}

static bool ends(const char *text, const char *with)
{
    size_t length = strlen(text), tail = strlen(with);
    return length >= tail && strcmp(text + length - tail, with) == 0;
}

/* A name that tells that xterm's sequences are understood: of a terminal of today (whose description comes
 * with it, and is not there after ssh), with its number of colours, or beside COLORTERM. Any other may be a
 * typing error, or a terminal that would print the sequences. */
static bool follows_xterm(const char *name)
{
    static const char *const families[] = {"xterm",   "kitty", "ghostty", "foot",   "wezterm", "alacritty",
                                           "contour", "rio",   "konsole", "vte",    "gnome",   "st-",
                                           "rxvt",    "iterm", "iTerm",   "mintty", "putty",   "mlterm",
                                           "vscode",  "warp",  "zellij",  "tmux",   "screen",  "wayst",
                                           "hyper",   "tabby", "Eterm",   "nsterm", "dtterm",  "ms-terminal"};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (begins(name, families[i])) return true;
    return strcmp(name, "st") == 0 || ends(name, "-256color") || ends(name, "-direct") ||
           ends(name, "-truecolor") || true_colour();
}

/* By the order in which they know more. Almost all terminals of today follow xterm; tmux and screen have
 * descriptions of their own. */
static ht_code fall_back(ht_term_kind *kind, const char *name, ht_error *err)
{
    static const char *const multiplexers[] = {"tmux-256color", "screen-256color", "screen", NULL};
    static const char *const others[] = {"xterm-256color", "xterm", "vt100", "ansi", NULL};
    bool inside = begins(name, "tmux") || begins(name, "screen");
    int ignored, lists = follows_xterm(name) ? 2 : 0;
    for (int list = inside ? 0 : 1; list < lists; list++)
        for (const char *const *to = list ? others : multiplexers; *to; to++) {
            if (!is_known(*to, &ignored)) continue;
            ht_text_copy(kind->name, sizeof kind->name, *to);
            snprintf(kind->notice, sizeof kind->notice,
                     "this system does not know the terminal type '%.40s' (TERM); it is taken for %s", name,
                     *to);
            ht_text_clean(kind->notice);
            return HT_OK;
        }
    return ht_error_set(err, HT_FAIL,
                        "the terminal type '%.40s' is unknown; set TERM (xterm-256color), or use `heavytail "
                        "train`",
                        name);
}

/* Descriptions that say themselves that the cursor cannot be placed. */
static bool is_there(const char *name)
{
    int found;
    bool there = setupterm(name, STDOUT_FILENO, &found) == OK || found == 1;
    if (cur_term) del_curterm(cur_term);
    return there;
}

ht_code ht_term_kind_find(ht_term_kind *kind, ht_error *err)
{
    const char *name = getenv("TERM");
    int colours;
    *kind = (ht_term_kind){.name = ""};
    if (!name || !name[0])
        return ht_error_set(err, HT_FAIL,
                            "TERM is not set: what this terminal can do is not known; set it (export "
                            "TERM=xterm-256color), or use `heavytail train`");
    if (is_known(name, &colours) && strlen(name) < sizeof kind->name)
        ht_text_copy(kind->name, sizeof kind->name, name);
    else if (is_there(name))
        return ht_error_set(
            err, HT_FAIL,
            "the terminal type '%.40s' cannot place the cursor; set TERM (xterm-256color), or use "
            "`heavytail train`",
            name);
    else if (fall_back(kind, name, err) != HT_OK)
        return err->code;
    kind->true_colour = true_colour();
    if (kind->true_colour && !kind->notice[0]) prefer_colours(kind, colours);
    return HT_OK;
}
