#include "vt.h"

#include "../chaos/held.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

/* DEC private modes that a program may leave on, or that a test asks about. Every terminal starts with the
 * cursor visible and all others off. */
static const struct {
    int number;
    const char *leftover; /* what a user would notice after the program has ended; NULL: nothing */
} modes[] = {
    {25, "hidden cursor"},
    {1, "application cursor keys"},
    {47, "alternate screen"},
    {1047, "alternate screen"},
    {1049, "alternate screen"},
    {1000, "mouse"},
    {1002, "mouse"},
    {1003, "mouse"},
    {1004, "focus events"},
    {1006, NULL},
    {2004, "bracketed paste"},
    {2026, "synchronized update"},
};
enum { MODE_COUNT = sizeof modes / sizeof *modes, CURSOR_BIT = 1, MOST_UNFINISHED = 3 };

typedef struct {
    char *bytes;
    size_t length, capacity;
} buffer;

struct vt {
    VTerm *emulator;
    VTermScreen *screen;
    int fd; /* our end of the pty, non-blocking */
    pid_t pid;
    bool reaped, closed; /* waited for; its end of the pty is closed */
    int status;          /* of waitpid, once reaped */
    bool is_tmux;
    char terminfo[32];  /* temporary directory, see make_terminfo; "" for none */
    struct termios tty; /* as the program found it */
    int columns, rows;
    char *title;
    char *row_text; /* rows x row_stride */
    size_t row_stride;
    buffer log;                       /* everything the program wrote */
    buffer outgoing;                  /* keys and answers not yet taken by the pty */
    unsigned mode_bits;               /* bit i: modes[i] is on */
    char sequence[64];                /* escape sequence being read, see scan_byte */
    size_t sequence_length;           /* 0: plain text */
    char unfinished[MOST_UNFINISHED]; /* the beginning of a character whose end has not come yet */
    size_t held;
};

/* ---- small things ------------------------------------------------------------------------------ */

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory) fail_msg("%s", "vt: out of memory");
    return memory;
}

static void buffer_add(buffer *b, const char *bytes, size_t length)
{
    if (length == 0) return;
    if (!b->bytes || b->length + length > b->capacity) {
        size_t capacity = 2 * (b->length + length) + 256;
        char *larger = realloc(b->bytes, capacity);
        if (!larger) {
            fail_msg("%s", "vt: out of memory");
            return;
        }
        b->bytes = larger;
        b->capacity = capacity;
    }
    memcpy(b->bytes + b->length, bytes, length);
    b->length += length;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static int put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    int extra = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(lead[extra] | c >> (6 * extra));
    for (int i = 1; i <= extra; i++) to[i] = (char)(0x80 | ((c >> (6 * (extra - i))) & 0x3f));
    return extra + 1;
}

/* Bytes in one UTF-8 character, from its first byte. */
static size_t character_length(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* ---- from the program to the screen ------------------------------------------------------------ */

static void set_mode(vt *t, int number, bool on)
{
    for (int i = 0; i < MODE_COUNT; i++) {
        if (modes[i].number != number) continue;
        t->mode_bits = on ? t->mode_bits | 1u << i : t->mode_bits & ~(1u << i);
    }
}

/* A complete "CSI ? a ; b ; ... h" or "l": notes the modes, and hands them to libvterm one by one, because
 * 0.1.4 reads only the first number and ncurses sends "CSI ? 1006 ; 1000 h". */
static void scan_modes(vt *t)
{
    char final = t->sequence[t->sequence_length - 1];
    t->sequence[t->sequence_length - 1] = '\0';
    char *rest = t->sequence + 3;
    for (char *word; (word = strsep(&rest, ";"));) {
        char one[80];
        int length = snprintf(one, sizeof one, "\033[?%s%c", word, final);
        vterm_input_write(t->emulator, one, (size_t)length);
        set_mode(t, atoi(word), final == 'h');
    }
}

/* Gives one byte to the emulator, holding back what may become a sequence that sets private modes. Modes are
 * tracked here and not asked of libvterm, whose alternate screen also saves and restores the cursor's
 * visibility, which no other terminal does. */
static void scan_byte(vt *t, char byte)
{
    static const char start[] = "\033[?";
    size_t n = t->sequence_length;
    t->sequence[t->sequence_length++] = byte;
    bool complete = n >= 3 && byte >= 0x40 && byte <= 0x7e;
    if (n < 3 ? byte == start[n] : !complete && t->sequence_length < sizeof t->sequence && byte >= 0x20)
        return;

    if (n == 1 && byte == 'c') t->mode_bits = CURSOR_BIT; /* RIS, the full reset */
    if (complete && (byte == 'h' || byte == 'l')) {
        scan_modes(t);
    } else if (byte == '\033' && n > 0) { /* the held bytes were no mode sequence, but a new one may begin */
        vterm_input_write(t->emulator, t->sequence, n);
        t->sequence[0] = byte;
        t->sequence_length = 1;
        return;
    } else {
        vterm_input_write(t->emulator, t->sequence, t->sequence_length);
    }
    t->sequence_length = 0;
}

static void feed(vt *t, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        const char *escape = t->sequence_length ? bytes + i : memchr(bytes + i, '\033', length - i);
        size_t plain = escape ? (size_t)(escape - (bytes + i)) : length - i;
        if (plain) vterm_input_write(t->emulator, bytes + i, plain);
        i += plain;
        if (i < length) scan_byte(t, bytes[i++]);
    }
}

