/* events.h - a file of events as TensorBoard reads them: numbers, histograms and pictures, each with a tag, a
 * step and a wall time. Records are those of TensorFlow's TFRecord (length, its masked CRC-32C, bytes,
 * theirs), the bytes protocol buffers (events.proto). One thread; nothing is on the disk before
 * ht_events_write. */
#ifndef HT_EXPORT_EVENTS_H
#define HT_EXPORT_EVENTS_H

#include <stdint.h>

#include "base/text.h"

typedef struct ht_events {
    ht_text records; /* failed: memory is short, and the rest is not there */
} ht_events;

/* When, in steps and in seconds since 1970. */
typedef struct ht_event_time {
    uint64_t step;
    double wall;
} ht_event_time;

/* The first record, which tells the format. */
void ht_events_begin(ht_events *events, double wall);

/* A value that is no number leaves no event: TensorBoard would draw NaN as a mark of its own. */
void ht_events_number(ht_events *events, ht_event_time at, const char *tag, double value);

/* The weights of a tensor in buckets that grow by a tenth from 1e-12 on, either side of 0, as TensorBoard's
 * own writers have them. What is not finite is left out; their number is returned. */
size_t ht_events_histogram(ht_events *events, ht_event_time at, const char *tag, const float *values,
                           size_t count);

/* `png`: the file's bytes. */
void ht_events_picture(ht_events *events, ht_event_time at, const char *tag, const void *png, size_t size,
                       int width, int height);

/* Replaces DIR/events.out.tfevents.SECONDS.heavytail, DIR made if needed: one that was exported before, of a
 * run that began in the same second, is not beside it. */
ht_code ht_events_write(ht_events *events, const char *dir, double began, char *path, size_t size,
                        ht_error *err);
void ht_events_free(ht_events *events);

/* The CRC-32C (Castagnoli) of some bytes; for its test. */
uint32_t ht_crc32c(const void *bytes, size_t size);

#endif
