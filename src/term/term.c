#define NCURSES_WIDECHAR 1
#include "term/term.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <term.h>
#undef columns /* term.h makes capability names macros */
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "render/glyphs.h"
#include "term/batch.h"
#include "term/cast.h"
#include "term/console.h"
#include "term/guard.h"
#include "term/kind.h"
#include "term/sgr.h"
#include "view/keymap.h"

enum {
    MAX_COLUMNS = 1000,
    MOUSE_QUEUE = 8, /* as many as ncurses keeps */
    REPORT_MS = 200, /* in which the rest of a mouse report must come */
    PASTE_MAX = 256, /* bytes of a paste that are kept: more than any prompt takes */
};

static struct {
    SCREEN *screen;
    ht_term_kind kind;
    bool direct; /* 24-bit colours though terminfo has none (term/sgr.h) */
    bool colours, mouse;
    bool hover;    /* reports of the mouse without a button, too */
    bool sgr;      /* mouse reports are numbers, "CSI < …", for columns beyond 223 too */
    bool pictures; /* the same for pictures of three channels */
    int picture_colour[HT_RGB_COLOURS];
    bool picture_pair[HT_RGB_COLOURS * HT_RGB_COLOURS]; /* each is made when it is first drawn */
    bool pixels;           /* there are pairs enough for two colours in a cell, and colours for them */
    bool font_asked, font; /* the console's: it has what blocks and labels need */
    bool asked, sync;      /* for synchronized output; it has it */
    ht_cell *shown;        /* (rows × columns): the frame before, so that only what changed goes to curses */
    int columns, rows;
    attr_t attributes[HT_ROLE_COLOURS];
    bool held;     /* the left button is down */
    bool brackets; /* the terminal was asked to mark what is pasted */
    bool pasting;  /* its end has not come yet */
    double pasted; /* when the last of it came */
    char paste[PASTE_MAX];
    size_t paste_length;
    bool paste_cut;
    MEVENT mice[MOUSE_QUEUE]; /* read but not yet handed out, the latest first */
    int mouse_count;
} term;

static ht_cast *recorded; /* what is shown is recorded there, or NULL */

static volatile sig_atomic_t interrupted, stop_wanted;
static atomic_bool hurried;           /* a signal came after ht_term_close */
static volatile sig_atomic_t holding; /* the terminal, from ht_term_open to ht_term_close */
static struct termios saved_modes;

/* ---- signals ----------------------------------------------------------------------------------- */

static void give_back(const char *words);

/* A frame that is being written to a terminal that does not read must not hold up the end. Where the signal
 * comes just before that write, the alarm ends it. */
static void on_interrupt(int number)
{
    /* A terminal that goes away is told by the kernel and by the shell: that is no second request to end. */
    if (number != SIGHUP && ht_interrupt_repeated()) {
        give_back("");
        ht_end_by_signal(number);
        return;
    }
    interrupted = 1;
    if (!holding) atomic_store(&hurried, true);
    ht_batch_drop();
    alarm(1);
}

static void on_stop(int number)
{
    (void)number;
    stop_wanted = 1;
}

static void on_alarm(int number)
{
    (void)number; /* that it came is enough: a read that waits gives up */
}

static void say(const char *words)
{
    ssize_t ignored = write(STDOUT_FILENO, words, strlen(words));
    (void)ignored;
}

/* The terminal, if it is ours, to the shell. Async-signal-safe. */
static void give_back(const char *words)
{
    if (!holding) return;
    holding = 0;
    ht_guard_disarm();
    say(HT_GUARD_RESTORE);
    say(words);
    tcsetattr(STDIN_FILENO, TCSANOW, &saved_modes);
}

static void on_crash(int number)
{
    give_back("heavytail: crashed; the terminal is restored. Please report what you did.\n");
    ht_end_by_signal(number);
}

/* A stack of its own, so that a stack overflow is told too. */
static void give_crashes_a_stack(void)
{
    static char memory[64 << 10];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    sigaltstack(&stack, NULL);
}

static void catch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    struct sigaction end = {.sa_handler = on_interrupt},
                     crash = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    give_crashes_a_stack();
    struct sigaction alarm_clock = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &alarm_clock, NULL);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) sigaction(ends[i], &end, NULL);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) sigaction(crashes[i], &crash, NULL);
}

