#include "follow/follow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "follow/growing.h"
#include "follow/notice.h"
#include "follow/place.h"

/* In seconds. */
static const double
    settle = 0.25, /* a file that nobody has closed is complete when it has not changed for so long */
    tick = 0.015,  /* two changes within it may have one time */
    gather = 0.02, gather_writes = 0.1, /* events so close together are one look at the disk */
    poll_period = 1, missing_period = 0.1, moved_period = 1, longest_wait = 0.25, patience_of_whole = 0.5,
    gone_patience = 1;

/* Of the time, a look at the disk where nothing tells of changes. */
static const double poll_share = 0.0005;

typedef struct series {
    char *name;
    double last;             /* step of the last look; NaN: none yet */
    struct timespec written; /* its file */
    char *file;
    int run;
    size_t looks, same; /* looks at all; at that file, one after the other */
} series;

typedef struct spot {
    ht_place place;
    bool polled, told_why, told_gone, told_fault, told_limits;
    bool present, was_there; /* at the last scan; at some time */
    double gone_at;          /* when it was seen to be gone */
    int scans;
    double scan_at, moved_at; /* when to look at the disk; whether the directory is the same */
    double cost;              /* of a scan */
    struct timespec scanned;  /* the time of day of the last one */
    bool new_rows;
    int rows_of; /* which file of metrics had rows last; -1: none */
    series *list;
    size_t count, room;
} spot;

struct ht_follow {
    ht_follow_options options;
    ht_notice *notice;
    int spots;
    spot spot[HT_FOLLOW_PATHS];
    ht_notes messages, failures; /* what is to be told, */
    size_t told[2];              /* and how many of each were */
    double opened;
    /* what the last event points into */
    ht_look look;
    char message[1024], file[HT_PLACE_PATH], name[HT_PLACE_PATH];
};

/* ---- messages ---- */

static void tell_failure(ht_follow *f, const ht_error *err)
{
    ht_notes_add(&f->failures, "%s", err->text);
}

static bool next_of(ht_follow *f, ht_notes *notes, size_t *told, bool failure, ht_follow_event *event)
{
    if (!ht_notes_at(notes, *told, f->message, sizeof f->message)) {
        ht_notes_free(notes);
        *told = 0;
        return false;
    }
    ++*told;
    *event =
        (ht_follow_event){.kind = HT_FOLLOW_MESSAGE, .path = -1, .message = f->message, .failure = failure};
    return true;
}

static bool next_message(ht_follow *f, ht_follow_event *event)
{
    return next_of(f, &f->messages, &f->told[0], false, event) ||
           next_of(f, &f->failures, &f->told[1], true, event);
}

static bool has_message(const ht_follow *f)
{
    return f->messages.count + f->failures.count > 0;
}

/* ---- opening ---- */

ht_follow *ht_follow_open(const char *const *paths, int count, const ht_follow_options *options,
                          ht_error *err)
{
    ht_follow *f = ht_alloc(1, sizeof *f, "what is followed", err);
    if (!f) return NULL;
    f->options = *options;
    if (!(f->options.patience > 0)) f->options.patience = 5;
    f->opened = ht_now();
    f->notice = ht_notice_open(options->poll, err);
    ht_code code = f->notice ? HT_OK : HT_FAIL;
    if (code == HT_OK && (count < 1 || count > HT_FOLLOW_PATHS))
        code = ht_error_set(err, HT_USAGE, "give one path, or up to %d", HT_FOLLOW_PATHS);
    for (int i = 0; i < count && code == HT_OK; i++) {
        f->spot[i].rows_of = -1;
        code = ht_place_open(&f->spot[i].place, paths[i], err);
        f->spots++;
    }
    if (code == HT_OK) return f;
    ht_follow_close(f);
    return NULL;
}

static void close_spot(spot *s)
{
    for (size_t i = 0; i < s->place.metrics_count; i++) {
        if (s->place.metrics[i].reader) ht_growing_free(s->place.metrics[i].reader);
        ht_free(s->place.metrics[i].reader);
    }
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].name);
        free(s->list[i].file);
    }
    ht_free(s->list);
    ht_place_close(&s->place);
}

