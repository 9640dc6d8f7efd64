/* vt.h - runs a program in a pseudo terminal and reads its screen as a user sees it. The terminal is
 * libvterm, so what a test reads went through a real parser of escape sequences.
 *
 *     vt *t = vt_start(80, 24, NULL, (char *[]){(char *)vt_binary(), NULL}, NULL);
 *     vt_key(t, "p");
 *     vt_assert(t, vt_wait_text(t, "Pruning", 5000));
 *     vt_free(t);
 *
 * Columns and rows count from 0, times are in milliseconds. The harness has no global state; several
 * terminals may run side by side. The screen only moves inside vt_pump, vt_wait*, vt_exit, vt_free and the
 * functions that send something. What cannot go on (no pty, an unknown key name) ends the test by
 * fail_msg. */
#ifndef HT_TESTS_E2E_VT_H
#define HT_TESTS_E2E_VT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <cmocka.h>

typedef struct vt vt;

typedef struct {
    uint8_t red, green, blue;
} vt_rgb;

/* One cell as drawn. Colours are those asked for: `reverse` has not been applied to them. */
typedef struct {
    uint32_t chars[7];           /* code points (base, then combining), ended by 0; all 0 in an empty cell */
    int width;                   /* 2 for a wide character, 0 for the cell behind it, else 1 */
    vt_rgb fg, bg;               /* always filled, whatever the program used to name the colour */
    int fg_index, bg_index;      /* palette index 0..255, or -1 for a 24-bit or the default colour */
    bool fg_default, bg_default; /* no colour was asked for */
    bool bold, italic, underline, reverse;
} vt_glyph;

typedef enum { VT_PRESS, VT_DRAG, VT_MOVE, VT_RELEASE, VT_WHEEL } vt_mouse_kind;

typedef bool vt_predicate(vt *t, void *context);

/* ---- the program ------------------------------------------------------------------------------- */

/* The program under test: $HT_BINARY, or ./heavytail. Lives as long as the environment. */
const char *vt_binary(void);

/* Runs argv (ended by NULL; argv[0] is looked up in PATH) in a new terminal. `term` is TERM, NULL for
 * xterm-256color. The child inherits the environment except for what would make a test depend on who runs
 * it (COLUMNS, LINES, LC_*, COLORTERM, NO_COLOR, ...); LANG is C.UTF-8. `env_extra` (ended by NULL, or NULL)
 * sets "K=V" and unsets "K=" on top of that. Free with vt_free. */
vt *vt_start(int columns, int rows, const char *term, char *const argv[], char *const env_extra[]);

/* Kills the program with all its process group, reaps it and frees the terminal. NULL is allowed. */
void vt_free(vt *t);

/* The same as a cmocka teardown: frees *state and clears it, so that a failing test leaves no process.
 * Give the test *state = t right after vt_start. */
int vt_teardown(void **state);

/* Waits for the program to end, reading its last output. Its exit status, 128 + n when signal n ended it,
 * or -1 when it still runs after the timeout. May be called again: the answer stays. */
int vt_exit(vt *t, int timeout_ms);

/* Sends a signal to the program (nothing happens once it was reaped). */
void vt_signal(vt *t, int signal_number);

/* Process id, to look it up in /proc. 0 once the program was reaped. */
pid_t vt_pid(const vt *t);

/* The state of its first thread, as in /proc: R runs, S sleeps, Z has ended; 0: there is no such process.
 * Asked without reading what it writes. */
char vt_state(const vt *t);

/* ---- input ------------------------------------------------------------------------------------- */

/* Types bytes as they are; the second form may contain NUL. */
void vt_send(vt *t, const char *bytes);
void vt_send_bytes(vt *t, const char *bytes, size_t length);

/* Presses a key, encoded as the terminal would in its present mode (application cursor keys or not).
 * Names: Up Down Left Right Home End Insert Delete PageUp PageDown Tab Enter Esc Backspace Space F1..F12, or
 * a literal character (UTF-8); before it any of S- (Shift), C- (Ctrl), A- (Alt): "S-Left", "C-c", "S-Tab". */
void vt_key(vt *t, const char *name);