/* Before curses starts: it then leaves SIGTSTP alone, which it would otherwise ignore during each update. */
static void catch_stop(void)
{
    struct sigaction stop = {.sa_handler = on_stop}, before;
    if (sigaction(SIGTSTP, NULL, &before) == 0 && before.sa_handler == SIG_IGN) return; /* no job control */
    sigaction(SIGTSTP, &stop, NULL);
}

bool ht_term_interrupted(void)
{
    return interrupted != 0;
}

const atomic_bool *ht_term_interrupted_again(void)
{
    return &hurried;
}

/* ---- colours ----------------------------------------------------------------------------------- */

/* The terminal's number for a colour: 24 bits where terminfo says so, else one of 256, which stands for it or
 * is the nearest, else one of 16 or 8. */
static int colour_number(ht_colour colour)
{
    if (!colour.set) return -1;
    if (COLORS > 256 && tigetflag("RGB") > 0) return colour.r << 16 | colour.g << 8 | colour.b;
    if (COLORS >= 256) return term.direct ? ht_sgr_number(colour) : ht_colour_256(colour);
    return COLORS >= 16 ? colour.index16 : colour.index16 & 7;
}

static attr_t curses_attributes(unsigned attributes)
{
    return (attributes & HT_BOLD ? A_BOLD : 0) | (attributes & HT_REVERSE ? A_REVERSE : 0) |
           (attributes & HT_UNDERLINE ? A_UNDERLINE : 0);
}

/* After those of the roles: each of the signed colours on each, each of the heat's on each, each of the
 * pictures' on each. */
static int pixel_pair(int role, int ground)
{
    enum {
        SIGNED_PAIRS = HT_ROLE_COLOURS + 1,
        HEAT_PAIRS = SIGNED_PAIRS + HT_SIGNED_LEVELS * HT_SIGNED_LEVELS,
        RGB_PAIRS = HEAT_PAIRS + HT_HEAT_LEVELS * HT_HEAT_LEVELS
    };
    if (ht_role_is_rgb((unsigned)role))
        return RGB_PAIRS + (role - HT_ROLE_RGB) * HT_RGB_COLOURS + (ground - HT_ROLE_RGB);
    if (role >= HT_ROLE_HEAT)
        return HEAT_PAIRS + (role - HT_ROLE_HEAT) * HT_HEAT_LEVELS + (ground - HT_ROLE_HEAT);
    return SIGNED_PAIRS + (role - HT_ROLE_SIGNED) * HT_SIGNED_LEVELS + (ground - HT_ROLE_SIGNED);
}

static void set_pixel_pairs(const ht_theme *theme, int first, int count)
{
    for (int a = first; a < first + count && term.pixels; a++)
        for (int b = first; b < first + count; b++)
            init_extended_pair(pixel_pair(a, b), colour_number(theme->roles[a]),
                               colour_number(theme->roles[b]));
}

static void set_pixels(const ht_theme *theme)
{
    int last = HT_ROLE_HEAT + HT_HEAT_LEVELS - 1;
    term.pixels = term.colours && theme->roles[HT_ROLE_SIGNED].set && COLOR_PAIRS > pixel_pair(last, last);
    set_pixel_pairs(theme, HT_ROLE_SIGNED, HT_SIGNED_LEVELS);
    set_pixel_pairs(theme, HT_ROLE_HEAT, HT_HEAT_LEVELS);
    term.pictures = term.pixels && COLOR_PAIRS > pixel_pair(HT_ROLE_COLOURS - 1, HT_ROLE_COLOURS - 1);
    memset(term.picture_pair, 0, sizeof term.picture_pair);
    for (int i = 0; i < HT_RGB_COLOURS; i++)
        term.picture_colour[i] = colour_number(theme->roles[HT_ROLE_RGB + i]);
}

/* One of thousands, of which a screen shows few. */
static void make_picture_pair(int role, int ground)
{
    int a = role - (int)HT_ROLE_RGB, b = ground - (int)HT_ROLE_RGB, place = a * HT_RGB_COLOURS + b;
    if (term.picture_pair[place]) return;
    term.picture_pair[place] = true;
    init_extended_pair(pixel_pair(role, ground), term.picture_colour[a], term.picture_colour[b]);
}