void ht_follow_close(ht_follow *f)
{
    if (!f) return;
    for (int i = 0; i < f->spots; i++) close_spot(&f->spot[i]);
    ht_notice_close(f->notice);
    ht_look_free(&f->look);
    ht_notes_free(&f->messages);
    ht_notes_free(&f->failures);
    ht_free(f);
}

/* ---- what has happened ---- */

static void sooner(double *at, double when)
{
    if (when < *at) *at = when;
}

static void leave_folder(ht_follow *f, ht_folder *folder)
{
    if (folder->watch >= 0) ht_notice_leave(f->notice, folder->watch);
    folder->watch = -1;
}

/* A directory that was made again may have the number of the old one: its watch is gone all the same. */
static void hear(ht_follow *f, const ht_noticed *n, double now)
{
    for (int i = 0; i < f->spots; i++) {
        ht_place *place = &f->spot[i].place;
        for (size_t k = 0; k < place->folder_count; k++) {
            if (n->watch >= 0 && place->folders[k].watch != n->watch) continue;
            if (n->watch >= 0 && n->gone) leave_folder(f, &place->folders[k]);
            if (n->watch >= 0 && n->whole) ht_place_whole(place, place->folders[k].name, n->name);
            sooner(&f->spot[i].scan_at, now + (n->whole || n->gone ? gather : gather_writes));
        }
    }
}

static void listen(ht_follow *f, double now)
{
    ht_noticed n;
    while (ht_notice_next(f->notice, &n)) hear(f, &n, now);
}

/* ---- a look at the disk ---- */

/* Watches the folders that are there. What came between the scan and the watch is seen by the next scan. */
static void watch_folders(ht_follow *f, int which, double now)
{
    spot *s = &f->spot[which];
    s->polled = false;
    for (size_t i = 0; i < s->place.folder_count; i++) {
        ht_folder *folder = &s->place.folders[i];
        char path[HT_PLACE_PATH];
        const char *why = NULL;
        ht_error ignored;
        if (folder->watch >= 0) continue;
        if (ht_place_join(&s->place, folder->name, path, &ignored) == HT_OK)
            folder->watch = ht_notice_enter(f->notice, path[0] ? path : ".", &why);
        if (folder->watch >= 0)
            sooner(&s->scan_at, now);
        else
            s->polled = true;
        if (why && !s->told_why)
            ht_notes_add(&f->messages, "%s: %s; it is looked at every second instead", path, why);
        s->told_why = s->told_why || why;
    }
}

static void forget(ht_follow *f, spot *s)
{
    for (size_t i = 0; i < s->place.folder_count; i++)
        if (!s->place.folders[i].found) leave_folder(f, &s->place.folders[i]);
    ht_place_forget(&s->place);
}

static void read_metrics(ht_follow *f, int which)
{
    spot *s = &f->spot[which];
    for (size_t i = 0; i < s->place.metrics_count; i++) {
        ht_metrics_file *m = &s->place.metrics[i];
        char path[HT_PLACE_PATH];
        bool rows = false, more = false;
        ht_error err;
        if (!m->reader) m->reader = ht_alloc(1, sizeof(ht_growing), "the metrics", &err);
        if (!m->reader || ht_place_join(&s->place, m->name, path, &err) != HT_OK ||
            ht_growing_read(m->reader, path, m, &rows, &more, &f->messages, &err) != HT_OK) {
            if (!ht_cancelled()) tell_failure(f, &err);
        }
        if (rows) {
            s->new_rows = true;
            s->rows_of = (int)i;
        }
        if (more) s->scan_at = 0;
    }
}

static double age_of(struct timespec time, struct timespec of)
{
    return (double)(time.tv_sec - of.tv_sec) + (double)(time.tv_nsec - of.tv_nsec) * 1e-9;
}

static bool before_by_time(const ht_state *a, const ht_state *b)
{
    double apart = age_of(a->newest, b->newest);
    return apart != 0 ? apart < 0 : strverscmp(a->name, b->name) < 0;
}