/* The bytes at the end that begin a character of UTF-8 and do not end it. */
static size_t unfinished(const char *bytes, size_t length)
{
    for (size_t back = 1; back <= MOST_UNFINISHED && back <= length; back++) {
        unsigned char byte = (unsigned char)bytes[length - back];
        if ((byte & 0xc0) == 0x80) continue;
        return back < character_length(byte) ? back : 0;
    }
    return 0;
}

/* Writes what the pty takes now. The program may be gone or busy; then the bytes wait or are lost. */
static void flush_outgoing(vt *t)
{
    while (t->outgoing.length && !t->closed) {
        ssize_t written = write(t->fd, t->outgoing.bytes, t->outgoing.length);
        if (written <= 0) return;
        t->outgoing.length -= (size_t)written;
        memmove(t->outgoing.bytes, t->outgoing.bytes + written, t->outgoing.length);
    }
}

/* Reads what is there; true when there was something. Bounded, for a program that never stops writing. */
static bool read_available(vt *t)
{
    enum { CHUNK = 16384, MAX_READS = 256 };
    char chunk[MOST_UNFINISHED + CHUNK], *end = chunk + MOST_UNFINISHED;
    for (int i = 0; i < MAX_READS; i++) {
        ssize_t length = read(t->fd, end, CHUNK);
        if (length < 0 && (errno == EAGAIN || errno == EINTR)) return i > 0;
        if (length <= 0) { /* EIO: the last holder of the other end is gone */
            t->closed = true;
            return i > 0;
        }
        buffer_add(&t->log, end, (size_t)length);
        /* libvterm loses a character that comes in two pieces, when text before it began in ASCII. */
        size_t held = t->held, count = held + (size_t)length;
        char *first = memcpy(end - held, t->unfinished, held);
        t->held = unfinished(first, count);
        feed(t, first, count - t->held);
        memcpy(t->unfinished, first + count - t->held, t->held);
        flush_outgoing(t); /* answers to queries */
    }
    return true;
}

/* Waits at most ms for output and reads it; true when there was some. */
static bool step(vt *t, int ms)
{
    if (t->closed) {
        sleep_ms(ms);
        return false;
    }
    struct pollfd poll_fd = {.fd = t->fd, .events = (short)(POLLIN | (t->outgoing.length ? POLLOUT : 0))};
    if (poll(&poll_fd, 1, ms) <= 0) return false;
    if (poll_fd.revents & POLLOUT) flush_outgoing(t);
    return (poll_fd.revents & (POLLIN | POLLHUP | POLLERR)) && read_available(t);
}

/* Milliseconds to spend in one step before looking again. */
static int slice(int64_t deadline)
{
    int64_t left = deadline - now_ms();
    return left <= 0 ? 0 : left > 10 ? 10 : (int)left;
}

/* ---- the program ------------------------------------------------------------------------------- */