static void set_colours(const ht_theme *theme)
{
    const char *off = getenv("NO_COLOR");
    term.colours = !(off && off[0]) && has_colors() && start_color() == OK;
    if (term.colours) use_default_colors();
    term.direct = term.colours && term.kind.true_colour && COLORS == 256 && ht_batch_keeps();
    ht_batch_translate(term.direct);
    ht_sgr_forget();
    int background = theme->fill ? colour_number(theme->background) : -1;
    for (int role = 0; role < HT_ROLE_COLOURS; role++) {
        ht_colour colour = theme->roles[role];
        term.attributes[role] = curses_attributes(colour.attributes);
        /* Bright colours of an 8-colour terminal are its bold ones. */
        if (term.colours && COLORS < 16 && colour.set && colour.index16 >= 8) term.attributes[role] |= A_BOLD;
        if (term.colours) init_extended_pair(role + 1, colour_number(colour), background);
    }
    set_pixels(theme);
}

/* Nothing is known of what the screen shows. */
static void forget_frame(void)
{
    ht_free(term.shown);
    term.shown = NULL;
}

void ht_term_theme(const ht_theme *theme)
{
    ht_theme filled = *theme;
    filled.fill = theme->background.set;
    set_colours(&filled);
    forget_frame();
    clearok(curscr, TRUE); /* cells that keep their text change colour too */
}

/* ---- open and close ---------------------------------------------------------------------------- */

/* ncurses asks for clicks; a slider also needs motion while the button is held. In the encoding that ncurses
 * reads on this terminal: under tmux and screen a report in another one would be typed as keys. */
static void mouse_motion(bool on)
{
    if (!term.mouse) return;
    if (on)
        ht_batch_say(term.hover ? "\033[?1002h\033[?1003h" : "\033[?1003l\033[?1002h");
    else
        ht_batch_say("\033[?1003l\033[?1002l");
    if (term.sgr) ht_batch_say(on ? "\033[?1006h" : "\033[?1006l");
}

void ht_term_hover(bool on)
{
    if (on == term.hover) return;
    term.hover = on;
    mouse_motion(true);
}

/* Pasted text is marked, so that it is not taken for keys. Terminals that do not know the mode leave it
 * alone.
 */
static void mark_pastes(bool on)
{
    if (!term.brackets) return;
    ht_batch_say(on ? "\033[?2004h" : "\033[?2004l");
}

enum { SYNC_ANSWERS = 5, SYNC_KEY = KEY_MAX + 64, PASTE_BEGINS = SYNC_KEY + SYNC_ANSWERS, PASTE_ENDS };

static bool is_console(void)
{
    return strcmp(term.kind.name, "linux") == 0 || strncmp(term.kind.name, "linux-", 6) == 0;
}

static void set_paste(void)
{
    term.brackets = term.mouse && !is_console();
    define_key("\033[200~", PASTE_BEGINS);
    define_key("\033[201~", PASTE_ENDS);
    mark_pastes(true);
}

/* Does the terminal have this string capability? (char *)-1 stands for "not a string", NULL for "absent". */
static bool has_capability(const char *name)
{
    const char *value = tigetstr(name);
    return value != NULL && (intptr_t)value != -1;
}

/* F2 as other terminals send it than the one that TERM names: PuTTY, rxvt, VT220; xterm, VT100; the console.
 */
static void set_keys(void)
{
    static const char *const f2[] = {"\033[12~", "\033OQ", "\033[[B"};
    for (size_t i = 0; i < sizeof f2 / sizeof f2[0]; i++)
        if (key_defined(f2[i]) == 0) define_key(f2[i], KEY_F(2));
}

static void set_mouse(void)
{
    mousemask(BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED | REPORT_MOUSE_POSITION,
              NULL);
    mouseinterval(0);
    term.mouse = has_capability("kmous");
    term.sgr = term.mouse && strchr(tigetstr("kmous"), '<');
    mouse_motion(true);
}

/* ---- recording ---- */

static void record_output(const char *bytes, size_t size)
{
    ht_cast_output(recorded, bytes, size);
}

void ht_term_record(struct ht_cast *cast)
{
    recorded = cast;
}

/* What curses begins and ends with goes its own way to the terminal, between changes of the terminal's modes,
 * which a file in memory has not: the recording has the terminal's words for it. */
