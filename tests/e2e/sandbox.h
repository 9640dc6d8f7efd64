/* A directory of its own for every test program, and a way to run the program under test without a terminal.
 *
 * The sandbox is the working directory and the HOME, with no configuration and no data sets in sight, so that
 * what a test sees does not depend on whose machine it runs on. HT_BINARY becomes an absolute path. */
#ifndef HT_TESTS_E2E_SANDBOX_H
#define HT_TESTS_E2E_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "sanitized.h"
#include "vt.h"

#include "chart/rect.h"

enum {
    PATIENCE = 60000
}; /* long enough for a sanitizer on a loaded machine; reached only by a failing test */

/* Group setup and teardown: enters a fresh directory; leaves and removes it. */
int sandbox_enter(void **state);
int sandbox_leave(void **state);

/* $HEAVYTAIL_DATA as it was, or ../shared/data beside the tree; NULL when there is neither. */
const char *sandbox_data(void);

double sandbox_seconds(void); /* of the monotonic clock */

/* How long a program without a terminal may take before it is killed; 180 s if nobody says. */
void sandbox_allow(double seconds);

/* ---- without a terminal ------------------------------------------------------------------------ */

typedef struct {
    int status; /* exit code, or 128 + signal */
    char *out, *err;
    size_t out_size, err_size;
} sandbox_result;

/* Runs `heavytail ARGS` to its end; `args` is ended by NULL and does not hold the program's name. The result
 * lives until the next run. */
const sandbox_result *sandbox_run(const char *const args[]);
/* The same through `sh -c`, with $H as the program: for redirections. Everything printed is captured. */
const sandbox_result *sandbox_shell(const char *script);

#define RUN(...) sandbox_run((const char *const[]){__VA_ARGS__, NULL})

/* Fails the test, showing what was printed, unless the program ended with this status. */
#define assert_status(result, wanted)                                                                        \
    do {                                                                                                     \
        const sandbox_result *r_ = (result);                                                                 \
        if (r_->status != (wanted))                                                                          \
            fail_msg("exit %d, not %d; stdout: %.2000s; stderr: %.2000s", r_->status, (wanted), r_->out,     \
                     r_->err);                                                                               \
    } while (0)

#define assert_says(text, part)                                                                              \
    do {                                                                                                     \
        if (!strstr((text), (part))) fail_msg("'%s' is not in: %.3000s", (part), (text));                    \
    } while (0)

/* What was printed as one JSON object, after exit code 0; a text as one. Fails the test where it is none, or
 * has a key twice. A new reference. */
json_t *sandbox_json(const sandbox_result *result);
json_t *sandbox_json_of(const char *text);
/* The number under this key; fails the test where there is none. */
double sandbox_number(const json_t *object, const char *key);

/* A whole file; fails the test when it is not there. The caller frees it. */
char *sandbox_read(const char *path, size_t *size);
void sandbox_write(const char *path, const char *text);
bool sandbox_exists(const char *path);

/* Both files are there, not empty, and equal byte for byte. */
bool sandbox_same_file(const char *a, const char *b);

/* ---- the lab in a terminal --------------------------------------------------------------------- */

/* `heavytail ARGS` in a terminal; *state is set for vt_teardown. */
vt *sandbox_lab(void **state, int columns, int rows, const char *term, const char *const args[],
                char *const env_extra[]);
#define LAB(state, columns, rows, ...)                                                                       \
    sandbox_lab(state, columns, rows, NULL, (const char *const[]){__VA_ARGS__, NULL}, NULL)

/* The step in the title line, or -1. */
long sandbox_step(vt *t);
bool sandbox_wait_step(vt *t, long least, int timeout_ms);

/* For vt_wait: the title line, the first row, has the text or not. */
bool sandbox_title_has(vt *t, void *text);
bool sandbox_title_lacks(vt *t, void *text);
#define assert_title(t, text) vt_assert(t, vt_wait(t, sandbox_title_has, (void *)(text), PATIENCE))

/* A number that stands for the characters in the rectangle; colours do not count. */
uint64_t sandbox_area(vt *t, ht_rect area);

/* For vt_wait: the area's number is another than before. */
typedef struct {
    ht_rect area;
    uint64_t before;
} sandbox_change;

bool sandbox_changed(vt *t, void *change);

/* The column of a code point in a row at or after `from`, or -1. */
int sandbox_column(vt *t, int row, uint32_t code_point, int from);

/* The file is a PNG with a fair amount of ink on its background. Fails the test when not. */
void sandbox_assert_ink(const char *path, int least_width, int least_height);

#endif
