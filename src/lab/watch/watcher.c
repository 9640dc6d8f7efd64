#include "lab/watch/watcher.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"
#include "link/ring.h"
#include "link/triple.h"
#include "weights/tensor.h"

/* Looks that wait for the screen: each may be of many layers. */
enum { WAITING = 8 };

/* In seconds: the longest sleep, until what is waited for is told anew; between two copies of metrics the
 * thread does other things for so many times what a copy took. */
static const double nap = 0.25, copies_apart = 20;

struct ht_watcher {
    pthread_t thread;
    bool joined;
    atomic_bool leave;
    ht_follow *follow;
    int paths;
    ht_ring *news; /* of ht_news pointers */
    ht_triple *waits, *orders, *pictures;
    ht_picture_order asked, made; /* the screen's: the last order; the thread's: the last one that was made */
    ht_waits told;
    bool late[HT_FOLLOW_PATHS]; /* rows came that were not handed over yet */
    double next_copy;
};

/* ---- what was seen ---- */

static void sleep_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* Without memory for a copy the screen hears of that, if there is memory for a sentence. */
static void hand_over(ht_watcher *w, const ht_follow_event *event)
{
    ht_error err;
    ht_news *news = ht_news_of(event, &err);
    if (!news)
        news = ht_news_of(
            &(ht_follow_event){
                .kind = HT_FOLLOW_MESSAGE, .path = event->path, .failure = true, .message = err.text},
            &err);
    if (!news) return;
    while (!ht_ring_push(w->news, &news)) {
        if (ht_cancelled()) {
            ht_news_free(news);
            return;
        }
        sleep_a_little();
    }
}

/* The metrics beside it come by themselves. */
static void hand_over_look(ht_watcher *w, const ht_follow_event *event)
{
    ht_follow_event alone = *event;
    alone.scalars = NULL;
    hand_over(w, &alone);
    if (event->scalars) w->late[event->path] = true;
}

/* Metrics may come a thousand times a second, and a copy is of all of them. */
static void hand_over_rows(ht_watcher *w, const ht_follow_event *event)
{
    double now = ht_now();
    if (now < w->next_copy) {
        w->late[event->path] = true;
        return;
    }
    hand_over(w, event);
    w->late[event->path] = false;
    w->next_copy = ht_now() + copies_apart * (ht_now() - now);
}

static void tell_late_rows(ht_watcher *w)
{
    ht_follow_event event;
    for (int i = 0; i < w->paths; i++)
        if (w->late[i] && ht_now() >= w->next_copy && ht_follow_rows(w->follow, i, &event))
            hand_over_rows(w, &event);
}

static bool has_late_rows(const ht_watcher *w)
{
    bool late = false;
    for (int i = 0; i < w->paths; i++) late = late || w->late[i];
    return late;
}

static void tell_waits(ht_watcher *w)
{
    ht_waits *back = ht_triple_back(w->waits);
    memset(back, 0, sizeof *back);
    for (int i = 0; i < w->paths; i++) ht_follow_waits(w->follow, i, back->path[i], sizeof back->path[i]);
    if (memcmp(back, &w->told, sizeof *back) == 0) return;
    w->told = *back;
    ht_triple_publish(w->waits);
}

/* ---- pictures of tails ---- */

static bool same_order(const ht_picture_order *a, const ht_picture_order *b)
{
    return strcmp(a->path, b->path) == 0 && strcmp(a->layer, b->layer) == 0 && a->written >= b->written &&
           a->written <= b->written;
}

/* The state that the look was of, and no later one? */
static bool is_same(const ht_picture_order *o)
{
    struct stat at;
    if (stat(o->path, &at) != 0) return false;
    double written = (double)at.st_mtim.tv_sec + (double)at.st_mtim.tv_nsec * 1e-9;
    return written <= o->written;
}

/* Whole rows from the first on, as many as a tail is of. */
static ht_code picture_of(void *context, const ht_file_tensor *t, ht_error *err)
{
    size_t most = t->columns < HT_LOOK_TAIL ? HT_LOOK_TAIL / t->columns : 1;
    ht_values values = {
        .f32 = t->f32, .f64 = t->f64, .rows = t->rows < most ? t->rows : most, .columns = t->columns};
    const ht_tail_options options = {0};
    ht_tail_picture *picture = context;
    return ht_tail_picture_make(picture, &values, &options, false, err);
}