static void record_words(const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (has_capability(names[i]))
            ht_cast_output(recorded, tigetstr(names[i]), strlen(tigetstr(names[i])));
}

static void begin_recording(void)
{
    static const char *const begins[] = {"smcup", "civis"};
    if (!recorded) return;
    ht_cast_size(recorded, COLS, LINES);
    record_words(begins, 2);
    ht_batch_watch(record_output);
}

static void record_size(int columns, int rows)
{
    if (recorded) ht_cast_size(recorded, columns, rows);
}

static void end_recording(void)
{
    static const char *const ends[] = {"sgr0", "cnorm", "rmcup"};
    ht_batch_watch(NULL);
    if (recorded) record_words(ends, 3);
    recorded = NULL;
}

ht_code ht_term_open(const ht_theme *theme, ht_error *err)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return ht_error_set(
            err, HT_FAIL,
            "the lab needs a terminal on standard input and output; `heavytail train` works without");
    if (ht_term_kind_find(&term.kind, err) != HT_OK) return err->code;
    if (term.kind.notice[0]) fprintf(stderr, "heavytail: note: %s\n", term.kind.notice);
    tcgetattr(STDIN_FILENO, &saved_modes);
    set_escdelay(25);
    catch_stop();
    FILE *out = ht_batch_open();
    term.screen = out ? newterm(term.kind.name, out, stdin) : NULL;
    if (!term.screen)
        return ht_error_set(err, HT_FAIL, "cannot open the terminal '%s'; set TERM, or use `heavytail train`",
                            term.kind.name);
    catch_signals();
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    typeahead(-1); /* a frame is written whole; keys wait for so long */
    curs_set(0);
    begin_recording();
    set_colours(theme);
    set_keys();
    set_mouse();
    set_paste();
    ht_guard_arm();
    holding = 1;
    return HT_OK;
}

/* What the terminal has not read yet is dropped for the bytes that restore it; a Ctrl-S too. */
static void make_room(void)
{
    tcflow(STDOUT_FILENO, TCOON);
    tcflush(STDOUT_FILENO, TCOFLUSH);
    if (term.sync) putp("\033[?2026l"); /* perhaps the end of the last frame went, too */
}

/* The shell's next prompt comes in the last row: where there is no other screen to go back to (the console,
 * screen's default) it would stand in the midst of our keys. */
static void leave_screen(void)
{
    mouse_motion(false);
    mark_pastes(false);
    if (!interrupted && move(LINES - 1, 0) == OK && clrtoeol() == OK) refresh();
    endwin();
}

void ht_term_close(void)
{
    if (!term.screen) return;
    if (interrupted) make_room();
    leave_screen();
    end_recording();
    ht_guard_disarm();
    atomic_store(&hurried, false);
    holding = 0;
    delscreen(term.screen);
    ht_batch_close();
    ht_free(term.shown);
    const bool pixels = term.pixels, pictures = term.pictures;
    memset(&term, 0, sizeof term);
    term.pixels = pixels, term.pictures = pictures; /* of what is still dumped */
}

/* Ctrl-Z: the terminal goes back to the shell, mouse included, and is ours again when we go on. */
static void stop_until_continued(void)
{
    struct sigaction ours, standard = {.sa_handler = SIG_DFL};
    stop_wanted = 0;
    leave_screen();
    ht_guard_disarm();
    sigaction(SIGTSTP, &standard, &ours);
    kill(getpid(), SIGTSTP); /* with all threads: training stops too */
    sigaction(SIGTSTP, &ours, NULL);
    term.held = false;
    forget_frame();
    clearok(curscr, TRUE);
    refresh(); /* outside of a frame: it also sets the terminal's modes, which a file in memory has not … */
    if (term.direct) clearok(curscr, TRUE); /* … and the next frame its colours */
    mouse_motion(true);
    mark_pastes(true);
    ht_guard_arm();
}

void ht_term_size(int *columns, int *rows)
{
    getmaxyx(stdscr, *rows, *columns);
}

const char *ht_term_notice(void)
{
    return term.kind.notice;
}

/* The Linux console has no braille, and what else it has depends on its font. */
static ht_symbols console_symbols(void)
{
    if (!term.font_asked) term.font = ht_console_has_symbols(STDOUT_FILENO);
    term.font_asked = true;
    return term.font ? HT_SYMBOLS_BLOCK : HT_SYMBOLS_ASCII;
}

