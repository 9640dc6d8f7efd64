/* cast_play.c - a recording in this terminal, or as bytes. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/notes.h"
#include "term/cast.h"
#include "term/guard.h"

enum { FILE_MOST = 1 << 30 };

/* ---- what a terminal gets of it ---------------------------------------------------------------- */

/* Sequences may be cut anywhere between two events: where the last one stands. */
typedef struct filter {
    enum { PLAIN, LEAD, ESCAPE, CHARSET, CONTROL, STRING, STRING_ESCAPE } state;
    char held[64]; /* a control sequence from its ESC on, until its end tells what it is */
    size_t size;
    int awaited;       /* bytes that the character before still needs */
    bool other_screen; /* it has gone there and not come back */
    bool region;       /* it may have left lines that scroll apart */
    ht_text out;
} filter;

/* Modes that draw, of "?12;25": keypad, width, wrapping, the cursor, the other screen, whole frames. Not the
 * mouse's and those of pasting. */
static bool draws_mode(const char *parameters)
{
    static const long known[] = {1, 5, 6, 7, 12, 25, 34, 47, 1047, 1048, 1049, 2026};
    bool private = parameters[0] == '?', good = true;
    char *at = (char *)parameters + private;
    if (!private) return strcmp(parameters, "4") == 0 || strcmp(parameters, "20") == 0;
    for (bool more = true; more && good; at++) {
        if (*at < '0' || *at > '9') return false;
        long mode = strtol(at, &at, 10);
        good = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) good = good || mode == known[i];
        more = *at == ';';
        good = good && (more || *at == '\0');
    }
    return good;
}

/* What of "?1049;25" and the like is to be taken back at the end. */
static void note_modes(filter *f, const char *parameters, bool on)
{
    char *at = (char *)parameters;
    while (*at == '?' || *at == ';') {
        long mode = strtol(at + 1, &at, 10);
        if (mode == 47 || mode == 1047 || mode == 1049) f->other_screen = on;
        if (mode == 6) f->region = true;
    }
}

/* "\033[…X": does it draw, move or colour? What asks the terminal (its answer would be typed into the shell)
 * or moves its window does not. */
static bool draws(filter *f)
{
    char parameters[sizeof f->held], final = f->held[f->size - 1];
    snprintf(parameters, sizeof parameters, "%.*s", (int)(f->size - 3), f->held + 2);
    if (final == 'h' || final == 'l') {
        bool good = draws_mode(parameters);
        if (good) note_modes(f, parameters, final == 'h');
        return good;
    }
    bool private = strpbrk(parameters, "?<=>!$\"' ") != NULL;
    if (final == 'r') f->region = true;
    return !private && strchr("@ABCDEFGHIJKLMPSTXZ`abdefmrsu", final) != NULL;
}

static void end_control(filter *f)
{
    if (draws(f)) ht_text_add_bytes(&f->out, f->held, f->size);
    f->state = PLAIN;
}

/* The character behind an ESC. */
static void after_escape(filter *f, char c)
{
    if (c == '[') {
        f->state = CONTROL;
    } else if (c != '\0' && strchr("]PX^_", c)) { /* titles, clipboards, device strings */
        f->state = STRING;
    } else if (c == '(' || c == ')') {
        f->state = CHARSET;
    } else {
        if (c != '\0' && strchr("78DEHM=>", c)) ht_text_add_bytes(&f->out, f->held, f->size);
        f->state = PLAIN;
    }
}

/* U+0080 to U+009F, which are 0xC2 and a second byte, are sequences' beginnings to some terminals; the second
 * byte alone is to others. */
static void take_plain(filter *f, char c)
{
    static const char enquiry = '\x05';
    unsigned char byte = (unsigned char)c;
    bool lead = f->state == LEAD, inner = byte >= 0x80 && byte < 0xc0, control = inner && byte < 0xa0;
    bool whole = !lead && f->awaited == 0;
    f->state = PLAIN;
    if (c == '\033' || byte == 0xc2) {
        f->held[0] = c;
        f->size = 1;
        f->awaited = 0;
        f->state = byte == 0xc2 ? LEAD : ESCAPE;
        return;
    }
    if (inner)
        f->awaited -= f->awaited > 0;
    else
        f->awaited = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
    if (control && (lead || whole)) return;
    if (lead && inner) ht_text_add_bytes(&f->out, f->held, 1);
    if (c != enquiry) ht_text_add_bytes(&f->out, &c, 1);
}

static void take(filter *f, char c)
{
    if (f->state == STRING || f->state == STRING_ESCAPE) {
        bool over = c == '\a' || (f->state == STRING_ESCAPE && c == '\\');
        f->state = over ? PLAIN : c == '\033' ? STRING_ESCAPE : STRING;
        return;
    }
    if (f->state == PLAIN || f->state == LEAD || (unsigned char)c >= 0x80) {
        if (f->state != LEAD) f->state = PLAIN; /* no byte of a sequence: what is held is dropped */
        take_plain(f, c);
        return;
    }
    f->held[f->size++] = c;
    if (f->state == ESCAPE) {
        after_escape(f, c);
    } else if (f->state == CHARSET) {
        if (c >= '0' && c <= '~') ht_text_add_bytes(&f->out, f->held, f->size);
        f->state = PLAIN;
    } else if (c >= '@' && c <= '~') {
        end_control(f);
    } else if (f->size == sizeof f->held || c < ' ') {
        f->state = PLAIN; /* no sequence that we know */
    }
}

/* ---- the terminal ------------------------------------------------------------------------------ */