const char *vt_binary(void)
{
    const char *path = getenv("HT_BINARY");
    return path && *path ? path : "./heavytail";
}

static void set_environment(const char *term, char *const env_extra[])
{
    static const char *const unset[] = {
        "COLUMNS",  "LINES", "LC_ALL",       "LC_CTYPE",  "LC_NUMERIC", "LC_MESSAGES",
        "LANGUAGE", "TMUX",  "TERM_PROGRAM", "COLORTERM", "NO_COLOR",   "NCURSES_NO_UTF8_ACS",
        "ESCDELAY", "STY",   "TERMCAP",      "COLORFGBG",
    };
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++) unsetenv(unset[i]);
    setenv("TERM", term, 1);
    setenv("LANG", "C.UTF-8", 1);
    for (; env_extra && *env_extra; env_extra++) {
        char *value = strchr(*env_extra, '=');
        if (!value) continue;
        char *name = strndup(*env_extra, (size_t)(value - *env_extra));
        if (value[1]) {
            setenv(name, value + 1, 1);
        } else {
            unsetenv(name);
        }
        free(name);
    }
}

/* ncurses-base, all that a Debian system is sure to have, knows no terminal with 16 colours; so one is
 * compiled for the test into a directory of its own. */
static void make_terminfo(vt *t)
{
    static const char source[] = "xterm-16color|xterm with 16 colors,\n"
                                 "\tcolors#16, pairs#256,\n"
                                 "\tsetaf=\\E[%?%p1%{8}%<%t%p1%{30}%+%e%p1%'R'%+%;%dm,\n"
                                 "\tsetab=\\E[%?%p1%{8}%<%t%p1%'('%+%e%p1%{92}%+%;%dm,\n"
                                 "\tsetf@, setb@, initc@, ccc@, oc@, use=xterm-256color,\n";
    char command[128];
    strcpy(t->terminfo, "/tmp/vt-terminfo-XXXXXX");
    if (!mkdtemp(t->terminfo)) fail_msg("vt: no directory for terminfo: %s", strerror(errno));
    snprintf(command, sizeof command, "tic -x -o %s -", t->terminfo);
    FILE *tic = popen(command, "w");
    if (tic) fputs(source, tic);
    if (!tic || pclose(tic) != 0) fail_msg("vt: failed: %s", command);
}

static void remove_terminfo(vt *t)
{
    static const char *const inside[] = {"/x/xterm-16color", "/x", ""};
    for (size_t i = 0; t->terminfo[0] && i < sizeof inside / sizeof *inside; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s%s", t->terminfo, inside[i]);
        remove(path);
    }
}