ht_symbols ht_term_symbols(void)
{
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) return HT_SYMBOLS_ASCII;
    return is_console() ? console_symbols() : HT_SYMBOLS_BRAILLE;
}

/* ---- synchronized output ----------------------------------------------------------------------- */

/* A terminal that has mode 2026 shows a frame when it is complete. It is asked once, after the first frame,
 * and its answer comes as if it were a key: no start waits for it. */
static void ask_for_sync(void)
{
    if (term.asked || !term.mouse || is_console()) return;
    for (int i = 0; i < SYNC_ANSWERS; i++) {
        char answer[] = "\033[?2026;0$y";
        answer[8] = (char)('0' + i);
        define_key(answer, SYNC_KEY + i);
    }
    term.asked = true;
    ht_batch_say("\033[?2026$p");
}

/* 1 and 2: the mode is known and can be set; 0, 3 and 4: it is not, or not for us. */
static bool take_sync_answer(int code)
{
    if (code < SYNC_KEY || code >= SYNC_KEY + SYNC_ANSWERS) return false;
    term.sync = code == SYNC_KEY + 1 || code == SYNC_KEY + 2;
    return true;
}

/* ---- output ------------------------------------------------------------------------------------ */

/* A frame of another size, or the first one, is wholly new: true. Without memory every frame is. */
static bool is_new(int columns, int rows)
{
    ht_error ignored;
    if (term.shown && columns == term.columns && rows == term.rows) return false;
    forget_frame();
    if (term.columns > 0 && (columns != term.columns || rows != term.rows)) record_size(columns, rows);
    term.shown = ht_alloc((size_t)columns * (size_t)rows, sizeof *term.shown, "the screen", &ignored);
    term.columns = columns;
    term.rows = rows;
    for (int i = 0; term.shown && i < columns * rows; i++) term.shown[i].glyph = UINT32_MAX;
    return true;
}

static bool same_cell(ht_cell a, ht_cell b)
{
    return a.glyph == b.glyph && a.role == b.role && a.attributes == b.attributes && a.ground == b.ground;
}

/* A blank has no colour to see: it keeps that of what stood there, so that curves that move over it cost no
 * change of colour to and fro. */
static ht_cell thrifty_cell(ht_cell cell, const ht_cell *before)
{
    bool blank = (cell.glyph == 0 || cell.glyph == ' ') && cell.attributes == 0 && cell.ground == 0;
    if (!blank || !before || before->glyph == UINT32_MAX) return cell;
    if ((term.attributes[before->role] | term.attributes[cell.role]) & (A_REVERSE | A_UNDERLINE)) return cell;
    return before->ground ? cell : (ht_cell){.role = before->role};
}

/* What is wide the terminal's library decides: columns must not shift. */
static ht_cell agreed_cell(const ht_cells *cells, int x, int y, ht_cell cell)
{
    bool tail = cell.glyph == HT_GLYPH_TAIL;
    if (wcwidth((wchar_t)(tail ? ht_cells_at(cells, x - 1, y).glyph : cell.glyph)) != 2)
        cell.glyph = tail ? ' ' : '?';
    return cell;
}

unsigned ht_term_one_colour(void)
{
    return (term.pixels ? 0u : HT_ONE_COLOUR_PIXELS) | (term.pictures ? 0u : HT_ONE_COLOUR_PICTURES);
}

static ht_cell cell_at(const ht_cells *cells, int x, int y)
{
    ht_cell cell = ht_cells_at(cells, x, y);
    if (cell.glyph == HT_GLYPH_TAIL || ht_glyph_is_wide(cell.glyph)) return agreed_cell(cells, x, y, cell);
    return ht_cell_in(cell, ht_term_one_colour());
}

