/* The lab under load: random sizes, keys and mouse events leave a screen that is what the lab drew, and a
 * clean exit. HT_STORM=full runs 500 sizes and 10 000 events; without it a fifth of that. */
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"
#include "view/keymap.h"

enum { COLUMNS = 120, ROWS = 40, FULL_SIZES = 500, FULL_EVENTS = 10000 };

static unsigned long long seed = 1;

static int below(int n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (int)((seed >> 33) % (unsigned)n);
}

static int amount(int full)
{
    const char *asked = getenv("HT_STORM");
    return asked && strcmp(asked, "full") == 0 ? full : full / 5;
}

/* Neither quitting nor writing a picture for each e. */
static bool allowed(int key)
{
    return key != 'q' && key != 'Q' && key != 'e';
}

static void random_key(vt *t)
{
    static const char *const names[] = {
        "Up",   "Down", "Left",  "Right", "S-Left",    "S-Right", "Tab",    "S-Tab",  "PageUp", "PageDown",
        "Home", "End",  "Enter", "Esc",   "Backspace", "F5",      "Insert", "Delete", "A-x",    "C-g"};
    size_t count;
    const ht_key_info *keys = ht_keymap(&count);
    int kind = below(10), key = keys[below((int)count)].keys[0];
    if (kind < 3) {
        vt_key(t, names[below((int)(sizeof names / sizeof names[0]))]);
    } else if (kind < 9) {
        if (key < 127 && allowed(key)) vt_send_bytes(t, &(char){(char)key}, 1);
    } else { /* anything printable, and now and then what is no character at all */
        int any = below(40) ? ' ' + below(95) : 128 + below(128);
        if (allowed(any)) vt_send_bytes(t, &(char){(char)any}, 1);
    }
}

static void random_mouse(vt *t)
{
    int column = below(vt_columns(t)), row = below(vt_rows(t));
    switch (below(5)) {
    case 0:
        vt_mouse(t, VT_PRESS, 1, column, row);
        break;
    case 1:
        vt_mouse(t, VT_DRAG, 1, column, row);
        break;
    case 2:
        vt_mouse(t, VT_WHEEL, 4 + below(2), column, row);
        break;
    default:
        vt_mouse(t, VT_RELEASE, 1, column, row);
    }
}

/* What goes on, training, a width sweep or a comparison: as the title says it, or NULL. Earlier events may
 * have left ASCII symbols. */
static const char *going_on(vt *t)
{
    static const char *const moving[] = {"● running", "* running", "● widths",
                                         "* widths",  "● methods", "* methods"};
    for (size_t i = 0; i < sizeof moving / sizeof moving[0]; i++)
        if (strstr(vt_row(t, 0), moving[i])) return moving[i];
    return NULL;
}

/* Stops a width sweep, then the training that it held up, which goes on when the sweep has ended. */
static void stop_all(vt *t)
{
    for (int i = 0; i < 8; i++) {
        const char *what = going_on(t);
        if (!what && vt_wait_still(t, 400, 10000) && !going_on(t)) return;
        if (!what) continue;
        vt_key(t, "Space");
        vt_assert(t, vt_wait(t, sandbox_title_lacks, (void *)what, PATIENCE));
    }
    vt_assert(t, vt_wait_still(t, 400, PATIENCE) && !going_on(t));
}

/* Whatever the storm has left open is closed, and training stands. */
static void calm(vt *t)
{
    vt_resize(t, COLUMNS, ROWS);
    vt_mouse(t, VT_RELEASE, 1, 0, 0);
    for (int i = 0; i < 3; i++) vt_key(t, "Esc");
    vt_send(t, ":calm"); /* when that shows, all that was on its way has been taken */
    vt_assert(t, vt_wait_text(t, "key=value: calm", 6 * PATIENCE));
    vt_key(t, "Esc");
    vt_assert(t, vt_wait_gone(t, "key=value:", PATIENCE));
    stop_all(t);
    vt_key(t, "Esc"); /* and the note, if one is left */
    vt_assert(t, vt_wait_still(t, 400, PATIENCE));
}

/* What the terminal shows is, row by row, what the lab says that it drew. */
static void assert_drawn(char *rows[ROWS], const char *dump)
{
    for (int y = 0; y < ROWS; y++) {
        size_t length = strcspn(dump, "\n");
        if (strlen(rows[y]) != length || strncmp(rows[y], dump, length) != 0)
            fail_msg("row %d shows '%s', drawn was '%.*s'", y, rows[y], (int)length, dump);
        dump += length + (dump[length] == '\n');
    }
}

static void end_cleanly(vt *t)
{
    char *rows[ROWS];
    calm(t);
    for (int y = 0; y < ROWS; y++) rows[y] = strdup(vt_row(t, y));
    vt_key(t, "q");
    if (vt_exit(t, PATIENCE) != 0) {
        vt_dump(t, stderr);
        fail_msg("exit %d", vt_exit(t, 0));
    }
    if (!vt_restored(t)) fail_msg("left behind: %s", vt_leftover(t));
    char *dump = sandbox_read("screen.txt", NULL);
    assert_drawn(rows, dump);
    free(dump);
    for (int y = 0; y < ROWS; y++) free(rows[y]);
}

static vt *open_lab(void **state)
{
    vt *t = LAB(state, COLUMNS, ROWS, "--set", "model.width=100", "--dump", "screen.txt");
    vt_assert(t, sandbox_wait_step(t, 5, PATIENCE));
    return t;
}

static void a_storm_of_sizes(void **state)
{
    vt *t = open_lab(state);
    for (int i = amount(FULL_SIZES); i > 0; i--) {
        vt_resize(t, 1 + below(260), 1 + below(80));
        random_key(t);
        if (below(3) == 0) vt_pump(t, below(15)); /* else the next size comes before this one was drawn */
    }
    end_cleanly(t);
}

static void a_storm_of_keys_and_mouse_events(void **state)
{
    vt *t = open_lab(state);
    for (int i = amount(FULL_EVENTS); i > 0; i--) {
        if (below(3))
            random_key(t);
        else
            random_mouse(t);
        if (below(20) == 0) vt_pump(t, below(10));
        if (below(200) == 0) vt_resize(t, 20 + below(200), 10 + below(60));
    }
    end_cleanly(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_storm_of_sizes, vt_teardown),
        cmocka_unit_test_teardown(a_storm_of_keys_and_mouse_events, vt_teardown),
    };
    return cmocka_run_group_tests(tests, sandbox_enter, sandbox_leave);
}