/* The child's side of the fork. Does not return. */
static void run_child(const vt *t, const char *term, char *const argv[], char *const env_extra[])
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves nothing running */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 1; i < NSIG; i++) signal(i, SIG_DFL);
    if (t->terminfo[0]) setenv("TERMINFO", t->terminfo, 1);
    set_environment(term, env_extra);
    execvp(argv[0], argv);
    dprintf(STDERR_FILENO, "vt: cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static void queue_output(const char *bytes, size_t length, void *context)
{
    vt *t = context;
    buffer_add(&t->outgoing, bytes, length);
}

static int note_property(VTermProp property, VTermValue *value, void *context)
{
    vt *t = context;
    if (property == VTERM_PROP_TITLE) {
        free(t->title);
        t->title = strdup(value->string);
    }
    return 1;
}

static void size_rows(vt *t, int columns, int rows)
{
    t->columns = columns;
    t->rows = rows;
    t->row_stride = (size_t)columns * VTERM_MAX_CHARS_PER_CELL * 4 + 1;
    free(t->row_text);
    t->row_text = allocate((size_t)rows * t->row_stride);
}

/* Colours of a plain dark terminal, easy to read in pictures. Index 16 and up stay as libvterm has them. */
static void set_palette(vt *t)
{
    static const vt_rgb palette[16] = {
        {0x1d, 0x1f, 0x24}, {0xd9, 0x54, 0x4f}, {0x5f, 0xae, 0x5b}, {0xd0, 0xa2, 0x3c},
        {0x4f, 0x8f, 0xd9}, {0xb2, 0x72, 0xc8}, {0x3f, 0xb0, 0xb5}, {0xc8, 0xcc, 0xd2},
        {0x6b, 0x71, 0x7a}, {0xff, 0x7b, 0x72}, {0x86, 0xd8, 0x7f}, {0xf2, 0xcc, 0x60},
        {0x79, 0xb8, 0xff}, {0xd8, 0x9c, 0xf0}, {0x66, 0xd9, 0xdd}, {0xff, 0xff, 0xff},
    };
    VTermState *state = vterm_obtain_state(t->emulator);
    VTermColor color, background;
    for (int i = 0; i < 16; i++) {
        vterm_color_rgb(&color, palette[i].red, palette[i].green, palette[i].blue);
        vterm_state_set_palette_color(state, i, &color);
    }
    vterm_color_rgb(&color, 0xd0, 0xd4, 0xda);
    vterm_color_rgb(&background, 0x10, 0x12, 0x16);
    vterm_state_set_default_colors(state, &color, &background);
    vterm_state_set_bold_highbright(state, 0);
}

static void start_emulator(vt *t)
{
    static const VTermScreenCallbacks callbacks = {.settermprop = note_property};
    t->emulator = vterm_new(t->rows, t->columns);
    vterm_set_utf8(t->emulator, 1);
    vterm_output_set_callback(t->emulator, queue_output, t);
    t->screen = vterm_obtain_screen(t->emulator);
    vterm_screen_set_callbacks(t->screen, &callbacks, t);
    vterm_screen_enable_altscreen(t->screen, 1);
    set_palette(t);
    vterm_screen_reset(t->screen, 1);
    t->mode_bits = CURSOR_BIT;
}

vt *vt_start(int columns, int rows, const char *term, char *const argv[], char *const env_extra[])
{
    if (columns < 1 || rows < 1) fail_msg("vt: no terminal is %d x %d", columns, rows);
    if (!term) term = "xterm-256color";
    vt *t = allocate(sizeof *t);
    t->is_tmux = !strncmp(term, "tmux", 4) || !strncmp(term, "screen", 6);
    size_rows(t, columns, rows);
    start_emulator(t);
    if (!strcmp(term, "xterm-16color")) make_terminfo(t);

    fflush(NULL); /* else the child could write our buffers a second time */
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    int program_end;
    if (openpty(&t->fd, &program_end, NULL, NULL, &size) != 0) fail_msg("vt: no pty: %s", strerror(errno));
    tcgetattr(t->fd, &t->tty); /* before the program can change them */
    fcntl(t->fd, F_SETFL, O_NONBLOCK);
    fcntl(t->fd, F_SETFD, FD_CLOEXEC);
    t->pid = fork();
    if (t->pid < 0) fail_msg("vt: no process: %s", strerror(errno));
    if (t->pid == 0) {
        login_tty(program_end);
        run_child(t, term, argv, env_extra);
    }
    close(program_end);
    return t;
}

static bool reap(vt *t, int options)
{
    if (!t->reaped && waitpid(t->pid, &t->status, options) == t->pid) t->reaped = true;
    return t->reaped;
}

void vt_free(vt *t)
{
    if (!t) return;
    if (!t->reaped) {
        kill(-t->pid, SIGKILL); /* login_tty made the program a session and group leader */
        kill(t->pid, SIGKILL);
        reap(t, 0);
    }
    close(t->fd); /* hangs up on whatever else the program started */
    remove_terminfo(t);
    vterm_free(t->emulator);
    free(t->log.bytes);
    free(t->outgoing.bytes);
    free(t->row_text);
    free(t->title);
    free(t);
}

int vt_teardown(void **state)
{
    vt_free(*state);
    *state = NULL;
    return 0;
}

int vt_exit(vt *t, int timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    while (!reap(t, WNOHANG)) {
        if (now_ms() >= deadline) return -1;
        step(t, slice(deadline));
    }
    for (int i = 0; i < 100 && step(t, 0); i++)
        continue; /* its last words; bounded, for what it may have left running */
    return WIFSIGNALED(t->status) ? 128 + WTERMSIG(t->status) : WEXITSTATUS(t->status);
}

void vt_signal(vt *t, int signal_number)
{
    if (!t->reaped) kill(t->pid, signal_number);
}

pid_t vt_pid(const vt *t)
{
    return t->reaped ? 0 : t->pid;
}

/* What the kernel says of threads, and a state of our own: of one that `make chaos` delays, which sleeps in
 * the middle of its work. */
enum { RUNS = 'R', WAITS_FOR_DISK = 'D', HELD_UP = 'H' };

/* The state in such a file; 0 when there is none any more. */
static char state_in(const char *path)
{
    char state = 0, name[16] = "";
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (fscanf(file, "%*d (%15[^)]) %c", name, &state) != 2) state = 0;
    fclose(file);
    return strcmp(name, HT_HELD_UP) == 0 ? HELD_UP : state;
}

char vt_state(const vt *t)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)t->pid);
    return state_in(path);
}