/* Gives curses what between two columns of the row has changed, from the first such cell to the last. */
static void show_row(const ht_cells *cells, int y, int columns, int from, int to)
{
    static cchar_t line[MAX_COLUMNS];
    ht_cell *before = term.shown ? term.shown + (size_t)y * (size_t)columns : NULL;
    int first = columns, last = -1;
    for (int x = from; x < to && x < columns; x++) {
        ht_cell cell = thrifty_cell(cell_at(cells, x, y), before ? &before[x] : NULL);
        if (before && same_cell(cell, before[x])) continue;
        if (before) before[x] = cell;
        if (x < first) first = x;
        last = x;
    }
    int count = 0;
    if (first > 0 && first <= last && cell_at(cells, first, y).glyph == HT_GLYPH_TAIL) first--;
    for (int x = first; x <= last; x++) {
        ht_cell cell = before ? before[x] : cell_at(cells, x, y);
        if (cell.glyph == HT_GLYPH_TAIL) continue; /* curses knows */
        wchar_t text[2] = {cell.glyph ? (wchar_t)cell.glyph : L' ', L'\0'};
        if (term.colours && cell.ground && ht_role_is_rgb(cell.role))
            make_picture_pair(cell.role, cell.ground);
        int pair = !term.colours ? 0 : cell.ground ? pixel_pair(cell.role, cell.ground) : cell.role + 1;
        setcchar(&line[count++], text, term.attributes[cell.role] | curses_attributes(cell.attributes), 0,
                 &pair);
    }
    if (last >= first) mvadd_wchnstr(y, first, line, count);
}

void ht_term_show(const ht_cells *cells)
{
    int columns, rows;
    ht_term_size(&columns, &rows);
    if (columns > MAX_COLUMNS) columns = MAX_COLUMNS;
    bool all = is_new(columns, rows);
    for (int y = 0; y < rows; y++) {
        int from = 0, to = columns;
        if (!all) ht_cells_touched(cells, y, &from, &to);
        show_row(cells, y, columns, from, to);
    }
    wnoutrefresh(stdscr);
    ht_batch_begin(term.sync ? "\033[?2026h" : "");
    doupdate();
    ht_batch_end(term.sync ? "\033[?2026l" : "");
    ask_for_sync();
}

/* ---- input ------------------------------------------------------------------------------------- */

bool ht_term_wait(int milliseconds)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int ready = poll(&input, 1, milliseconds);
    if (ready < 0 && errno == EINTR) return true; /* a signal: perhaps a new size */
    /* A terminal that is gone reads as "ready" for ever. */
    if (ready > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL))) interrupted = 1;
    return ready > 0;
}

static int translate(wint_t code)
{
    static const struct {
        int curses, ours;
    } keys[] = {
        {KEY_UP, HT_KEY_UP},          {KEY_DOWN, HT_KEY_DOWN},        {KEY_LEFT, HT_KEY_LEFT},
        {KEY_RIGHT, HT_KEY_RIGHT},    {KEY_SLEFT, HT_KEY_SHIFT_LEFT}, {KEY_SRIGHT, HT_KEY_SHIFT_RIGHT},
        {KEY_BTAB, HT_KEY_SHIFT_TAB}, {KEY_PPAGE, HT_KEY_PAGE_UP},    {KEY_NPAGE, HT_KEY_PAGE_DOWN},
        {KEY_HOME, HT_KEY_HOME},      {KEY_END, HT_KEY_END},          {KEY_BACKSPACE, HT_KEY_BACKSPACE},
        {KEY_ENTER, HT_KEY_ENTER},    {KEY_F(2), HT_KEY_F2}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if ((int)code == keys[i].curses) return keys[i].ours;
    return 0;
}

/* What a mouse event means to us; false when nothing. */
static bool mouse_meaning(const MEVENT *m, ht_event *event)
{
    *event = (ht_event){.column = m->x, .row = m->y};
    if (m->bstate & BUTTON4_PRESSED)
        event->kind = HT_EVENT_WHEEL, event->delta = 1;
    else if (m->bstate & BUTTON5_PRESSED)
        event->kind = HT_EVENT_WHEEL, event->delta = -1;
    else if (m->bstate & BUTTON1_PRESSED)
        event->kind = HT_EVENT_PRESS, term.held = true;
    else if (m->bstate & BUTTON1_RELEASED)
        event->kind = HT_EVENT_RELEASE, term.held = false;
    else if (m->bstate & REPORT_MOUSE_POSITION)
        event->kind = term.held ? HT_EVENT_DRAG : HT_EVENT_MOVE;
    else
        return false;
    return true;
}

/* ncurses answers a burst (press and release of a quick click, a fast drag) with one KEY_MOUSE, and getmouse
 * gives the latest first. */
static void read_mice(void)
{
    while (term.mouse_count < MOUSE_QUEUE && getmouse(&term.mice[term.mouse_count]) == OK) term.mouse_count++;
}

/* get_wch, but once ncurses has seen the head of a mouse report it waits for the rest without end, and a
 * report may be cut or no report at all. */
static int read_key(wint_t *code)
{
    struct itimerval soon = {{0, REPORT_MS * 1000}, {0, REPORT_MS * 1000}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &soon, NULL);
    int result = get_wch(code);
    setitimer(ITIMER_REAL, &never, NULL);
    return result;
}

/* Curses asks the stream that it writes to for a new size, and misses it while a frame is kept back: that is
 * no terminal. KEY_RESIZE follows. */
static void notice_size(void)
{
    struct winsize now;
    if (getenv("LINES") || getenv("COLUMNS")) return; /* set by the user */
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_row == 0 || now.ws_col == 0) return;
    if (now.ws_row != LINES || now.ws_col != COLS) resizeterm(now.ws_row, now.ws_col);
}