/* At the start: what was written long ago is quiet, and of each series the newest is wanted. */
static void begin_spot(const ht_follow *f, spot *s)
{
    char a[HT_PLACE_PATH], b[HT_PLACE_PATH];
    for (size_t i = 0; i < s->place.count; i++) {
        ht_state *state = &s->place.states[i];
        double age = age_of(s->scanned, state->newest);
        if (age > 0) state->changed -= age;
    }
    for (size_t i = 0; i < s->place.count && !f->options.all; i++) {
        bool newest = true;
        ht_place_series(s->place.states[i].name, a, sizeof a);
        for (size_t k = 0; k < s->place.count && newest; k++) {
            if (k == i || !before_by_time(&s->place.states[i], &s->place.states[k])) continue;
            ht_place_series(s->place.states[k].name, b, sizeof b);
            newest = strcmp(a, b) != 0;
        }
        if (!newest) s->place.states[i].looked = s->place.states[i].mark;
    }
}

static bool is_there(const spot *s)
{
    if (!s->place.there || !s->place.only[0]) return s->place.there;
    if (s->place.count > 0) return true;
    for (size_t i = 0; i < s->place.metrics_count; i++)
        if (s->place.metrics[i].found && strcmp(s->place.metrics[i].name, s->place.only) == 0) return true;
    return false;
}

/* A file that is replaced by hand is gone for a moment, of which nothing is said. */
static void tell_presence(ht_follow *f, spot *s, double now)
{
    bool there = is_there(s);
    if (there || s->present) s->gone_at = now;
    bool tell = !there && !s->told_gone && (!s->was_there || now - s->gone_at >= gone_patience);
    if (!there && !s->told_gone && !tell) sooner(&s->scan_at, s->gone_at + gone_patience);
    if (tell)
        ht_notes_add(&f->messages, "%s: %s", s->place.path,
                     s->was_there ? "is gone; waiting for it to return" : "is not there yet; waiting for it");
    if (there && s->told_gone && s->was_there) ht_notes_add(&f->messages, "%s: is back", s->place.path);
    s->told_gone = !there && (s->told_gone || tell);
    s->present = there;
    s->was_there = s->was_there || there;
}

static void tell_limits(ht_follow *f, spot *s)
{
    if (s->told_limits) return;
    s->told_limits = s->place.too_many || s->place.too_many_metrics || s->place.closed[0];
    if (s->place.closed[0])
        ht_notes_add(&f->messages, "%s/%s: cannot be read: Permission denied; what it holds is left out",
                     s->place.path, s->place.closed);
    if (s->place.too_many)
        ht_notes_add(&f->messages, "%s: holds more than %d folders; those beyond are not looked into",
                     s->place.path, HT_PLACE_FOLDERS);
    if (s->place.too_many_metrics)
        ht_notes_add(&f->messages,
                     "%s: holds more than %d files of metrics; those beyond are left out; give the path of "
                     "the one that is meant",
                     s->place.path, HT_PLACE_METRICS);
}

static double period_of(const spot *s)
{
    if (!s->place.there) return missing_period;
    if (!s->polled) return (double)INFINITY;
    return fmax(poll_period, s->cost / poll_share);
}

/* A file of two names (model.safetensors and step-00000100.safetensors) is one state. */
static void pass_links(ht_place *p)
{
    for (size_t i = 0; i < p->count; i++) {
        ht_state *a = &p->states[i];
        if (!a->linked || a->parts != 1 || a->looked == a->mark) continue;
        for (size_t k = 0; k < p->count; k++) {
            const ht_state *b = &p->states[k];
            if (b->looked == b->mark && b->parts == 1 && b->number == a->number && b->device == a->device &&
                age_of(a->newest, b->newest) == 0)
                a->looked = a->mark;
        }
    }
}