/* ---- input ------------------------------------------------------------------------------------- */

/* Pushes the queue into the pty, reading meanwhile: a program that is itself stuck writing could not read. */
static void deliver(vt *t)
{
    enum { PATIENCE_MS = 60000 };
    int64_t deadline = now_ms() + PATIENCE_MS;
    for (flush_outgoing(t); t->outgoing.length && !t->closed; step(t, slice(deadline))) {
        if (now_ms() >= deadline) fail_msg("%s", "vt: the program does not read its input");
    }
}

void vt_send_bytes(vt *t, const char *bytes, size_t length)
{
    buffer_add(&t->outgoing, bytes, length);
    deliver(t);
}

void vt_send(vt *t, const char *bytes)
{
    vt_send_bytes(t, bytes, strlen(bytes));
}

static VTermKey named_key(const char *name)
{
    static const struct {
        const char *name;
        VTermKey key;
    } keys[] = {
        {"Up", VTERM_KEY_UP},         {"Down", VTERM_KEY_DOWN},
        {"Left", VTERM_KEY_LEFT},     {"Right", VTERM_KEY_RIGHT},
        {"Home", VTERM_KEY_HOME},     {"End", VTERM_KEY_END},
        {"Insert", VTERM_KEY_INS},    {"Delete", VTERM_KEY_DEL},
        {"PageUp", VTERM_KEY_PAGEUP}, {"PageDown", VTERM_KEY_PAGEDOWN},
        {"Tab", VTERM_KEY_TAB},       {"Enter", VTERM_KEY_ENTER},
        {"Esc", VTERM_KEY_ESCAPE},    {"Backspace", VTERM_KEY_BACKSPACE},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!strcmp(name, keys[i].name)) return keys[i].key;
    }
    int number = name[0] == 'F' ? atoi(name + 1) : 0;
    return number >= 1 && number <= 12 ? (VTermKey)VTERM_KEY_FUNCTION(number) : VTERM_KEY_NONE;
}

void vt_key(vt *t, const char *name)
{
    VTermModifier modifiers = VTERM_MOD_NONE;
    step(t, 0); /* the mode in force now decides the bytes */
    const char *rest = name;
    for (; rest[0] && rest[1] == '-' && rest[2]; rest += 2) {
        modifiers |= rest[0] == 'S' ? VTERM_MOD_SHIFT : rest[0] == 'C' ? VTERM_MOD_CTRL : VTERM_MOD_ALT;
    }
    if (!strcmp(rest, "Space")) rest = " ";
    VTermKey key = named_key(rest);
    if (*rest && strlen(rest) == character_length((unsigned char)*rest)) {
        /* By hand: libvterm sends some Ctrl letters in the CSI u form that terminals do not use by default.
         */
        if (modifiers & VTERM_MOD_ALT) buffer_add(&t->outgoing, "\033", 1);
        char control = (char)(*rest & 0x1f);
        buffer_add(&t->outgoing, modifiers & VTERM_MOD_CTRL ? &control : rest, strlen(rest));
    } else if (key == VTERM_KEY_NONE) {
        fail_msg("vt: no key is called %s", name);
    } else if (t->is_tmux && (key == VTERM_KEY_HOME || key == VTERM_KEY_END) && !modifiers) {
        buffer_add(&t->outgoing, key == VTERM_KEY_HOME ? "\033[1~" : "\033[4~", 4);
    } else {
        vterm_keyboard_key(t->emulator, key, modifiers);
    }
    deliver(t);
}

