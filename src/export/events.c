#include "export/events.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include <events.pb-c.h>

/* ---- records ---- */

uint32_t ht_crc32c(const void *bytes, size_t size)
{
    const uint32_t polynomial = UINT32_C(0x82f63b78); /* its lowest power first */
    const unsigned char *p = bytes;
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        sum ^= p[i];
        for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ (sum & 1 ? polynomial : 0);
    }
    return ~sum;
}

static void add_little(ht_text *to, uint64_t value, int bytes)
{
    char text[8] = {0};
    for (int i = 0; i < bytes; i++) text[i] = (char)(value >> (8 * i) & 0xff);
    ht_text_add_bytes(to, text, (size_t)bytes);
}

/* A sum that is stored beside what it is of is turned and moved, so that the sum of both is not a constant.
 */
static uint32_t masked(const void *bytes, size_t size)
{
    uint32_t sum = ht_crc32c(bytes, size);
    return ((sum >> 15) | (sum << 17)) + UINT32_C(0xa282ead8);
}

static void add_record(ht_text *to, const void *bytes, size_t size)
{
    size_t start = to->length;
    add_little(to, size, 8);
    if (to->failed) return;
    add_little(to, masked(to->data + start, 8), 4);
    ht_text_add_bytes(to, bytes, size);
    add_little(to, masked(bytes, size), 4);
}

static void add_event(ht_events *events, const Pb__Event *event)
{
    ht_error err;
    size_t size = pb__event__get_packed_size(event);
    uint8_t *bytes = ht_alloc(size + 1, 1, "an event", &err);
    if (!bytes) {
        events->records.failed = true;
        return;
    }
    pb__event__pack(event, bytes);
    add_record(&events->records, bytes, size);
    ht_free(bytes);
}

/* An event of one value. */
static void add_value(ht_events *events, ht_event_time at, const char *tag, Pb__Value *value)
{
    char name[200];
    Pb__Summary summary = PB__SUMMARY__INIT;
    Pb__Event event = PB__EVENT__INIT;
    snprintf(name, sizeof name, "%s", tag);
    value->tag = name;
    summary.n_value = 1;
    summary.value = &value;
    event.wall_time = at.wall;
    event.step = (int64_t)at.step;
    event.what_case = PB__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    add_event(events, &event);
}

void ht_events_begin(ht_events *events, double wall)
{
    char version[] = "brain.Event:2";
    Pb__Event event = PB__EVENT__INIT;
    event.wall_time = wall;
    event.what_case = PB__EVENT__WHAT_FILE_VERSION;
    event.file_version = version;
    add_event(events, &event);
}

void ht_events_number(ht_events *events, ht_event_time at, const char *tag, double number)
{
    Pb__Value value = PB__VALUE__INIT;
    if (isnan(number)) return;
    value.what_case = PB__VALUE__WHAT_NUMBER;
    value.number = (float)number;
    add_value(events, at, tag, &value);
}

/* ---- histograms ---- */

enum { SIDE = 775, BUCKETS = 2 * SIDE + 1 }; /* 1e-12 · 1.1^774 is above 1e20, the last limit infinite */

/* Upper limits, rising; the one in the middle is 0's. */
static void fill_limits(double limit[BUCKETS])
{
    double size = 1e-12;
    limit[SIDE] = 0;
    for (int i = 1; i <= SIDE; i++, size *= 1.1) limit[SIDE + i] = size, limit[SIDE - i] = -size;
    limit[BUCKETS - 1] = HUGE_VAL;
}

/* The first bucket whose limit is not below the value. */
static int bucket_of(const double limit[BUCKETS], double value)
{
    int low = 0, high = BUCKETS - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (limit[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Sums into `h` (zeroed but for limits and counts), which has room for all buckets. */
static size_t count_values(Pb__Histogram *h, const float *values, size_t count)
{
    size_t left_out = 0;
    h->min = HUGE_VAL, h->max = -HUGE_VAL;
    for (size_t i = 0; i < count; i++) {
        double v = (double)values[i];
        if (!isfinite(v)) {
            left_out++;
            continue;
        }
        h->min = fmin(h->min, v), h->max = fmax(h->max, v);
        h->num++, h->sum += v, h->sum_squares += v * v;
        h->count[bucket_of(h->limit, v)]++;
    }
    return left_out;
}

/* Leaves out what is empty at both ends, but for one bucket that says where the first begins. */
static void trim(Pb__Histogram *h)
{
    size_t first = 0, last = BUCKETS - 1;
    while (first < last && h->count[first] == 0) first++;
    while (last > first && h->count[last] == 0) last--;
    if (first > 0) first--;
    h->limit += first, h->count += first;
    h->n_limit = h->n_count = last - first + 1;
    if (isinf(h->limit[last - first])) h->limit[last - first] = h->max;
}

size_t ht_events_histogram(ht_events *events, ht_event_time at, const char *tag, const float *values,
                           size_t count)
{
    double limit[BUCKETS], counts[BUCKETS] = {0};
    Pb__Histogram h = PB__HISTOGRAM__INIT;
    Pb__Value value = PB__VALUE__INIT;
    fill_limits(limit);
    h.limit = limit, h.count = counts;
    size_t left_out = count_values(&h, values, count);
    if (left_out == count) return left_out;
    trim(&h);
    value.what_case = PB__VALUE__WHAT_HISTOGRAM;
    value.histogram = &h;
    add_value(events, at, tag, &value);
    return left_out;
}

/* ---- pictures ---- */

void ht_events_picture(ht_events *events, ht_event_time at, const char *tag, const void *png, size_t size,
                       int width, int height)
{
    Pb__Image image = PB__IMAGE__INIT;
    Pb__Value value = PB__VALUE__INIT;
    image.height = height, image.width = width, image.colorspace = 3;
    memcpy(&image.png.data, &png, sizeof png); /* which is only read */
    image.png.len = size;
    value.what_case = PB__VALUE__WHAT_IMAGE;
    value.image = &image;
    add_value(events, at, tag, &value);
}

/* ---- the file ---- */

ht_code ht_events_write(ht_events *events, const char *dir, double began, char *path, size_t size,
                        ht_error *err)
{
    char name[80];
    if (events->records.failed) return ht_error_set(err, HT_FAIL, "not enough memory for the events");
    snprintf(name, sizeof name, "events.out.tfevents.%010.0f.heavytail", began);
    if (ht_file_make_dir(dir, err) != HT_OK || ht_file_join(path, size, dir, name, err) != HT_OK)
        return HT_FAIL;
    return ht_file_write(path, events->records.data, events->records.length, err);
}

void ht_events_free(ht_events *events)
{
    ht_text_free(&events->records);
}
