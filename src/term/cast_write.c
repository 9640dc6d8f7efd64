/* cast_write.c - events are copied into memory by the screen's thread and written by another one. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/thread.h"
#include "term/cast.h"

enum { QUEUE_MOST = 64 << 20, CHARACTER = 4 };

static const double breath = 0.25, last_breath = 5; /* seconds between two writes; for the last one */

typedef struct record { /* before its bytes in the queue */
    double time;
    int columns, rows; /* of a size; else 0 */
    size_t size;
} record;

struct ht_cast {
    char path[4096], title[128];
    int fd;
    double start;
    pthread_t thread;
    sem_t wanted; /* posted to end */
    atomic_bool failed;
    bool told;
    pthread_mutex_t lock; /* of what follows */
    ht_text queue;
    char fault[sizeof((ht_error *)0)->text];
    /* the writing thread's own */
    bool begun;
    char rest[CHARACTER]; /* the beginning of a character whose end has not come yet */
    size_t rest_size;
};

/* ---- the screen's side ------------------------------------------------------------------------- */

static void fail(ht_cast *cast, const char *what, const char *remedy)
{
    pthread_mutex_lock(&cast->lock);
    if (!atomic_load(&cast->failed))
        snprintf(cast->fault, sizeof cast->fault,
                 "%.500s: the recording ends here: %s; what was written before is whole, %s", cast->path,
                 what, remedy);
    pthread_mutex_unlock(&cast->lock);
    atomic_store(&cast->failed, true);
}

static void queue(ht_cast *cast, int columns, int rows, const char *bytes, size_t size)
{
    record r = {.time = ht_now() - cast->start, .columns = columns, .rows = rows, .size = size};
    if (atomic_load(&cast->failed)) return;
    pthread_mutex_lock(&cast->lock);
    ht_text_add_bytes(&cast->queue, (const char *)&r, sizeof r);
    ht_text_add_bytes(&cast->queue, bytes, size);
    bool full = cast->queue.length > QUEUE_MOST;
    pthread_mutex_unlock(&cast->lock);
    if (full) fail(cast, "the disk is too slow", "record to a faster one");
}

void ht_cast_size(ht_cast *cast, int columns, int rows)
{
    queue(cast, columns, rows, "", 0);
}

void ht_cast_output(ht_cast *cast, const char *bytes, size_t size)
{
    if (size > 0) queue(cast, 0, 0, bytes, size);
}

bool ht_cast_failed(ht_cast *cast, char *text, size_t size)
{
    if (!atomic_load(&cast->failed) || cast->told) return false;
    cast->told = true;
    pthread_mutex_lock(&cast->lock);
    ht_text_copy(text, size, cast->fault);
    pthread_mutex_unlock(&cast->lock);
    return true;
}

/* ---- lines ------------------------------------------------------------------------------------- */

static void add_header(const ht_cast *cast, ht_text *lines, const record *r)
{
    const char *term = getenv("TERM"), *shell = getenv("SHELL");
    json_t *root = json_pack("{s:i, s:i, s:i, s:I, s:s, s:{s:s, s:s}}", "version", 2, "width", r->columns,
                             "height", r->rows, "timestamp", (json_int_t)time(NULL), "title", cast->title,
                             "env", "TERM", term ? term : "", "SHELL", shell ? shell : "");
    char *text = root ? json_dumps(root, 0) : NULL;
    ht_text_add(lines, "%s\n", text ? text : "");
    lines->failed = lines->failed || !text;
    free(text);
    json_decref(root);
}

static void add_event(ht_text *lines, double time, const char *code, const char *bytes, size_t size)
{
    json_t *data = json_stringn(bytes, size);
    char *text = data ? json_dumps(data, JSON_ENCODE_ANY) : NULL;
    if (text) ht_text_add(lines, "[%.6f, \"%s\", %s]\n", time, code, text);
    lines->failed = lines->failed || !text;
    free(text);
    json_decref(data);
}