static void scan(ht_follow *f, int which, double now)
{
    spot *s = &f->spot[which];
    ht_error err;
    double began = ht_thread_now();
    if (s->place.there && ht_place_moved(&s->place))
        for (size_t i = 0; i < s->place.folder_count; i++) leave_folder(f, &s->place.folders[i]);
    s->scan_at = (double)INFINITY;
    ht_code code = ht_place_scan(&s->place, now, &err);
    clock_gettime(CLOCK_REALTIME_COARSE, &s->scanned);
    s->cost = ht_thread_now() - began;
    if (code != HT_OK && !s->told_fault) tell_failure(f, &err);
    s->told_fault = code != HT_OK;
    forget(f, s);
    watch_folders(f, which, now);
    if (s->scans++ == 0) begin_spot(f, s);
    pass_links(&s->place);
    read_metrics(f, which);
    sooner(&s->scan_at, now + period_of(s));
    tell_presence(f, s, now);
    tell_limits(f, s);
    s->moved_at = now + moved_period;
}

/* ---- which state is next ---- */

/* When it may be looked at: a moment of the clock; Inf: when it changes. */
static double ready_at(const spot *s, const ht_state *state)
{
    if (state->mark == state->looked || state->mark == state->told) return (double)INFINITY;
    double at = state->changed + (state->whole ? 0 : settle), age = age_of(s->scanned, state->newest);
    return fmax(at, state->retry) + (age >= 0 && age < tick ? tick : 0);
}

/* A state that is waited for is looked at on the disk again when its time has come: it may have changed. */
static double attention(const spot *s)
{
    double at = (double)INFINITY;
    for (size_t i = 0; i < s->place.count; i++) sooner(&at, ready_at(s, &s->place.states[i]));
    return at;
}

static ht_state *next_state(const ht_follow *f, int *which, double now)
{
    ht_state *best = NULL;
    for (int i = 0; i < f->spots; i++)
        for (size_t k = 0; k < f->spot[i].place.count; k++) {
            ht_state *state = &f->spot[i].place.states[k];
            if (ready_at(&f->spot[i], state) > now || (best && !before_by_time(state, best))) continue;
            best = state;
            *which = i;
        }
    return best;
}

/* ---- looking ---- */

static series *series_of(spot *s, const char *name, ht_error *err)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->list[i].name, name) == 0) return &s->list[i];
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 4;
        if (ht_grow((void **)&s->list, s->count, room, sizeof *s->list, "the list of series", err) != HT_OK)
            return NULL;
        s->room = room;
    }
    char *copy = strdup(name);
    if (!copy) return ht_error_set(err, HT_FAIL, "not enough memory for the list of series"), NULL;
    s->list[s->count] = (series){.name = copy, .last = (double)NAN};
    return &s->list[s->count++];
}

static const ht_scalars *rows_in(const ht_metrics_file *m)
{
    const ht_growing *g = m->reader;
    return g && ht_scalars_now(&g->scalars) ? &g->scalars : NULL;
}

/* Those that are called so; else what grew last. */
static const ht_scalars *metrics_of(const spot *s)
{
    for (size_t i = 0; i < s->place.metrics_count; i++)
        if (strncmp(s->place.metrics[i].name, "metrics.", 8) == 0 && rows_in(&s->place.metrics[i]))
            return rows_in(&s->place.metrics[i]);
    return s->rows_of >= 0 ? rows_in(&s->place.metrics[s->rows_of]) : NULL;
}

/* A name that is there again and again counts no steps: its file is replaced. */
static void find_step(ht_look *look, const spot *s, const series *list, const char *name)
{
    double by_name = ht_place_step(name);
    const ht_scalars *metrics = metrics_of(s);
    look->from = HT_STEP_METADATA;
    if (!isnan(look->step)) return;
    bool again = list->file && strcmp(list->file, name) == 0 && list->same > 1;
    if (!isnan(by_name) && !again) {
        look->from = HT_STEP_NAME;
        look->step = by_name;
    } else if (metrics) {
        const ht_scalar_curve *now = ht_scalars_now(metrics);
        look->from = HT_STEP_METRICS;
        look->step = now->step[now->count - 1];
    } else {
        look->from = HT_STEP_COUNT;
        look->step = isnan(list->last) ? 1 : list->last + 1;
    }
}

