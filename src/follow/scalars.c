#include "follow/scalars.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

enum { UNKNOWN, CSV, LINES, REFUSED }; /* kinds */
enum { STEP = -1, NONE = -2, LINE_LIMIT = 1 << 20, TOLD = 3 };

static const double most_step = 1e15;

/* ---- curves ---- */

static void free_curve(ht_scalar_curve *c)
{
    ht_free(c->step);
    for (int i = 0; i < HT_SCALARS_COLUMNS; i++) ht_free(c->column[i]);
    *c = (ht_scalar_curve){0};
}

static ht_scalar_curve *present(ht_scalars *s)
{
    return s->curves ? &s->curve[s->curves - 1] : NULL;
}

static void drop_curve(ht_scalars *s, int which)
{
    free_curve(&s->curve[which]);
    s->curves--;
    memmove(&s->curve[which], &s->curve[which + 1], (size_t)(s->curves - which) * sizeof s->curve[0]);
    s->curve[s->curves] = (ht_scalar_curve){0};
}

static void new_curve(ht_scalars *s)
{
    if (s->curves == HT_SCALARS_CURVES) drop_curve(s, 0);
    s->restarts += s->curves > 0;
    s->curve[s->curves++] = (ht_scalar_curve){.every = 1};
}

/* Every second row goes. */
static void thin(ht_scalar_curve *c)
{
    size_t kept = (c->count + 1) / 2;
    for (size_t i = 0; i < kept; i++) c->step[i] = c->step[2 * i];
    for (int k = 0; k < HT_SCALARS_COLUMNS; k++)
        for (size_t i = 0; c->column[k] && i < kept; i++) c->column[k][i] = c->column[k][2 * i];
    c->count = kept;
    c->every *= 2;
}

static ht_code grow_column(double **column, size_t old, size_t room, ht_error *err)
{
    ht_code code = ht_grow((void **)column, old, room, sizeof **column, "the metrics", err);
    for (size_t i = old; code == HT_OK && i < room; i++) (*column)[i] = (double)NAN;
    return code;
}

static ht_code make_room(ht_scalar_curve *c, ht_error *err)
{
    if (c->count < c->room) return HT_OK;
    size_t room = c->room ? 2 * c->room : 64;
    ht_code code = grow_column(&c->step, c->room, room, err);
    for (int k = 0; k < HT_SCALARS_COLUMNS && code == HT_OK; k++)
        if (c->column[k]) code = grow_column(&c->column[k], c->room, room, err);
    if (code == HT_OK) c->room = room; /* a column that had grown before keeps what is too much */
    return code;
}

typedef struct row {
    double step, value[HT_SCALARS_COLUMNS];
} row;

/* A row of a step that is there adds to it: some write the loss and the accuracy of a step in two. */
static ht_code put(ht_scalar_curve *c, const row *r, int columns, ht_error *err)
{
    for (int k = 0; k < columns; k++) {
        if (isnan(r->value[k])) continue;
        if (!c->column[k] && grow_column(&c->column[k], 0, c->room, err) != HT_OK) return err->code;
        c->column[k][c->count - 1] = r->value[k];
    }
    return HT_OK;
}

/* The same curve as the one before, as far as that went? */
static bool begins_alike(const ht_scalar_curve *a, const ht_scalar_curve *b, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        if (a->step[i] != b->step[i]) return false;
        for (int k = 0; k < HT_SCALARS_COLUMNS; k++) {
            double x = a->column[k] ? a->column[k][i] : (double)NAN,
                   y = b->column[k] ? b->column[k][i] : (double)NAN;
            if (x != y && !(isnan(x) && isnan(y))) return false;
        }
    }
    return true;
}

/* What was written again, and is as long as it was, leaves no ghost. */
static void settle_again(ht_scalars *s)
{
    if (!s->again || s->curves < 2) return;
    const ht_scalar_curve *before = &s->curve[s->curves - 2], *now = &s->curve[s->curves - 1];
    bool same = before->every == 1 && now->every == 1;
    if (same && now->count <= before->count) return; /* not known yet */
    s->again = false;
    if (!same || !begins_alike(before, now, before->count)) return;
    drop_curve(s, s->curves - 2);
    s->restarts--;
}