static void make_picture(ht_watcher *w)
{
    bool fresh;
    ht_error err;
    ht_notes notes = {0};
    const ht_picture_order *order = ht_triple_take(w->orders, &fresh);
    if (!order->path[0] || same_order(order, &w->made)) return;
    w->made = *order;
    ht_picture_news *back = ht_triple_back(w->pictures);
    *back = (ht_picture_news){.of = *order};
    const ht_tensor_choice choice = {.only = ht_text_ends(order->path, ".npy") ? NULL : order->layer};
    const ht_tensor_visitor visitor = {.context = &back->picture, .visit = picture_of};
    back->there = is_same(order) && ht_tensors_each(order->path, &choice, &visitor, &notes, &err) == HT_OK &&
                  is_same(order);
    ht_notes_free(&notes);
    if (ht_cancelled()) return;
    ht_triple_publish(w->pictures);
}

/* ---- the thread ---- */

static void *watch(void *context)
{
    ht_watcher *w = context;
    ht_follow_event event;
    ht_cancel_by(&w->leave);
    while (!ht_cancelled()) {
        ht_follow_next(w->follow, has_late_rows(w) ? nap / 10 : nap, &event);
        if (event.kind == HT_FOLLOW_ROWS)
            hand_over_rows(w, &event);
        else if (event.kind != HT_FOLLOW_NOTHING)
            hand_over_look(w, &event);
        tell_late_rows(w);
        tell_waits(w);
        if (event.kind == HT_FOLLOW_NOTHING) make_picture(w);
    }
    return NULL;
}

ht_watcher *ht_watcher_start(const char *const *paths, int count, const ht_follow_options *options,
                             ht_error *err)
{
    ht_watcher *w = ht_alloc(1, sizeof *w, "the watcher", err);
    if (!w) return NULL;
    w->joined = true;
    w->paths = count;
    w->follow = ht_follow_open(paths, count, options, err);
    bool good = w->follow && (w->news = ht_ring_new(WAITING, sizeof(ht_news *), err)) &&
                (w->waits = ht_triple_new(sizeof(ht_waits), err)) &&
                (w->orders = ht_triple_new(sizeof(ht_picture_order), err)) &&
                (w->pictures = ht_triple_new(sizeof(ht_picture_news), err));
    if (good && ht_thread_start(&w->thread, watch, w, "the watcher", err) == HT_OK) {
        w->joined = false;
        return w;
    }
    ht_watcher_free(w);
    return NULL;
}

ht_news *ht_watcher_next(ht_watcher *w)
{
    ht_news *news = NULL;
    return ht_ring_pop(w->news, &news) ? news : NULL;
}

const ht_waits *ht_watcher_waits(ht_watcher *w, bool *fresh)
{
    return ht_triple_take(w->waits, fresh);
}

void ht_watcher_picture(ht_watcher *w, const ht_picture_order *order)
{
    if (same_order(&w->asked, order)) return;
    w->asked = *order;
    memcpy(ht_triple_back(w->orders), order, sizeof *order);
    ht_triple_publish(w->orders);
}

const ht_picture_news *ht_watcher_pictured(ht_watcher *w, bool *fresh)
{
    return ht_triple_take(w->pictures, fresh);
}

bool ht_watcher_gone(ht_watcher *w, double seconds)
{
    if (!w || w->joined) return true;
    atomic_store(&w->leave, true);
    w->joined = ht_thread_join_within(w->thread, seconds);
    return w->joined;
}

void ht_watcher_free(ht_watcher *w)
{
    if (!w) return;
    for (ht_news *news; w->news && (news = ht_watcher_next(w));) ht_news_free(news);
    ht_ring_free(w->news);
    ht_triple_free(w->waits);
    ht_triple_free(w->orders);
    ht_triple_free(w->pictures);
    ht_follow_close(w->follow);
    ht_free(w);
}