/* How many bytes at the end are the beginning of a character. */
static size_t cut_character(const char *bytes, size_t size)
{
    for (size_t back = 1; back < CHARACTER && back <= size; back++) {
        unsigned char c = (unsigned char)bytes[size - back];
        if ((c & 0xc0) == 0x80) continue;
        size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

/* JSON is UTF-8: bytes that are none become U+FFFD. */
static void add_clean(ht_text *to, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size;) {
        char one[CHARACTER + 1] = "";
        unsigned c;
        size_t left = size - i;
        memcpy(one, bytes + i, left < CHARACTER ? left : CHARACTER);
        size_t n = ht_utf8_decode(one, &c);
        if (n == 1 && c == 0xfffd)
            ht_text_add(to, "\xef\xbf\xbd");
        else
            ht_text_add_bytes(to, bytes + i, n > 0 ? n : 1); /* a zero byte, too */
        i += n > 0 ? n : 1;
    }
}

/* Characters stay whole: one that is cut goes with the next output. */
static void add_output(ht_cast *cast, ht_text *lines, double time, const char *bytes, size_t size)
{
    ht_text all = {0}, clean = {0};
    ht_text_add_bytes(&all, cast->rest, cast->rest_size);
    ht_text_add_bytes(&all, bytes, size);
    size_t cut = all.failed ? 0 : cut_character(all.data, all.length);
    if (!all.failed) add_clean(&clean, all.data, all.length - cut);
    if (!all.failed && cut > 0) memcpy(cast->rest, all.data + all.length - cut, cut);
    cast->rest_size = cut;
    if (clean.length > 0) add_event(lines, time, "o", clean.data, clean.length);
    lines->failed = lines->failed || all.failed || clean.failed;
    ht_text_free(&all);
    ht_text_free(&clean);
}

static void add_record(ht_cast *cast, ht_text *lines, const record *r, const char *bytes)
{
    char size[32];
    if (r->columns == 0) {
        add_output(cast, lines, r->time, bytes, r->size);
    } else if (!cast->begun) {
        cast->begun = true;
        add_header(cast, lines, r);
    } else {
        int length = snprintf(size, sizeof size, "%dx%d", r->columns, r->rows);
        add_event(lines, r->time, "r", size, (size_t)length);
    }
}

/* ---- the writing side -------------------------------------------------------------------------- */

/* Of lines that do not fit those stay that do. */
static void write_lines(ht_cast *cast, const ht_text *lines)
{
    off_t before = lseek(cast->fd, 0, SEEK_CUR);
    size_t done = 0;
    while (done < lines->length) {
        ssize_t n = write(cast->fd, lines->data + done, lines->length - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            fail(cast, strerror(errno), "make room and record again");
            const char *end = memrchr(lines->data, '\n', done);
            off_t whole = before + (end ? end + 1 - lines->data : 0);
            bool cut = before >= 0 && ftruncate(cast->fd, whole) == 0;
            (void)cut; /* a device cannot be */
            return;
        }
        done += (size_t)n;
    }
}

static void write_queue(ht_cast *cast)
{
    ht_text lines = {0}, taken;
    pthread_mutex_lock(&cast->lock);
    taken = cast->queue;
    cast->queue = (ht_text){0};
    pthread_mutex_unlock(&cast->lock);
    for (size_t at = 0; !taken.failed && at < taken.length;) {
        record r;
        memcpy(&r, taken.data + at, sizeof r);
        add_record(cast, &lines, &r, taken.data + at + sizeof r);
        at += sizeof r + r.size;
    }
    if (lines.failed || taken.failed)
        fail(cast, "not enough memory", "record again");
    else if (!atomic_load(&cast->failed))
        write_lines(cast, &lines);
    ht_text_free(&lines);
    ht_text_free(&taken);
}

static void *write_on(void *context)
{
    ht_cast *cast = context;
    while (!ht_wait_for(&cast->wanted, breath)) write_queue(cast);
    write_queue(cast);
    return NULL;
}

/* ---- begin and end ----------------------------------------------------------------------------- */

ht_code ht_cast_start(ht_cast **made, const char *path, const char *title, ht_error *err)
{
    ht_cast *cast = ht_alloc(1, sizeof *cast, "the recording", err);
    if (!cast) return HT_FAIL;
    ht_text_copy(cast->path, sizeof cast->path, path);
    ht_text_copy(cast->title, sizeof cast->title, title);
    cast->start = ht_now();
    cast->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (cast->fd < 0) {
        int why = errno;
        ht_free(cast);
        return ht_error_set(err, HT_FAIL, "%.500s: nothing is recorded: %s", path,
                            why == EEXIST ? "the file is there already; remove it or give another name"
                                          : strerror(why));
    }
    pthread_mutex_init(&cast->lock, NULL);
    sem_init(&cast->wanted, 0, 0);
    if (ht_thread_start(&cast->thread, write_on, cast, "the thread that writes the recording", err) !=
        HT_OK) {
        close(cast->fd);
        unlink(path); /* ours, and empty: the next recording may have the name */
        pthread_mutex_destroy(&cast->lock);
        sem_destroy(&cast->wanted);
        ht_free(cast);
        return HT_FAIL;
    }
    *made = cast;
    return HT_OK;
}

ht_code ht_cast_stop(ht_cast *cast, ht_error *err)
{
    if (!cast) return HT_OK;
    sem_post(&cast->wanted);
    if (!ht_thread_join_within(cast->thread, last_breath)) /* it keeps what it uses */
        return ht_error_set(err, HT_FAIL,
                            "%.500s: the end of the recording is not on the disk, which is slow", cast->path);
    struct stat info;
    bool empty = fstat(cast->fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 0;
    if (close(cast->fd) != 0) fail(cast, strerror(errno), "make room and record again");
    if (empty)
        unlink(cast->path); /* nothing was shown, or none fitted; the next recording may have the name */
    ht_code code = HT_OK;
    if (atomic_load(&cast->failed))
        code = ht_error_set(err, HT_FAIL, "%s%s", cast->fault,
                            empty ? "; nothing was, and the empty file is removed" : "");
    pthread_mutex_destroy(&cast->lock);
    sem_destroy(&cast->wanted);
    ht_text_free(&cast->queue);
    ht_free(cast);
    return code;
}