static ht_code add(ht_scalars *s, const row *r, ht_error *err)
{
    ht_scalar_curve *c = present(s);
    double last = c && c->count ? c->step[c->count - 1] : (double)-INFINITY;
    if (!c || r->step < last) {
        if (c) s->again = false;
        new_curve(s);
        c = present(s);
        last = (double)-INFINITY;
    }
    if (r->step == last) return put(c, r, s->columns, err);
    if (c->last_extra) c->count--;
    if (c->count == HT_SCALARS_ROWS) thin(c);
    if (make_room(c, err) != HT_OK) return err->code;
    for (int k = 0; k < HT_SCALARS_COLUMNS; k++)
        if (c->column[k]) c->column[k][c->count] = (double)NAN;
    c->step[c->count++] = r->step;
    c->last_extra = c->read++ % c->every != 0;
    if (put(c, r, s->columns, err) != HT_OK) return err->code;
    settle_again(s);
    return HT_OK;
}

/* ---- columns ---- */

/* What a step may be called, the surest first. */
static int rank_of_step(const char *name)
{
    static const char *const names[] = {"step", "global_step", "steps", "iteration", "iter", "epoch"};
    int count = (int)(sizeof names / sizeof names[0]);
    for (int i = 0; i < count; i++)
        if (strcasecmp(name, names[i]) == 0) return i;
    return count;
}

/* Its number; NONE when there are too many. */
static int column_of(ht_scalars *s, const char *file, const char *name, ht_notes *notes)
{
    char clean[HT_SCALARS_NAME];
    ht_text_copy(clean, sizeof clean, name);
    ht_text_clean(clean);
    for (int i = 0; i < s->columns; i++)
        if (strcmp(s->name[i], clean) == 0) return i;
    if (s->columns == HT_SCALARS_COLUMNS || !clean[0]) {
        if (clean[0] && s->left_out++ == 0)
            ht_notes_add(notes, "%s: more than %d columns; %s and those after it are left out", file,
                         HT_SCALARS_COLUMNS, clean);
        return NONE;
    }
    strcpy(s->name[s->columns], clean);
    return s->columns++;
}

static void leave_out(ht_scalars *s, const char *file, const char *why, ht_notes *notes)
{
    if (++s->left_out <= TOLD)
        ht_notes_add(notes, "%s:%" PRIu64 ": %s; the line is left out%s", file, s->line, why,
                     s->left_out == TOLD ? ", and so are others like it without a word" : "");
}

static bool good_step(double step)
{
    return step >= 0 && step <= most_step;
}

/* ---- JSON lines ---- */

/* Python's NaN, Infinity and -Infinity are no JSON: null. */
static void plain_json(const char *line, ht_text *to)
{
    static const char *const words[] = {"NaN", "-Infinity", "Infinity"};
    bool quoted = false;
    const char *from = line, *at = line;
    while (*at) {
        size_t skip = 0;
        if (*at == '\\' && quoted && at[1])
            at++;
        else if (*at == '"')
            quoted = !quoted;
        for (size_t i = 0; !quoted && !skip && i < sizeof words / sizeof words[0]; i++)
            if (strncmp(at, words[i], strlen(words[i])) == 0) skip = strlen(words[i]);
        if (!skip) {
            at++;
            continue;
        }
        ht_text_add_bytes(to, from, (size_t)(at - from));
        ht_text_add(to, "null");
        from = at += skip;
    }
    ht_text_add_bytes(to, from, (size_t)(at - from));
}

static const char *find_step(const json_t *object, double *step)
{
    const char *key, *best = NULL;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (!json_is_number(value) || rank_of_step(key) >= rank_of_step("")) continue;
        if (!best || rank_of_step(key) < rank_of_step(best)) best = key, *step = json_number_value(value);
    }
    return best;
}

static ht_code take_object(ht_scalars *s, const char *file, const json_t *object, ht_notes *notes,
                           ht_error *err)
{
    row r = {.step = -1};
    const char *key, *step = find_step(object, &r.step);
    json_t *value;
    if (!step || !good_step(r.step)) {
        leave_out(s, file, step ? "its step is no number from 0 to 1e15" : "has no \"step\"", notes);
        return HT_OK;
    }
    for (int k = 0; k < HT_SCALARS_COLUMNS; k++) r.value[k] = (double)NAN;
    json_object_foreach((json_t *)object, key, value)
    {
        int k = key != step && (json_is_number(value) || json_is_null(value)) ? column_of(s, file, key, notes)
                                                                              : NONE;
        if (k >= 0 && json_is_number(value)) r.value[k] = json_number_value(value);
    }
    return add(s, &r, err);
}