bool vt_mouse(vt *t, vt_mouse_kind kind, int button, int column, int row)
{
    step(t, 0);
    /* Which events are reported, and how, libvterm knows; but with no mode at all it would still send
     * buttons. */
    if (!vt_mode(t, 1000) && !vt_mode(t, 1002) && !vt_mode(t, 1003)) return false;
    size_t before = t->outgoing.length;
    vterm_mouse_move(t->emulator, row, column, VTERM_MOD_NONE);
    if (kind != VT_DRAG && kind != VT_MOVE)
        vterm_mouse_button(t->emulator, button, kind != VT_RELEASE, VTERM_MOD_NONE);
    bool sent = t->outgoing.length > before;
    deliver(t);
    return sent;
}

void vt_resize(vt *t, int columns, int rows)
{
    if (columns < 1 || rows < 1) fail_msg("vt: no terminal is %d x %d", columns, rows);
    step(t, 0); /* what was written for the old size belongs on the old screen */
    vterm_set_size(t->emulator, rows, columns);
    size_rows(t, columns, rows);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    ioctl(t->fd, TIOCSWINSZ, &size);
}

/* ---- waiting ----------------------------------------------------------------------------------- */

enum { SETTLE_MS = 2000, QUIET_ROUNDS = 3, ASLEEP_FACTOR = 10 };

void vt_pump(vt *t, int ms)
{
    int64_t deadline = now_ms() + ms;
    do {
        step(t, slice(deadline));
    } while (!t->closed && now_ms() < deadline);
}

bool vt_wait(vt *t, vt_predicate *predicate, void *context, int timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    for (step(t, 0);; step(t, slice(deadline))) {
        if (!vt_mode(t, 2026) && predicate(t, context)) return true;
        if (t->closed || now_ms() >= deadline) return false;
    }
}

typedef struct {
    const char *text;
    bool is_there;
} wanted_text;

static bool text_is_as_wanted(vt *t, void *context)
{
    const wanted_text *wanted = context;
    return vt_find(t, wanted->text, NULL, NULL) == wanted->is_there;
}

bool vt_wait_text(vt *t, const char *text, int timeout_ms)
{
    return vt_wait(t, text_is_as_wanted, &(wanted_text){text, true}, timeout_ms);
}

bool vt_wait_gone(vt *t, const char *text, int timeout_ms)
{
    return vt_wait(t, text_is_as_wanted, &(wanted_text){text, false}, timeout_ms);
}

static bool works(char state)
{
    return state == RUNS || state == WAITS_FOR_DISK || state == HELD_UP;
}

/* Of the threads beside the first. */
static bool some_helper_works(const vt *t)
{
    char pattern[64], first[64];
    glob_t tasks;
    bool found = false;
    snprintf(pattern, sizeof pattern, "/proc/%d/task/*/stat", (int)t->pid);
    snprintf(first, sizeof first, "/proc/%d/task/%d/stat", (int)t->pid, (int)t->pid);
    if (glob(pattern, 0, NULL, &tasks) != 0) return false;
    for (size_t i = 0; i < tasks.gl_pathc && !found; i++)
        found = strcmp(tasks.gl_pathv[i], first) != 0 && works(state_in(tasks.gl_pathv[i]));
    globfree(&tasks);
    return found;
}

void vt_settle(vt *t)
{
    int64_t deadline = now_ms() + SETTLE_MS;
    while (!t->closed && (step(t, slice(deadline)) || works(vt_state(t))) && now_ms() < deadline) continue;
}

/* How often the first thread has gone to sleep: after each look round for news. Whether it has work says
 * nothing: on a busy machine it waits for a processor at each look. */
static long rounds(const vt *t)
{
    char path[64], line[128];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)t->pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    if (file) fclose(file);
    return count;
}

