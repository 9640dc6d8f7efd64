/* Bytes from the keyboard and the mouse: through the terminal's decoder into a lab that trains, and onto the
 * screen. */
#include <curses.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "app/lab.h"
#include "app/session.h"
#include "base/alloc.h"
#include "fuzz/fuzz.h"

enum { COLUMNS_ = 100, ROWS_ = 30, BYTES = 512 };

static ht_lab lab;
static ht_session session;
static int master, slave, output; /* `output`: where messages go between two inputs */

static void need(ht_code code, const ht_error *err)
{
    fuzz_require(code == HT_OK, err->text);
}

/* Standard input and output become a terminal. */
static void open_terminal(void)
{
    struct winsize size = {.ws_row = ROWS_, .ws_col = COLUMNS_};
    ht_error err;
    ht_theme theme;
    struct termios raw;
    fuzz_require(openpty(&master, &slave, NULL, NULL, &size) == 0, "a terminal can be made");
    output = dup(STDOUT_FILENO);
    dup2(slave, STDIN_FILENO), dup2(slave, STDOUT_FILENO);
    setenv("TERM", "xterm-256color", 1);
    need(ht_theme_load("dark", &theme, &err), &err);
    need(ht_term_open(&theme, &err), &err);
    set_escdelay(0); /* the bytes are all there */
    tcgetattr(slave, &raw);
    cfmakeraw(&raw); /* ^C and ^S are input, too */
    tcsetattr(slave, TCSANOW, &raw);
}

static void open_lab(void)
{
    ht_error err;
    ht_arguments args = {0};
    static const char *const sets[] = {"model.width=32", "train.batch=16", "data.name=teacher:4x2x64"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        need(ht_arguments_add(&args, NULL, sets[i], &err), &err);
    need(ht_session_open(&session, &args, NULL, &err), &err);
    lab.session = &session;
    lab.model = ht_alloc(1, sizeof *lab.model, "the lab", &err);
    lab.cells = ht_cells_new(&err);
    fuzz_require(lab.model && lab.cells, "memory for the lab");
}

static void drain(void)
{
    char bytes[4096];
    struct pollfd shown = {.fd = master, .events = POLLIN};
    while (poll(&shown, 1, 0) > 0 && read(master, bytes, sizeof bytes) > 0) continue;
}

static void draw(void)
{
    ht_error err;
    need(ht_cells_begin(lab.cells, COLUMNS_, ROWS_, HT_SYMBOLS_BRAILLE, &err), &err);
    lab.layout = ht_layout_make(COLUMNS_, ROWS_, lab.model->view, lab.model->focus);
    ht_screen_draw(&lab.screen, ht_cells_surface(lab.cells), lab.model, &lab.layout);
    ht_term_show(lab.cells);
    drain();
}

static void receive(void)
{
    ht_sample sample;
    bool fresh;
    while (ht_runner_receive(lab.runner, &sample)) ht_lab_sample(&lab, &sample);
    const ht_report *report = ht_runner_report(lab.runner, &fresh);
    if (fresh) ht_model_report(lab.model, report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ht_error err;
    ht_event event;
    if (!master) open_terminal(), open_lab();
    dup2(slave, STDOUT_FILENO);
    if (size > BYTES) size = BYTES; /* a terminal's buffer takes 4 KB */
    ht_model_init(lab.model, ht_trainer_params(session.trainer), session.data->inputs, session.data->classes,
                  session.data->title);
    lab.undo_count = lab.undo_limit = lab.drag_control = lab.noise_before = 0;
    lab.dragging = lab.quit = lab.noted = false;
    lab.runner = ht_runner_start(session.trainer, session.data, session.pool, &err);
    fuzz_require(lab.runner != NULL, err.text);
    draw();
    fuzz_require(write(master, data, size) == (ssize_t)size, "a terminal takes the keys");
    for (int pressed = 1; ht_term_event(&event); pressed++) {
        bool picture = event.kind == HT_EVENT_KEY && event.key == 'e'; /* writing files is not the subject */
        if (!picture || lab.model->typing) ht_lab_event(&lab, &event);
        if (pressed % 8 == 0) receive(), draw();
    }
    receive();
    draw();
    ht_runner_stop(lab.runner);
    dup2(output, STDOUT_FILENO);
    return 0;
}