static void place_in_series(ht_follow *f, series *list, const ht_state *state, ht_follow_event *event)
{
    bool down = f->look.step < list->last;
    event->late = down && age_of(state->newest, list->written) < 0;
    if (down && !event->late) list->run++;
    event->run = list->run;
    list->looks++;
    if (event->late) return;
    list->last = f->look.step;
    list->written = state->newest;
    list->same++;
    if (list->file && strcmp(list->file, state->name) == 0) return;
    list->same = 1;
    free(list->file);
    list->file = strdup(state->name); /* without it: its name is taken at its word */
}

/* It could not be looked at: now, or when there is no more hope, with a word. */
static void put_off(ht_follow *f, ht_state *state, double now, const ht_error *err)
{
    double until = state->changed + (state->whole ? patience_of_whole : f->options.patience);
    if (now < until) {
        state->retry = until;
        return;
    }
    state->told = state->mark;
    tell_failure(f, err);
}

static ht_state *state_named(const spot *s, const char *name)
{
    for (size_t i = 0; i < s->place.count; i++)
        if (strcmp(s->place.states[i].name, name) == 0) return &s->place.states[i];
    return NULL;
}

/* The state of that name, if the disk has it as it was: NULL where it changed. Where nothing tells of other
 * changes, only this state and the metrics are looked at: a directory may hold very many. */
static ht_state *same_state(ht_follow *f, int which, const char *name, uint64_t mark, double now)
{
    spot *s = &f->spot[which];
    ht_state *state = state_named(s, name);
    if (!state || s->scan_at < now + gather_writes || !ht_place_same(&s->place, state)) {
        scan(f, which, now);
        state = state_named(s, name);
    }
    return state && state->mark == mark ? state : NULL;
}

/* False: there is no look, for now. */
static bool look_at(ht_follow *f, int which, ht_state *state, ht_follow_event *event)
{
    spot *s = &f->spot[which];
    char **paths = NULL, name[HT_PLACE_PATH], kind[HT_PLACE_PATH];
    int count = 0;
    ht_error err;
    const double ready = ht_now();
    const uint64_t mark = state->mark;
    ht_text_copy(name, sizeof name, state->name);
    ht_text_copy(f->file, sizeof f->file, state->arrays ? state->name : state->file);
    ht_place_series(name, kind, sizeof kind);
    series *list = series_of(s, kind, &err);
    ht_code code = list ? ht_place_paths(&s->place, state, &paths, &count, &err) : HT_FAIL;
    ht_look_free(&f->look);
    if (code == HT_OK)
        code = ht_look_take(&f->look, (const char *const *)paths, count, &f->options.look,
                            list->looks == 0 ? &f->messages : NULL, &err);
    ht_place_paths_free(paths, count);
    if (ht_cancelled()) return false;
    listen(f, ht_now());
    state = same_state(f, which, name, mark, ht_now());
    if (!state) return false; /* it changed meanwhile */
    if (code != HT_OK) {
        put_off(f, state, ht_now(), &err);
        return false;
    }
    state->looked = mark;
    pass_links(&s->place);
    *event = (ht_follow_event){.kind = HT_FOLLOW_LOOK, .path = which, .file = f->file, .look = &f->look};
    find_step(&f->look, s, list, name);
    place_in_series(f, list, state, event);
    event->series = list->name;
    event->written = (double)state->newest.tv_sec + (double)state->newest.tv_nsec * 1e-9;
    event->seconds = ht_now() - f->opened;
    event->took = ht_now() - ready;
    event->scalars = metrics_of(s);
    s->new_rows = false;
    return true;
}

/* ---- the next event ---- */

bool ht_follow_rows(const ht_follow *f, int path, ht_follow_event *event)
{
    const spot *s = &f->spot[path];
    if (s->rows_of < 0) return false;
    *event = (ht_follow_event){.kind = HT_FOLLOW_ROWS,
                               .path = path,
                               .file = s->place.metrics[s->rows_of].name,
                               .scalars = metrics_of(s),
                               .seconds = ht_now() - f->opened};
    return event->scalars != NULL;
}