bool vt_wait_still(vt *t, int quiet_ms, int timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms, moved = now_ms();
    long since = rounds(t);
    while (!t->closed) {
        if (step(t, slice(deadline)) || vt_state(t) == HELD_UP || some_helper_works(t))
            moved = now_ms(), since = rounds(t);
        int64_t quiet = now_ms() - moved;
        if (quiet >= quiet_ms && rounds(t) >= since + QUIET_ROUNDS) return true;
        if (quiet >= ASLEEP_FACTOR * quiet_ms && !works(vt_state(t))) return true;
        if (now_ms() >= deadline) return false;
    }
    return true; /* the program is gone, nothing can move */
}

/* ---- the screen -------------------------------------------------------------------------------- */

int vt_columns(const vt *t)
{
    return t->columns;
}

int vt_rows(const vt *t)
{
    return t->rows;
}

static vt_rgb resolve(vt *t, VTermColor color, int *index)
{
    bool is_default = VTERM_COLOR_IS_DEFAULT_FG(&color) || VTERM_COLOR_IS_DEFAULT_BG(&color);
    *index = VTERM_COLOR_IS_INDEXED(&color) && !is_default ? color.indexed.idx : -1;
    vterm_screen_convert_color_to_rgb(t->screen, &color);
    return (vt_rgb){color.rgb.red, color.rgb.green, color.rgb.blue};
}

vt_glyph vt_cell(vt *t, int column, int row)
{
    vt_glyph glyph = {.width = 1, .fg_index = -1, .bg_index = -1, .fg_default = true, .bg_default = true};
    VTermScreenCell cell;
    if (column < 0 || column >= t->columns || row < 0 || row >= t->rows) return glyph;
    if (!vterm_screen_get_cell(t->screen, (VTermPos){.row = row, .col = column}, &cell)) return glyph;

    bool is_behind_wide = cell.chars[0] == UINT32_MAX;
    if (!is_behind_wide) memcpy(glyph.chars, cell.chars, sizeof cell.chars);
    glyph.width = is_behind_wide ? 0 : cell.width;
    glyph.fg_default = VTERM_COLOR_IS_DEFAULT_FG(&cell.fg);
    glyph.bg_default = VTERM_COLOR_IS_DEFAULT_BG(&cell.bg);
    glyph.fg = resolve(t, cell.fg, &glyph.fg_index);
    glyph.bg = resolve(t, cell.bg, &glyph.bg_index);
    glyph.bold = cell.attrs.bold;
    glyph.italic = cell.attrs.italic;
    glyph.underline = cell.attrs.underline != VTERM_UNDERLINE_OFF;
    glyph.reverse = cell.attrs.reverse;
    return glyph;
}

/* The characters of one cell at `to`; a cell nothing was written to reads as a blank. Returns their bytes. */
static size_t cell_text(vt *t, int column, int row, char *to)
{
    VTermScreenCell cell = {0};
    vterm_screen_get_cell(t->screen, (VTermPos){.row = row, .col = column}, &cell);
    if (cell.chars[0] == UINT32_MAX) return 0; /* behind a wide character */
    size_t length = (size_t)put_utf8(to, cell.chars[0] ? cell.chars[0] : ' ');
    for (int i = 1; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
        length += (size_t)put_utf8(to + length, cell.chars[i]);
    }
    return length;
}

const char *vt_row(vt *t, int row)
{
    if (row < 0 || row >= t->rows) return "";
    char *text = t->row_text + (size_t)row * t->row_stride;
    size_t length = 0;
    for (int column = 0; column < t->columns; column++) length += cell_text(t, column, row, text + length);
    while (length && text[length - 1] == ' ') length--;
    text[length] = '\0';
    return text;
}

/* The column in which a byte of vt_row(t, row) is shown. */
static int column_of_byte(vt *t, int row, size_t byte)
{
    char text[VTERM_MAX_CHARS_PER_CELL * 4];
    size_t length = 0;
    for (int column = 0; column < t->columns; column++) {
        length += cell_text(t, column, row, text);
        if (length > byte) return column;
    }
    return t->columns;
}

bool vt_find(vt *t, const char *text, int *column, int *row)
{
    for (int y = 0; y < t->rows; y++) {
        const char *line = vt_row(t, y), *found = strstr(line, text);
        if (!found) continue;
        if (column) *column = column_of_byte(t, y, (size_t)(found - line));
        if (row) *row = y;
        return true;
    }
    return false;
}

