/* attend_body.c - one head of causal attention, forward and back (places.h); compiled once per instruction
 * set, like kernel_body.c. Rows are taken eight at a time, and of the places only those that the last of them
 * sees. */
#include "kernel/place_parts.h"
#include "kernel/places.h"

enum { ROWS = 8 };

INLINE float sum_of(floats x)
{
    quad part[FLOATS / 4];
    memcpy(part, &x, sizeof part);
    for (int i = 1; i < FLOATS / 4; i++) part[0] += part[i];
    return (part[0][0] + part[0][1]) + (part[0][2] + part[0][3]);
}

INLINE float most_of(floats x)
{
    float most = x[0];
    for (int i = 1; i < FLOATS; i++) most = x[i] > most ? x[i] : most;
    return most;
}

/* Panels of xᵀ, (channels × places). */
static void turn_panels(const ht_head *head, const float *x, ptrdiff_t stride, float *to)
{
    for (int p = 0; p < panels_of(head->places); p++) {
        int width = panel_width(head->places, p);
        for (int j = 0; j < width; j += 4) {
            const float *row[4];
            for (int i = 0; i < 4; i++) {
                int at = p * WIDTH + j + i;
                row[i] = at < head->places ? x + at * stride : NULL;
            }
            turn(row, head->channels, to + (ptrdiff_t)p * WIDTH * head->channels + j, width);
        }
    }
}

/* Rows of a (places × channels) times all panels that hold places before `upto`, into rows of P's shape. */
static void score(const ht_head *head, const float *a, ptrdiff_t stride, const float *turned, int rows,
                  int upto, float *to)
{
    for (int p = 0; p * WIDTH < upto; p++) {
        const place_product of = {.a = a,
                                  .row = stride,
                                  .b = turned + (ptrdiff_t)p * WIDTH * head->channels,
                                  .panel = panel_width(head->places, p),
                                  .terms = head->channels};
        place_multiply(&of, rows, panel_width(head->places, p), to + p * WIDTH, head->row);
    }
}

/* Rows of something of P's shape, from its place first on, times b (places × channels): all channels.
 * `across`: its columns. */
static void combine(const ht_head *head, place_product of, int rows, float *to, ptrdiff_t step)
{
    const float *b = of.b;
    for (int c = 0; c < head->channels; c += WIDTH) {
        of.b = b + c;
        place_multiply(&of, rows, least(WIDTH, head->channels - c), to + c, step);
    }
}

/* ---- forward ---- */

/* A row's first `count` become their softmax, those up to the end of the last vector before `upto` 0. */
INLINE void soften(float *row, int count, int upto, float scale)
{
    floats most = spread(row[0]), sum = {0}, by = spread(scale);
    for (int j = 0; j < count; j += FLOATS) {
        floats x = choose(first_lanes(count - j), load(row + j), spread(row[0]));
        most = choose(x > most, x, most);
    }
    most = spread(most_of(most));
    for (int j = 0; j < upto; j += FLOATS) {
        floats e = choose(first_lanes(count - j), exponential_of((load(row + j) - most) * by), (floats){0});
        put(row + j, e);
        sum += e;
    }
    by = spread(1.0f / sum_of(sum));
    for (int j = 0; j < upto; j += FLOATS) put(row + j, load(row + j) * by);
}

extern void PASTE(ht_attend_, HT_ISA)(const ht_head *head, const float *q, const float *k, const float *v,
                                      float *p, float *y, float *room);
void PASTE(ht_attend_, HT_ISA)(const ht_head *head, const float *q, const float *k, const float *v, float *p,
                               float *y, float *room)
{
    turn_panels(head, k, head->stride, room);
    for (int r = 0; r < head->places; r += ROWS) {
        int rows = least(ROWS, head->places - r), upto = r + rows;
        float *own = p + (ptrdiff_t)r * head->row;
        score(head, q + (ptrdiff_t)r * head->stride, head->stride, room, rows, upto, own);
        for (int i = 0; i < rows; i++) soften(own + (ptrdiff_t)i * head->row, r + i + 1, upto, head->scale);
        combine(head,
                (place_product){.a = own, .row = head->row, .b = v, .panel = head->stride, .terms = upto},
                rows, y + (ptrdiff_t)r * head->y_stride, head->y_stride);
    }
}

/* ---- back ---- */

/* A row of dP becomes dS. */
INLINE void harden(float *ds, const float *p, int upto, float scale)
{
    floats sum = {0};
    for (int j = 0; j < upto; j += FLOATS) {
        floats here = (floats)(first_lanes(upto - j) & (integers)load(ds + j));
        put(ds + j, here);
        sum += here * load(p + j);
    }
    floats all = spread(sum_of(sum)), by = spread(scale);
    for (int j = 0; j < upto; j += FLOATS) put(ds + j, load(p + j) * (load(ds + j) - all) * by);
}

/* Of places r .. r + rows - 1 what those from r on say of them: columns of dS or P. */
static void return_to(const ht_head *head, const float *from, int r, const float *b, ptrdiff_t stride,
                      float *to)
{
    place_product of = {.a = from + (ptrdiff_t)r * head->row + r,
                        .row = 1,
                        .term = head->row,
                        .across = true,
                        .b = b + r * stride,
                        .panel = stride,
                        .terms = head->places - r};
    combine(head, of, least(ROWS, head->places - r), to + (ptrdiff_t)r * head->stride, head->stride);
}

extern void PASTE(ht_attend_back_, HT_ISA)(const ht_head *head, const float *const qkv[3], const float *p,
                                           const float *dy, float *const deltas[3], float *room);
void PASTE(ht_attend_back_, HT_ISA)(const ht_head *head, const float *const qkv[3], const float *p,
                                    const float *dy, float *const deltas[3], float *room)
{
    float *ds = room + ht_place_panels(head->places) * (size_t)head->channels;
    turn_panels(head, qkv[2], head->stride, room);
    for (int r = 0; r < head->places; r += ROWS) {
        int rows = least(ROWS, head->places - r), upto = r + rows;
        float *own = ds + (ptrdiff_t)r * head->row;
        score(head, dy + (ptrdiff_t)r * head->y_stride, head->y_stride, room, rows, upto, own);
        for (int i = 0; i < rows; i++)
            harden(own + (ptrdiff_t)i * head->row, p + (ptrdiff_t)(r + i) * head->row, upto, head->scale);
        combine(
            head,
            (place_product){.a = own, .row = head->row, .b = qkv[1], .panel = head->stride, .terms = upto},
            rows, deltas[0] + (ptrdiff_t)r * head->stride, head->stride);
    }
    for (int r = 0; r < head->places; r += ROWS) {
        return_to(head, ds, r, qkv[0], head->stride, deltas[1]);
        return_to(head, p, r, dy, head->y_stride, deltas[2]);
    }
}