static bool next_rows(ht_follow *f, ht_follow_event *event)
{
    for (int i = 0; i < f->spots; i++) {
        if (!f->spot[i].new_rows) continue;
        f->spot[i].new_rows = false;
        if (ht_follow_rows(f, i, event)) return true;
    }
    return false;
}

/* Looks at the disk where it is time; returns when it is next. */
static double scan_due(ht_follow *f, double now)
{
    double next = (double)INFINITY;
    for (int i = 0; i < f->spots; i++) {
        spot *s = &f->spot[i];
        if (s->scans > 0 && now >= s->moved_at) {
            s->moved_at = now + moved_period;
            if (s->place.there && ht_place_moved(&s->place)) s->scan_at = now;
        }
        if (s->scans == 0 || now >= s->scan_at) scan(f, i, now);
        sooner(&next, s->scan_at);
        sooner(&next, attention(s));
    }
    return next;
}

/* Those whose time has come, unless the disk says that they have changed. */
static bool next_look(ht_follow *f, double now, ht_follow_event *event)
{
    int which = 0;
    ht_state *state = next_state(f, &which, now);
    if (!state) return false;
    char name[HT_PLACE_PATH];
    const uint64_t mark = state->mark;
    ht_text_copy(name, sizeof name, state->name);
    state = same_state(f, which, name, mark, now);
    if (!state || ready_at(&f->spot[which], state) > now) return false;
    return look_at(f, which, state, event);
}

void ht_follow_next(ht_follow *f, double seconds, ht_follow_event *event)
{
    const double until = ht_now() + seconds;
    *event = (ht_follow_event){.kind = HT_FOLLOW_NOTHING};
    for (;;) {
        double now = ht_now();
        if (next_message(f, event) || ht_cancelled()) return;
        listen(f, now);
        double next = scan_due(f, now);
        if (has_message(f)) continue;
        if (next_rows(f, event) || next_look(f, now, event)) return;
        if (has_message(f)) continue;
        if (now >= until) return;
        ht_notice_wait(f->notice, fmin(fmin(next, until) - now, longest_wait));
    }
}

bool ht_follow_done(const ht_follow *f)
{
    for (int i = 0; i < f->spots; i++) {
        const spot *s = &f->spot[i];
        if (s->scans == 0 || s->new_rows) return false;
        for (size_t k = 0; k < s->place.count; k++)
            if (!isinf(ready_at(s, &s->place.states[k]))) return false;
    }
    return !has_message(f);
}

/* ---- what is waited for ---- */

static bool has_rows(const spot *s)
{
    for (size_t i = 0; i < s->place.metrics_count; i++)
        if (rows_in(&s->place.metrics[i])) return true;
    return false;
}

/* The state that will be looked at first, or NULL. */
static const ht_state *awaited(const spot *s)
{
    const ht_state *first = NULL;
    for (size_t i = 0; i < s->place.count; i++) {
        const ht_state *state = &s->place.states[i];
        double at = ready_at(s, state);
        if (!isinf(at) && (!first || at < ready_at(s, first))) first = state;
    }
    return first;
}

void ht_follow_waits(const ht_follow *f, int path, char *to, size_t size)
{
    const spot *s = &f->spot[path];
    const ht_state *state = awaited(s);
    char name[256];
    to[0] = '\0';
    if (s->scans == 0) return;
    if (state) {
        ht_text_copy(name, sizeof name, state->name);
        ht_text_clean(name);
    }
    if (!is_there(s))
        snprintf(to, size, s->was_there ? "gone; waiting for it to return" : "not there yet; waiting for it");
    else if (state)
        snprintf(to, size,
                 state->retry > 0 && !state->whole ? "%s is half written; waiting for the rest"
                                                   : "%s is being written; waiting for its end",
                 name);
    else if (s->place.count == 0 && !has_rows(s))
        snprintf(to, size, "nothing there yet; waiting for .safetensors, .npy or metrics");
}
