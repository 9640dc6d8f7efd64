/* cast_read.c - asciicast v2, line by line, from anybody. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/notes.h"
#include "term/cast.h"

enum { LINE_MOST = 16 << 20, SIDE_MOST = 10000 };

/* One line, and where it stands. */
typedef struct line {
    const char *name, *text;
    size_t size;
    int number;
    bool open; /* the file ends with it, without '\n' */
} line;

static ht_code refuse(const line *l, const char *what, ht_error *err)
{
    return ht_error_set(err, HT_FAIL, "%.400s:%d: %s", l->name, l->number, what);
}

static bool is_side(json_int_t n)
{
    return n >= 1 && n <= SIDE_MOST;
}

static void grow_to(ht_cast_file *file, int columns, int rows)
{
    if (columns > file->most_columns) file->most_columns = columns;
    if (rows > file->most_rows) file->most_rows = rows;
}

/* NULL with *err set unless the line is JSON. */
static json_t *parse(const line *l, ht_error *err)
{
    json_error_t fault;
    if (l->size > LINE_MOST) {
        refuse(l, "a line of more than 16 MB: no recording of a terminal", err);
        return NULL;
    }
    json_t *root = json_loadb(l->text, l->size, JSON_ALLOW_NUL, &fault);
    if (!root)
        ht_error_set(err, HT_FAIL, "%.400s:%d: no JSON, or a line that was cut: %.200s", l->name, l->number,
                     fault.text);
    return root;
}

static ht_code take_header(ht_cast_file *file, const line *l, const json_t *root, ht_error *err)
{
    json_int_t version = json_integer_value(json_object_get(root, "version")),
               columns = json_integer_value(json_object_get(root, "width")),
               rows = json_integer_value(json_object_get(root, "height"));
    double idle = json_number_value(json_object_get(root, "idle_time_limit"));
    if (!json_is_object(root) || version == 0)
        return refuse(l, "no asciicast: the first line is an object with the version 2", err);
    if (version != 2)
        return ht_error_set(err, HT_FAIL,
                            "%.400s:%d: asciicast of version %lld; version 2 is played (asciinema convert "
                            "makes it)",
                            l->name, l->number, (long long)version);
    if (!is_side(columns) || !is_side(rows))
        return refuse(l, "width and height are whole numbers from 1 to 10000", err);
    file->columns = (int)columns;
    file->rows = (int)rows;
    file->idle_limit = idle > 0 && isfinite(idle) ? idle : 0;
    grow_to(file, file->columns, file->rows);
    return HT_OK;
}

static ht_code keep(ht_cast_file *file, ht_cast_event event, ht_error *err)
{
    if (file->count == file->room) {
        size_t room = file->room ? 2 * file->room : 256;
        if (ht_grow((void **)&file->events, file->room, room, sizeof *file->events, "the recording", err) !=
            HT_OK)
            return HT_FAIL;
        file->room = room;
    }
    file->events[file->count++] = event;
    return HT_OK;
}

/* "120x40" */
static bool take_size(const char *text, size_t size, ht_cast_event *event)
{
    char *x, *end;
    if (text[0] < '0' || text[0] > '9') return false; /* no sign, no space */
    long columns = strtol(text, &x, 10);
    if (*x != 'x' || x[1] < '0' || x[1] > '9') return false;
    long rows = strtol(x + 1, &end, 10);
    if (end != text + size || !is_side(columns) || !is_side(rows)) return false;
    event->columns = (int)columns;
    event->rows = (int)rows;
    return true;
}

/* Output and sizes are kept; what was typed, and marks, are not for the screen. */
static ht_code take_event(ht_cast_file *file, const line *l, const json_t *root, ht_error *err)
{
    const json_t *time = json_array_get(root, 0), *code = json_array_get(root, 1),
                 *data = json_array_get(root, 2);
    if (!json_is_number(time) || !json_is_string(code) || !json_is_string(data))
        return refuse(l, "no event: [seconds, \"o\", \"text\"]", err);
    ht_cast_event event = {.time = json_number_value(time)};
    double before = file->count ? file->events[file->count - 1].time : 0;
    if (!(event.time >= before)) return refuse(l, "the time goes back", err);
    if (strcmp(json_string_value(code), "r") == 0) {
        if (!take_size(json_string_value(data), json_string_length(data), &event))
            return refuse(l, "no size: \"COLUMNSxROWS\", each from 1 to 10000", err);
        grow_to(file, event.columns, event.rows);
        return keep(file, event, err);
    }
    if (strcmp(json_string_value(code), "o") != 0) return HT_OK;
    event.at = file->text.length;
    event.size = json_string_length(data);
    ht_text_add_bytes(&file->text, json_string_value(data), event.size);
    if (file->text.failed) return ht_error_set(err, HT_FAIL, "not enough memory for %.400s", l->name);
    return keep(file, event, err);
}

/* No JSON at the very end is what a kill or a full disk leaves of a line: what is before it counts. */
static ht_code take_line(ht_cast_file *file, const line *l, ht_notes *notes, ht_error *err)
{
    if (l->size == 0 && l->number > 1) return HT_OK;
    json_t *root = parse(l, err);
    if (!root && l->open && l->number > 1 && l->size <= LINE_MOST) {
        ht_notes_add(notes, "%.400s:%d: the last line was cut and is left out", l->name, l->number);
        return HT_OK;
    }
    if (!root) return HT_FAIL;
    ht_code code = l->number == 1 ? take_header(file, l, root, err) : take_event(file, l, root, err);
    json_decref(root);
    return code;
}

ht_code ht_cast_parse(ht_cast_file *file, const char *name, const char *data, size_t size, ht_notes *notes,
                      ht_error *err)
{
    line l = {.name = name, .text = data};
    const char *end = data + size;
    ht_code code = HT_OK;
    *file = (ht_cast_file){0};
    do {
        const char *next = l.text < end ? memchr(l.text, '\n', (size_t)(end - l.text)) : NULL;
        l.number++;
        l.open = !next;
        l.size = (size_t)((next ? next : end) - l.text);
        while (l.size > 0 && l.text[l.size - 1] == '\r') l.size--;
        code = take_line(file, &l, notes, err);
        l.text = next ? next + 1 : end;
    } while (code == HT_OK && l.text < end);
    return code;
}

void ht_cast_free(ht_cast_file *file)
{
    ht_free(file->events);
    ht_text_free(&file->text);
    *file = (ht_cast_file){0};
}