/* ---- pasted text ---- */

static void begin_paste(void)
{
    term.pasting = true;
    term.paste_length = 0;
    term.paste_cut = false;
}

/* Lines and tabs become blanks; what is no text goes. */
static void keep_pasted(wint_t c)
{
    char bytes[5];
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
    if (c < ' ' || (c >= 127 && c < 160)) return;
    size_t size = ht_utf8_encode((unsigned)c, bytes);
    term.paste_cut = term.paste_cut || term.paste_length + size >= PASTE_MAX;
    if (term.paste_cut) return;
    memcpy(term.paste + term.paste_length, bytes, size);
    term.paste_length += size;
}

static void end_paste(ht_event *event)
{
    while (term.paste_length > 0 && term.paste[term.paste_length - 1] == ' ') term.paste_length--;
    term.paste[term.paste_length] = '\0';
    term.pasting = false;
    *event = (ht_event){.kind = HT_EVENT_PASTE, .text = term.paste, .cut = term.paste_cut};
}

/* A paste whose end got lost must not take keys for ever. */
static bool paste_is_over(void)
{
    static const double silence = 1;
    return term.pasting && ht_now() - term.pasted > silence;
}

/* True if it was a part of a paste; *event is one when that is complete: its kind is then HT_EVENT_PASTE. */
static bool take_pasted(int result, wint_t code, ht_event *event)
{
    bool special = result == KEY_CODE_YES, begins = special && code == PASTE_BEGINS,
         ends = special && code == PASTE_ENDS, size = special && code == KEY_RESIZE;
    if (!(term.pasting || begins || ends) || size) return false;
    term.pasted = ht_now();
    if (begins)
        begin_paste();
    else if (ends && term.pasting)
        end_paste(event);
    else if (!special)
        keep_pasted(code);
    return true;
}

bool ht_term_event(ht_event *event)
{
    wint_t code;
    notice_size();
    if (stop_wanted) {
        stop_until_continued();
        *event = (ht_event){.kind = HT_EVENT_RESIZE};
        return true;
    }
    while (term.mouse_count > 0)
        if (mouse_meaning(&term.mice[--term.mouse_count], event)) return true;
    for (int result; (result = read_key(&code)) != ERR;) {
        *event = (ht_event){.kind = HT_EVENT_KEY};
        if (take_pasted(result, code, event)) {
            if (event->kind == HT_EVENT_PASTE) return true;
            continue;
        }
        if (result == KEY_CODE_YES && code == KEY_RESIZE) {
            event->kind = HT_EVENT_RESIZE;
            forget_frame();        /* curses may have cut its windows and widened them again … */
            clearok(curscr, TRUE); /* … and does not know what a frame of another size has left behind */
        } else if (result == KEY_CODE_YES && code == KEY_MOUSE) {
            read_mice();
            return ht_term_event(event);
        } else if (result == KEY_CODE_YES && take_sync_answer((int)code))
            continue;
        else if (result == KEY_CODE_YES)
            event->key = translate(code);
        else if (code == '\r')
            event->key = HT_KEY_ENTER;
        else if (code == 127 || code == 8)
            event->key = HT_KEY_BACKSPACE;
        else
            event->key = (int)code;
        return true;
    }
    if (!paste_is_over()) return false;
    end_paste(event);
    return true;
}
