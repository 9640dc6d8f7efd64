/* metrics.c - the rows of metrics.csv, written and read. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "engine/run/rundir.h"
#include "engine/run/runfiles.h"

enum { FILE_LIMIT = 1 << 30 };

static void add_field(ht_text *out, double value, char separator)
{
    if (isfinite(value))
        ht_text_add(out, "%.9g%c", value, separator);
    else
        ht_text_add(out, "%s%c", isnan(value) ? "" : value > 0 ? "inf" : "-inf", separator);
}

void ht_metrics_add(ht_text *rows, const ht_sample *s)
{
    const double fields[] = {s->epoch,     s->loss,          s->loss_min,      s->loss_max, s->accuracy,
                             s->test_loss, s->test_accuracy, s->multiply_adds, s->compute};
    size_t count = sizeof fields / sizeof fields[0];
    if (s->folded == 0) return;
    locale_t before = ht_point_begin();
    ht_text_add(rows, "%" PRIu64 ",", s->step);
    for (size_t i = 0; i < count; i++) add_field(rows, fields[i], i + 1 < count ? ',' : '\n');
    ht_point_end(before);
}

void ht_metrics_branch(ht_text *rows, uint64_t revision, uint64_t keep, uint64_t step)
{
    ht_text_add(rows, "#%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", revision, keep, step);
}

static int count_fields(const char *line, const char *end)
{
    int commas = 0;
    for (; line < end; line++) commas += *line == ',';
    return commas < 8 ? 8 : 10;
}

/* One line into its ten numbers, or the eight that older programs wrote; an empty field is NaN, and so is a
 * loss or a share that cannot be one. */
static bool parse_row(const char *line, const char *end, ht_metrics *m)
{
    enum { LOSS = 2, ACCURACY = 5, TEST_ACCURACY = 7, FIELDS = 10 };
    double value[FIELDS];
    int fields = count_fields(line, end);
    for (int i = fields; i < FIELDS; i++) value[i] = (double)NAN;
    for (int i = 0; i < fields; i++) {
        char field[40];
        const char *comma = i < fields - 1 ? memchr(line, ',', (size_t)(end - line)) : end;
        size_t length = comma ? (size_t)(comma - line) : sizeof field;
        if (length >= sizeof field) return false;
        memcpy(field, line, length);
        field[length] = '\0';
        char *stop;
        value[i] = length ? strtod(field, &stop) : (double)NAN;
        if (length && *stop != '\0') return false;
        line = comma + 1;
    }
    if (!(value[0] >= 0) || value[0] > 1e15) return false;
    for (int i = LOSS; i < FIELDS; i++) {
        bool share = i == ACCURACY || i == TEST_ACCURACY;
        if (value[i] < 0 || (share && value[i] > 1)) value[i] = (double)NAN;
    }
    *m = (ht_metrics){(uint64_t)value[0], value[1], value[2], value[3], value[4],
                      value[5],           value[6], value[7], value[8], value[9]};
    return true;
}

ht_code ht_rundir_read_metrics(const char *dir, ht_metrics **rows, size_t *count, ht_error *err)
{
    char path[HT_RUN_PATH], *text;
    size_t size, lines = 0, line = 1;
    *rows = NULL;
    *count = 0;
    if (ht_rundir_file(dir, HT_RUN_METRICS, path, err) != HT_OK ||
        ht_file_read(path, FILE_LIMIT, &text, &size, err) != HT_OK)
        return err->code;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    ht_code code = (*rows = ht_alloc(lines + 1, sizeof **rows, "the metrics", err)) ? HT_OK : err->code;
    const char *at = memchr(text, '\n', size), *stop = text + size;
    for (at = at ? at + 1 : stop; at < stop && code == HT_OK; line++) {
        const char *end = memchr(at, '\n', (size_t)(stop - at));
        if (!end) break; /* cut by a crash */
        if (parse_row(at, end, &(*rows)[*count]))
            ++*count;
        else
            code = ht_error_set(
                err, HT_FAIL,
                "%s:%zu: not a row of ten numbers, or eight; the file is damaged from there on, and "
                "only the %zu rows before are read",
                path, line + 1, *count);
        at = end + 1;
    }
    ht_free(text);
    return code;
}
