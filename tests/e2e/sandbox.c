#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "data/png.h"

static char data[PATH_MAX], directory[PATH_MAX];
static sandbox_result last;

double sandbox_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int sandbox_enter(void **state)
{
    char binary[PATH_MAX];
    const char *asked = getenv("HEAVYTAIL_DATA");
    (void)state;
    if (!realpath(asked && *asked ? asked : "../shared/data", data) || !is_directory(data)) data[0] = '\0';
    if (!realpath(vt_binary(), binary)) {
        fprintf(stderr, "no program at %s; set HT_BINARY\n", vt_binary());
        return -1;
    }
    static const char *const unset[] = {"HEAVYTAIL_DATA", "HEAVYTAIL_THREADS", "XDG_DATA_HOME", "NO_COLOR"};
    for (size_t i = 0; i < sizeof unset / sizeof unset[0]; i++) unsetenv(unset[i]);
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/heavytail-e2e-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(directory) || chdir(directory) != 0) {
        fprintf(stderr, "%s: %s\n", directory, strerror(errno));
        return -1;
    }
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* some tests crash on purpose */
    setenv("HT_BINARY", binary, 1);
    setenv("H", binary, 1);
    setenv("HOME", directory, 1);
    setenv("XDG_CONFIG_HOME", directory, 1);
    setenv("LANG", "C.UTF-8", 1);
    return 0;
}

static void forget(void)
{
    free(last.out);
    free(last.err);
    last = (sandbox_result){0};
}

int sandbox_leave(void **state)
{
    char command[PATH_MAX + 16];
    (void)state;
    forget();
    if (chdir("/") != 0) return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command) == 0 ? 0 : -1;
}

const char *sandbox_data(void)
{
    return data[0] ? data : NULL;
}

/* ---- without a terminal ------------------------------------------------------------------------ */

typedef struct {
    int fd;
    char *text;
    size_t size, capacity;
} capture;

/* Reads what is there; false at the end of the pipe. */
static bool take(capture *c)
{
    if (c->size + 4096 >= c->capacity) {
        c->capacity = 2 * c->capacity + 65536;
        c->text = realloc(c->text, c->capacity);
        if (!c->text) abort();
    }
    ssize_t n = read(c->fd, c->text + c->size, c->capacity - c->size - 1);
    if (n > 0) c->size += (size_t)n;
    c->text[c->size] = '\0';
    return n > 0 || (n < 0 && errno == EINTR);
}

static int reap(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static double limit = 180; /* seconds: a loaded machine is no failure */

void sandbox_allow(double seconds)
{
    limit = seconds;
}

static const sandbox_result *run(const char *file, char *const argv[])
{
    int out[2], err[2];
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDONLY);
        dup2(null, 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        execv(file, argv);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    capture captures[2] = {{.fd = out[0]}, {.fd = err[0]}};
    struct pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    double end = sandbox_seconds() + limit;
    for (int open_ends = 2; open_ends > 0;) {
        if (poll(fds, 2, 1000) < 0 && errno != EINTR) break;
        for (int i = 0; i < 2; i++)
            if (fds[i].fd >= 0 && fds[i].revents && !take(&captures[i])) fds[i].fd = -1, open_ends--;
        if (sandbox_seconds() > end) kill(pid, SIGKILL), end += 1e9;
    }
    forget();
    last =
        (sandbox_result){reap(pid), captures[0].text, captures[1].text, captures[0].size, captures[1].size};
    close(out[0]);
    close(err[0]);
    return &last;
}

const sandbox_result *sandbox_run(const char *const args[])
{
    enum { MOST = 64 };
    const char *argv[MOST] = {vt_binary()};
    int count = 1;
    for (; *args && count + 1 < MOST; args++) argv[count++] = *args;
    return run(vt_binary(), (char *const *)argv);
}

const sandbox_result *sandbox_shell(const char *script)
{
    return run("/bin/sh", (char *const[]){"sh", "-c", (char *)script, NULL});
}

/* ---- files ------------------------------------------------------------------------------------- */

json_t *sandbox_json_of(const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!root) fail_msg("line %d: %s in: %.2000s", error.line, error.text, text);
    return root;
}