bool vt_cursor(vt *t, int *column, int *row)
{
    VTermPos position;
    vterm_state_get_cursorpos(vterm_obtain_state(t->emulator), &position);
    if (column) *column = position.col;
    if (row) *row = position.row;
    return vt_mode(t, 25);
}

/* FNV-1a over 32-bit words. */
static uint64_t mix(uint64_t hash, uint32_t word)
{
    return (hash ^ word) * UINT64_C(0x100000001b3);
}

static uint32_t rgb_word(vt_rgb color)
{
    return (uint32_t)color.red << 16 | (uint32_t)color.green << 8 | color.blue;
}

uint64_t vt_fingerprint(vt *t)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    int cursor_column, cursor_row;
    if (vt_cursor(t, &cursor_column, &cursor_row)) {
        hash = mix(hash, (uint32_t)(cursor_row * t->columns + cursor_column + 1));
    }
    for (int row = 0; row < t->rows; row++) {
        for (int column = 0; column < t->columns; column++) {
            vt_glyph g = vt_cell(t, column, row);
            for (int i = 0; i < 7 && g.chars[i]; i++) hash = mix(hash, g.chars[i]);
            uint32_t style = g.bold | g.italic << 1 | g.underline << 2 | g.reverse << 3;
            hash = mix(hash, rgb_word(g.fg) | style << 24);
            hash = mix(hash, rgb_word(g.bg));
        }
    }
    return hash;
}

const char *vt_title(const vt *t)
{
    return t->title ? t->title : "";
}

bool vt_mode(const vt *t, int mode)
{
    for (int i = 0; i < MODE_COUNT; i++) {
        if (modes[i].number == mode) return t->mode_bits >> i & 1;
    }
    fail_msg("vt: mode %d is not tracked", mode);
    return false;
}

bool vt_alternate_screen(const vt *t)
{
    return vt_mode(t, 47) || vt_mode(t, 1047) || vt_mode(t, 1049);
}

/* ---- bytes and reports ------------------------------------------------------------------------- */

size_t vt_bytes(const vt *t)
{
    return t->log.length;
}

const char *vt_log(const vt *t, size_t *length)
{
    if (length) *length = t->log.length;
    return t->log.bytes ? t->log.bytes : "";
}

const char *vt_leftover(const vt *t)
{
    for (int i = 0; i < MODE_COUNT; i++) {
        bool on = t->mode_bits >> i & 1, on_at_start = CURSOR_BIT >> i & 1;
        if (modes[i].leftover && on != on_at_start) return modes[i].leftover;
    }
    struct termios tty; /* our end still reads the settings after the program has closed its end */
    if (tcgetattr(t->fd, &tty) != 0) return NULL;
    if ((tty.c_lflag ^ t->tty.c_lflag) & ECHO) return "no echo";
    if ((tty.c_lflag ^ t->tty.c_lflag) & (ICANON | ISIG)) return "raw input";
    if (((tty.c_iflag ^ t->tty.c_iflag) & ICRNL) || ((tty.c_oflag ^ t->tty.c_oflag) & (OPOST | ONLCR))) {
        return "raw line ends";
    }
    return NULL;
}

bool vt_restored(const vt *t)
{
    return !vt_leftover(t);
}

static void dump_rule(const vt *t, FILE *file)
{
    fputc('+', file);
    for (int column = 0; column < t->columns; column++) fputc('-', file);
    fputs("+\n", file);
}

void vt_dump(vt *t, FILE *file)
{
    int column, row;
    bool visible = vt_cursor(t, &column, &row);
    fprintf(file, "%d x %d, cursor %d,%d%s%s, %zu bytes%s%s\n", t->columns, t->rows, column, row,
            visible ? "" : " hidden", vt_alternate_screen(t) ? ", alternate screen" : "", t->log.length,
            t->closed ? ", closed" : "", t->reaped ? ", ended" : "");
    dump_rule(t, file);
    for (int y = 0; y < t->rows; y++) fprintf(file, "|%s\n", vt_row(t, y));
    dump_rule(t, file);
}