static ht_code take_json(ht_scalars *s, const char *file, const char *line, ht_notes *notes, ht_error *err)
{
    json_error_t why;
    char told[240];
    ht_text text = {0};
    plain_json(line, &text);
    if (text.failed) return ht_error_set(err, HT_FAIL, "not enough memory to read %s", file);
    json_t *root = json_loads(text.data ? text.data : "", 0, &why);
    ht_code code = HT_OK;
    if (!root) {
        snprintf(told, sizeof told, "is no JSON object (column %d: %.120s)", why.column, why.text);
        leave_out(s, file, told, notes);
    } else if (!json_is_object(root)) {
        leave_out(s, file, "is no JSON object", notes);
    } else {
        code = take_object(s, file, root, notes, err);
    }
    json_decref(root);
    ht_text_free(&text);
    return code;
}

/* ---- CSV ---- */

/* The fields of a line into s->csv; none where its quotes are wrong. */
static ht_code split(ht_scalars *s, const char *file, const char *line, ht_error *err)
{
    s->csv.path = file, s->csv.data = line;
    s->csv.size = strlen(line), s->csv.at = 0, s->csv.line = (size_t)s->line;
    if (ht_csv_next(&s->csv, err) == HT_OK) return HT_OK;
    if (!s->csv.broken) return err->code;
    s->csv.count = 0;
    return HT_OK;
}

static char separator_of(const char *line)
{
    static const char candidates[] = ",;\t";
    size_t most = 0;
    char best = ',';
    for (const char *c = candidates; *c; c++) {
        size_t count = 0;
        for (const char *p = line; *p; p++) count += *p == *c;
        if (count > most) most = count, best = *c;
    }
    return best;
}

/* Which field is the step, and which column each other is. */
static ht_code take_header(ht_scalars *s, const char *file, const char *line, ht_notes *notes, ht_error *err)
{
    const char *names[HT_SCALARS_COLUMNS + 1] = {NULL};
    int best = -1;
    if (split(s, file, line, err) != HT_OK) return err->code;
    for (s->fields = 0; s->fields <= HT_SCALARS_COLUMNS && (size_t)s->fields < s->csv.count; s->fields++)
        names[s->fields] = ht_csv_field(&s->csv, (size_t)s->fields);
    for (int i = 0; i < s->fields; i++)
        if (rank_of_step(names[i]) < rank_of_step("") &&
            (best < 0 || rank_of_step(names[i]) < rank_of_step(names[best])))
            best = i;
    if (best < 0) {
        s->kind = REFUSED;
        return HT_OK;
    }
    if (rank_of_step(names[best]) > 0 && strcmp(s->step_name, names[best]) != 0)
        ht_notes_add(notes, "%s: has no column 'step'; '%s' is taken for it", file, names[best]);
    ht_text_copy(s->step_name, sizeof s->step_name, names[best]);
    for (int i = 0; i < s->fields; i++) s->field[i] = i == best ? STEP : column_of(s, file, names[i], notes);
    s->kind = CSV;
    return HT_OK;
}

/* Where no comma separates fields, one is a decimal comma. */
static bool read_number(const char *text, char separator, double *value)
{
    char *end, point[64];
    *value = (double)NAN;
    if (!*text) return true;
    ht_text_copy(point, sizeof point, text);
    char *comma = separator != ',' && strlen(text) < sizeof point ? strchr(point, ',') : NULL;
    if (comma) *comma = '.', text = point;
    locale_t before = ht_point_begin();
    *value = strtod(text, &end);
    ht_point_end(before);
    return *end == '\0';
}

static ht_code take_csv(ht_scalars *s, const char *file, const char *line, ht_notes *notes, ht_error *err)
{
    row r = {.step = -1};
    if (split(s, file, line, err) != HT_OK) return err->code;
    if (s->csv.broken) {
        leave_out(s, file, "a quoted field has no end, or goes on behind it", notes);
        return HT_OK;
    }
    for (int k = 0; k < HT_SCALARS_COLUMNS; k++) r.value[k] = (double)NAN;
    for (int i = 0; i < s->fields && (size_t)i < s->csv.count; i++) {
        double value;
        bool number = read_number(ht_csv_field(&s->csv, (size_t)i), s->csv.separator, &value);
        if (s->field[i] == STEP) r.step = number && !isnan(value) ? value : -1;
        if (s->field[i] >= 0 && isfinite(value) && number) r.value[s->field[i]] = value;
    }
    if (s->csv.count < (size_t)s->fields)
        leave_out(s, file, "has fewer fields than the header", notes);
    else if (!good_step(r.step))
        leave_out(s, file, "its step is no number from 0 to 1e15", notes);
    else
        return add(s, &r, err);
    return HT_OK;
}