/* A mouse event at a cell, encoded as SGR (1006) or old X10 bytes, as the program asked for. Returns whether
 * anything was sent: false when the program has not enabled the mouse or this kind of event. Buttons: 1 left,
 * 2 middle, 3 right; for VT_WHEEL 4 up, 5 down. VT_DRAG moves, and reports only while a button is pressed
 * and mode 1002 (or 1003) is on; VT_MOVE without a button, in mode 1003. */
bool vt_mouse(vt *t, vt_mouse_kind kind, int button, int column, int row);

/* Resizes the terminal; the program gets SIGWINCH. */
void vt_resize(vt *t, int columns, int rows);

/* ---- waiting ----------------------------------------------------------------------------------- */

/* Reads the program's output for that long; returns earlier only when the program closed its terminal. */
void vt_pump(vt *t, int ms);

/* Waits until the predicate holds, and says whether it did. Not asked in the middle of a synchronized update
 * (mode 2026), as a terminal would not show it. Gives up early when the program has closed its terminal. */
bool vt_wait(vt *t, vt_predicate *predicate, void *context, int timeout_ms);

/* Waits until some row contains the text; until none does. */
bool vt_wait_text(vt *t, const char *text, int timeout_ms);
bool vt_wait_gone(vt *t, const char *text, int timeout_ms);

/* Reads the rest of a frame: until nothing comes and the program's first thread sleeps. */
void vt_settle(vt *t);

/* Waits until for quiet_ms nothing was written, no helping thread of the program had work, and its first one
 * looked round for news some times (or slept through many times quiet_ms): on a busy machine a program that
 * has much to say may be silent for long. A program that always works is never still. */
bool vt_wait_still(vt *t, int quiet_ms, int timeout_ms);

/* ---- the screen -------------------------------------------------------------------------------- */

int vt_columns(const vt *t);
int vt_rows(const vt *t);

/* A row as UTF-8 without trailing blanks. Belongs to the terminal, until the same row is asked for again or
 * the terminal is resized. "" for a row that does not exist. */
const char *vt_row(vt *t, int row);

/* First place of the text, reading from the top left; `column` and `row` may be NULL. False when absent. */
bool vt_find(vt *t, const char *text, int *column, int *row);

/* The cell; an empty one outside the screen. */
vt_glyph vt_cell(vt *t, int column, int row);

/* Where the cursor is (both may be NULL); returns whether it is visible. */
bool vt_cursor(vt *t, int *column, int *row);

/* A number that changes when what the screen shows changes. */
uint64_t vt_fingerprint(vt *t);

/* Window title, "" when none was set. */
const char *vt_title(const vt *t);

/* Whether a DEC private mode is on: 1 application cursor keys, 25 cursor, 1000/1002/1003 mouse,
 * 1006 SGR mouse, 1049 alternate screen, 2004 bracketed paste, 2026 synchronized update. */
bool vt_mode(const vt *t, int mode);
bool vt_alternate_screen(const vt *t);

/* ---- bytes ------------------------------------------------------------------------------------- */

/* How many bytes the program has written; and all of them. */
size_t vt_bytes(const vt *t);
const char *vt_log(const vt *t, size_t *length);

/* What the program has left behind in the terminal: NULL when nothing, else a name for the first thing found
 * ("alternate screen", "mouse", "hidden cursor", "no echo", ...). Judged from the bytes written and from the
 * tty settings, so it also holds after a crash. */
const char *vt_leftover(const vt *t);

/* Nothing is left behind. Ask after vt_exit. */
bool vt_restored(const vt *t);

/* ---- reports ----------------------------------------------------------------------------------- */

/* The screen as text, in a frame, with cursor and size. */
void vt_dump(vt *t, FILE *file);

/* Renders the screen as a PNG, 10 x 20 pixels a cell. False when the file cannot be written. */
bool vt_save_png(vt *t, const char *path);

/* Fails the test after showing what was on the screen. */
#define vt_assert(t, condition)                                                                              \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            vt_dump((t), stderr);                                                                            \
            fail_msg("%s", #condition);                                                                      \
        }                                                                                                    \
    } while (0)

#endif