json_t *sandbox_json(const sandbox_result *r)
{
    assert_status(r, 0);
    return sandbox_json_of(r->out);
}

double sandbox_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) fail_msg("%s is no number", key);
    return json_number_value(value);
}

char *sandbox_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s: %s", path, strerror(errno));
        return NULL;
    }
    capture c = {.fd = fileno(file)};
    while (take(&c)) {
    }
    fclose(file);
    if (size) *size = c.size;
    return c.text;
}

void sandbox_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        fail_msg("%s: %s", path, strerror(errno));
        return;
    }
    fputs(text, file);
    fclose(file);
}

bool sandbox_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool sandbox_same_file(const char *a, const char *b)
{
    size_t na, nb;
    char *ta = sandbox_read(a, &na), *tb = sandbox_read(b, &nb);
    bool same = na == nb && na > 0 && memcmp(ta, tb, na) == 0;
    free(ta);
    free(tb);
    return same;
}

/* ---- the lab in a terminal --------------------------------------------------------------------- */

vt *sandbox_lab(void **state, int columns, int rows, const char *term, const char *const args[],
                char *const env_extra[])
{
    enum { MOST = 32 };
    const char *argv[MOST] = {vt_binary()};
    int count = 1;
    for (; *args && count + 1 < MOST; args++) argv[count++] = *args;
    vt *t = vt_start(columns, rows, term, (char *const *)argv, env_extra);
    return *state = t;
}

/* "step 12 430  812 step/s": groups of three with one blank between; two blanks end the number. */
long sandbox_step(vt *t)
{
    const char *at = strstr(vt_row(t, 0), "step ");
    long step = 0;
    if (!at || at[5] < '0' || at[5] > '9') return -1;
    for (at += 5;; at++) {
        if (*at >= '0' && *at <= '9')
            step = 10 * step + (*at - '0');
        else if (*at != ' ' || at[1] < '0' || at[1] > '9')
            return step;
    }
}

static bool has_step(vt *t, void *context)
{
    return sandbox_step(t) >= *(long *)context;
}

bool sandbox_wait_step(vt *t, long least, int timeout_ms)
{
    return vt_wait(t, has_step, &least, timeout_ms);
}

bool sandbox_title_has(vt *t, void *text)
{
    return strstr(vt_row(t, 0), text) != NULL;
}

bool sandbox_title_lacks(vt *t, void *text)
{
    return !sandbox_title_has(t, text);
}

uint64_t sandbox_area(vt *t, ht_rect area)
{
    uint64_t hash = 14695981039346656037u;
    for (int y = area.y; y < area.y + area.h; y++)
        for (int x = area.x; x < area.x + area.w; x++) {
            uint32_t c = vt_cell(t, x, y).chars[0];
            hash = (hash ^ (c ? c : ' ')) * 1099511628211u;
        }
    return hash;
}

bool sandbox_changed(vt *t, void *change)
{
    const sandbox_change *c = change;
    return sandbox_area(t, c->area) != c->before;
}

int sandbox_column(vt *t, int row, uint32_t code_point, int from)
{
    for (int x = from; x < vt_columns(t); x++)
        if (vt_cell(t, x, row).chars[0] == code_point) return x;
    return -1;
}

void sandbox_assert_ink(const char *path, int least_width, int least_height)
{
    ht_png png;
    ht_error err;
    if (ht_png_read(path, 1, &png, &err) != HT_OK) {
        fail_msg("%s", err.text);
        return;
    }
    assert_in_range(png.width, least_width, 20000);
    assert_in_range(png.height, least_height, 20000);
    size_t ink = 0, count = (size_t)png.width * (size_t)png.height;
    for (size_t i = 0; i < count; i++) ink += memcmp(png.rgb + 3 * i, png.rgb, 3) != 0;
    ht_png_free(&png);
    if (ink * 100 < count || ink * 100 > 95 * count)
        fail_msg("%s: %zu of %zu pixels are not background", path, ink, count);
}