/* ---- lines ---- */

static ht_code take_first(ht_scalars *s, const char *file, char *line, ht_notes *notes, ht_error *err)
{
    if (line[0] == '{') {
        s->kind = LINES;
        return take_json(s, file, line, notes, err);
    }
    ht_text_free(&s->header);
    ht_text_add(&s->header, "%s", line);
    if (s->header.failed) return ht_error_set(err, HT_FAIL, "not enough memory to read %s", file);
    s->csv.separator = separator_of(line);
    return take_header(s, file, line, notes, err);
}

static ht_code take_line(ht_scalars *s, const char *file, char *line, size_t size, ht_notes *notes,
                         ht_error *err)
{
    s->line++;
    if (strlen(line) < size) {
        leave_out(s, file, "holds a zero byte", notes);
        return HT_OK;
    }
    if (size && line[size - 1] == '\r') line[size - 1] = '\0';
    if (s->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) line += 3;
    while (*line == ' ') line++;
    if (!*line || *line == '#' || s->kind == REFUSED) return HT_OK;
    if (s->kind == UNKNOWN) return take_first(s, file, line, notes, err);
    if (s->kind == LINES) return take_json(s, file, line, notes, err);
    if (strcmp(line, s->header.data) == 0) return HT_OK; /* a run that goes on writes it again */
    return take_csv(s, file, line, notes, err);
}

ht_code ht_scalars_feed(ht_scalars *s, const char *file, const char *bytes, size_t size, ht_notes *notes,
                        ht_error *err)
{
    const char *at = bytes, *stop = bytes + size;
    ht_code code = HT_OK;
    while (at < stop && code == HT_OK) {
        const char *end = memchr(at, '\n', (size_t)(stop - at)), *to = end ? end : stop;
        if (!s->long_line) ht_text_add_bytes(&s->rest, at, (size_t)(to - at));
        if (s->rest.failed) return ht_error_set(err, HT_FAIL, "not enough memory to read %s", file);
        if (s->rest.length > LINE_LIMIT) {
            s->long_line = true;
            ht_text_free(&s->rest);
        }
        at = end ? end + 1 : stop;
        if (!end) continue;
        if (s->long_line) {
            s->line++;
            leave_out(s, file, "is longer than a megabyte", notes);
        } else if (s->rest.length) {
            code = take_line(s, file, s->rest.data, s->rest.length, notes, err);
        } else {
            s->line++;
        }
        s->long_line = false;
        s->rest.length = 0;
    }
    return code;
}

void ht_scalars_again(ht_scalars *s)
{
    s->kind = UNKNOWN;
    s->line = s->left_out = 0;
    s->rest.length = 0;
    s->long_line = false;
    const ht_scalar_curve *c = present(s);
    if (!c || c->count == 0) return;
    if (s->again && s->curves > 1) { /* cut while it was written again */
        drop_curve(s, s->curves - 1);
        s->restarts--;
    }
    s->again = true;
    new_curve(s);
}

const ht_scalar_curve *ht_scalars_now(const ht_scalars *s)
{
    const ht_scalar_curve *c = s->curves ? &s->curve[s->curves - 1] : NULL;
    return c && c->count ? c : NULL;
}

double ht_scalars_last(const ht_scalars *s, int column)
{
    const ht_scalar_curve *c = ht_scalars_now(s);
    for (size_t i = c && c->column[column] ? c->count : 0; i-- > 0;)
        if (!isnan(c->column[column][i])) return c->column[column][i];
    return (double)NAN;
}

const char *ht_scalars_refusal(const ht_scalars *s)
{
    return s->kind == REFUSED ? "its first line names no column 'step'" : NULL;
}

void ht_scalars_free(ht_scalars *s)
{
    for (int i = 0; i < s->curves; i++) free_curve(&s->curve[i]);
    ht_text_free(&s->rest);
    ht_text_free(&s->header);
    ht_csv_free(&s->csv);
    *s = (ht_scalars){0};
}