/* False when the reader is gone. */
static bool put(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, size);
        if (n < 0 && errno == EINTR && !ht_interrupted()) continue;
        if (n <= 0) return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static void say(const char *text)
{
    put(text, strlen(text));
}

typedef struct player {
    const ht_cast_file *file;
    ht_cast_pace pace;
    bool keys; /* standard input is a terminal, too */
    bool paused, left;
    double shown; /* when the last event was due */
    filter filter;
} player;

/* A key that came within so many seconds; 0: none did. */
static char key_within(const player *p, double seconds)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char key = 0;
    int ms = (int)fmin(1e6, ceil(fmax(0, seconds) * 1e3));
    if (poll(&in, p->keys ? 1 : 0, ms) <= 0) return 0;
    return read(STDIN_FILENO, &key, 1) == 1 ? key : 'q';
}

/* Until the next event, `gap` seconds after the last one, is due; pauses do not count. */
static void wait_for(player *p, double gap)
{
    static const double long_time = 600;
    double rest = p->shown + gap - ht_now();
    while (!p->left && !ht_interrupted() && (p->paused || rest > 0)) {
        double since = ht_now();
        char key = key_within(p, p->paused ? long_time : rest);
        if (!p->paused) rest -= ht_now() - since;
        if (key == 'q') p->left = true;
        if (key == '.' && p->paused) {
            rest = 0;
            break;
        }
        if (key == ' ') p->paused = !p->paused;
    }
    p->shown = ht_now() + fmin(0, rest);
}

static ht_code show(player *p, const ht_cast_event *event, ht_error *err)
{
    p->filter.out.length = 0;
    for (size_t i = 0; i < event->size; i++) take(&p->filter, p->file->text.data[event->at + i]);
    if (p->filter.out.failed) return ht_error_set(err, HT_FAIL, "not enough memory to play the recording");
    if (p->filter.out.length > 0 && !put(p->filter.out.data, p->filter.out.length)) p->left = true;
    return HT_OK;
}

/* A screen that is too small would be a jumble without a word. */
static void warn_of_size(player *p)
{
    struct winsize now;
    char text[200];
    const ht_cast_file *f = p->file;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_col == 0) return;
    if (now.ws_col >= f->most_columns && now.ws_row >= f->most_rows) return;
    snprintf(text, sizeof text,
             "this terminal has %d × %d characters, the recording %d × %d: it will look broken. %s\r\n",
             now.ws_col, now.ws_row, f->most_columns, f->most_rows,
             p->keys ? "Enlarge it, then Space plays; q leaves" : "Enlarge it");
    say(text);
    for (char key = 0; p->keys && key != ' ' && !p->left && !ht_interrupted();) {
        key = key_within(p, 1);
        p->left = key == 'q';
    }
}

static ht_code play_events(player *p, ht_error *err)
{
    double before = 0;
    ht_code code = HT_OK;
    warn_of_size(p);
    p->shown = ht_now();
    for (size_t i = 0; i < p->file->count && code == HT_OK && !p->left && !ht_interrupted(); i++) {
        const ht_cast_event *event = &p->file->events[i];
        double gap = event->time - before;
        if (p->pace.idle_limit > 0) gap = fmin(gap, p->pace.idle_limit);
        before = event->time;
        wait_for(p, gap / p->pace.speed);
        if (!p->left && !ht_interrupted()) code = show(p, event, err);
    }
    return code;
}

/* Characters, modes and scrolling as a shell expects them, whatever the recording did or where it was cut. */
static void put_in_order(const filter *f)
{
    say(f->other_screen ? HT_GUARD_RESTORE : "\033[0m\033[?7h\033[?25h\r\n");
    say("\033(B\033)B\017\033[4l\033[20l\033[?2026l\033[?5l\033[?7h\033[?1l\033>");
    if (f->region) say("\033[r\033[?6l\033[999;1H\r\n"); /* both move the cursor: below all that is there */
}

static ht_code play_here(const ht_cast_file *file, ht_cast_pace pace, ht_error *err)
{
    struct termios before, ours;
    player p = {.file = file, .pace = pace, .keys = isatty(STDIN_FILENO)};
    if (p.pace.idle_limit <= 0) p.pace.idle_limit = file->idle_limit;
    p.keys = p.keys && tcgetattr(STDIN_FILENO, &before) == 0;
    ht_guard_arm();
    ht_interrupt_listen();
    if (p.keys) {
        ours = before;
        ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        ours.c_cc[VMIN] = 1;
        ours.c_cc[VTIME] = 0;
        ours.c_cc[VSUSP] = _POSIX_VDISABLE; /* a shell would get the screen as it is */
        tcsetattr(STDIN_FILENO, TCSADRAIN, &ours);
    }
    ht_code code = play_events(&p, err);
    put_in_order(&p.filter);
    if (p.keys) tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    ht_interrupt_leave();
    ht_guard_disarm();
    ht_text_free(&p.filter.out);
    return code;
}

ht_code ht_cast_play(const char *path, ht_cast_pace pace, ht_notes *notes, ht_error *err)
{
    ht_cast_file file = {0};
    char *data;
    size_t size;
    if (ht_file_read(path, FILE_MOST, &data, &size, err) != HT_OK) return err->code;
    ht_code code = ht_cast_parse(&file, path, data, size, notes, err);
    ht_free(data);
    if (code == HT_OK && isatty(STDOUT_FILENO))
        code = play_here(&file, pace, err);
    else if (code == HT_OK && file.text.length > 0 && !put(file.text.data, file.text.length))
        code = ht_error_set(err, HT_FAIL, "cannot write to standard output");
    ht_cast_free(&file);
    return code;
}
