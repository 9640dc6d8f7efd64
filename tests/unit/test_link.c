/* Guards what threads hand each other: no item lost, doubled or torn; ownership that alternates; a close that
 * wakes whoever waits. Run under ThreadSanitizer too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "link/mailbox.h"
#include "link/ring.h"
#include "link/triple.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- ring */

typedef struct item {
    uint64_t number, body[5], sum;
} item;

static item make_item(uint64_t number)
{
    item it = {.number = number, .sum = number};
    for (int i = 0; i < 5; i++) it.sum += it.body[i] = number * 0x9e3779b97f4a7c15u + (uint64_t)i;
    return it;
}

static ht_ring *new_ring(size_t capacity)
{
    ht_error err;
    ht_ring *ring = ht_ring_new(capacity, sizeof(item), &err);
    if (!ring) fail_msg("%s", err.text);
    return ring;
}

static void expect_item(ht_ring *ring, uint64_t number)
{
    item it, expected = make_item(number);
    assert_true(ht_ring_pop(ring, &it));
    assert_memory_equal(&it, &expected, sizeof it);
}

static void a_ring_keeps_order_and_knows_when_it_is_full(void **state)
{
    (void)state;
    for (size_t capacity = 1; capacity <= 17; capacity++) {
        ht_ring *ring = new_ring(capacity);
        uint64_t pushed = 0, popped = 0;
        item it;
        assert_false(ht_ring_pop(ring, &it));
        for (int round = 0; round < 50; round++) { /* around the end many times, at every offset */
            size_t room = 0;
            while (it = make_item(pushed), ht_ring_push(ring, &it)) pushed++, room++;
            if (round == 0) assert_true(room >= capacity && room <= 2 * capacity + 1);
            assert_false(ht_ring_push(ring, &it));
            for (int i = round % 2; i >= 0; i--) expect_item(ring, popped++);
            it = make_item(pushed);
            assert_true(ht_ring_push(ring, &it));
            pushed++;
            if (round % 5 == 0)
                while (popped < pushed) expect_item(ring, popped++);
        }
        while (popped < pushed) expect_item(ring, popped++);
        assert_false(ht_ring_pop(ring, &it));
        ht_ring_free(ring);
    }
    ht_ring_free(NULL);
}

enum { RING_ITEMS = 200000 };

static void *produce(void *argument)
{
    ht_ring *ring = argument;
    for (uint64_t i = 0; i < RING_ITEMS;) {
        item it = make_item(i);
        if (ht_ring_push(ring, &it))
            i++;
        else
            sched_yield();
    }
    return NULL;
}

static void two_threads_share_a_ring(void **state)
{
    (void)state;
    static const size_t capacities[] = {2, 8, 1024};
    for (int c = 0; c < 3; c++) {
        ht_ring *ring = new_ring(capacities[c]);
        pthread_t producer;
        uint64_t wrong = 0;
        assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
        for (uint64_t i = 0; i < RING_ITEMS;) {
            item it, expected = make_item(i);
            if (!ht_ring_pop(ring, &it)) {
                sched_yield();
                continue;
            }
            wrong += memcmp(&it, &expected, sizeof it) != 0;
            i++;
        }
        pthread_join(producer, NULL);
        assert_int_equal(wrong, 0);
        ht_ring_free(ring);
    }
}

/* ---- triple buffer */

enum { WORDS = 200, VALUES = 100000 };

static ht_triple *new_triple(void)
{
    ht_error err;
    ht_triple *triple = ht_triple_new(WORDS * sizeof(uint64_t), &err);
    if (!triple) fail_msg("%s", err.text);
    return triple;
}

static void publish(ht_triple *triple, uint64_t value)
{
    uint64_t *back = ht_triple_back(triple);
    for (int i = 0; i < WORDS; i++) back[i] = value;
    ht_triple_publish(triple);
}

static void the_reader_gets_the_latest_value(void **state)
{
    (void)state;
    ht_triple *triple = new_triple();
    bool fresh;
    const uint64_t *value = ht_triple_take(triple, &fresh);
    assert_false(fresh);
    assert_int_equal(value[0] | value[WORDS - 1], 0);
    publish(triple, 1);
    publish(triple, 2);
    publish(triple, 3);
    value = ht_triple_take(triple, &fresh);
    assert_true(fresh);
    assert_int_equal(value[0], 3);
    publish(triple, 4);
    assert_int_equal(value[WORDS - 1], 3); /* what the reader holds does not change under it */
    publish(triple, 5);
    publish(triple, 6);
    assert_int_equal(value[7], 3);
    value = ht_triple_take(triple, &fresh);
    assert_true(fresh && value[0] == 6);
    value = ht_triple_take(triple, &fresh);
    assert_true(!fresh && value[0] == 6);
    assert_ptr_not_equal(ht_triple_back(triple), value);
    ht_triple_free(triple);
}

static void *publish_many(void *argument)
{
    for (uint64_t v = 1; v <= VALUES; v++) publish(argument, v);
    return NULL;
}

static void no_value_is_torn(void **state)
{
    (void)state;
    ht_triple *triple = new_triple();
    pthread_t writer;
    uint64_t before = 0, wrong = 0;
    assert_int_equal(pthread_create(&writer, NULL, publish_many, triple), 0);
    while (before < VALUES) {
        bool fresh;
        const uint64_t *value = ht_triple_take(triple, &fresh);
        uint64_t first = value[0];
        for (int i = 1; i < WORDS; i++) wrong += value[i] != first;
        wrong += fresh ? first <= before : first != before; /* newer every time, never older */
        before = first;
    }
    pthread_join(writer, NULL);
    assert_int_equal(wrong, 0);
    ht_triple_free(triple);
}

/* ---- mailbox */

static ht_mailbox *new_box(void)
{
    ht_error err;
    ht_network *shape = ht_network_new(3, 5, 2, 2, HT_TANH, true, &err);
    assert_non_null(shape);
    ht_mailbox *box = ht_mailbox_new(shape, 1, &err);
    if (!box) fail_msg("%s", err.text);
    ht_network_free(shape);
    return box;
}

static void fill(ht_network *net, float value)
{
    for (int l = 0; l <= net->depth; l++)
        for (size_t i = 0; i < ht_layer_size(&net->layers[l]); i++) net->layers[l].weight[i] = value;
}

typedef struct office {
    ht_mailbox *box;
    atomic_bool closed;
    uint64_t snapshots, wrong;
} office;

static void *analyst(void *argument)
{
    office *o = argument;
    ht_weight_snapshot *snapshot;
    uint64_t before = 0;
    while ((snapshot = ht_mailbox_wait(o->box))) {
        const ht_network *net = snapshot->capture->net;
        uint64_t step = snapshot->step;
        for (int l = 0; l <= net->depth; l++)
            for (size_t i = 0; i < ht_layer_size(&net->layers[l]); i++)
                o->wrong += net->layers[l].weight[i] != (float)(step % 1000);
        o->wrong += step <= before || snapshot->generation != step % 7 || snapshot->step != step;
        before = step;
        o->snapshots++;
    }
    atomic_store(&o->closed, true);
    return NULL;
}

static void the_weight_snapshot_belongs_to_one_side_at_a_time(void **state)
{
    (void)state;
    enum { SNAPSHOTS = 20000 };
    office o = {.box = new_box()};
    pthread_t thread;
    uint64_t delivered = 0;
    assert_null(ht_mailbox_wanted(o.box)); /* nobody has asked */
    assert_int_equal(pthread_create(&thread, NULL, analyst, &o), 0);
    for (uint64_t step = 1; delivered < SNAPSHOTS; step++) {
        ht_weight_snapshot *snapshot = ht_mailbox_wanted(o.box);
        if (!snapshot) {
            sched_yield();
            continue;
        }
        snapshot->step = step;
        snapshot->generation = (uint32_t)(step % 7);
        fill(snapshot->capture->net, (float)(step % 1000));
        ht_mailbox_deliver(o.box);
        delivered++;
    }
    while (!ht_mailbox_wanted(o.box)) sched_yield(); /* the last one is read, the next asked for */
    ht_mailbox_close(o.box);
    pthread_join(thread, NULL);
    assert_true(o.closed);
    assert_int_equal(o.snapshots, SNAPSHOTS);
    assert_int_equal(o.wrong, 0);
    ht_mailbox_free(o.box);
}

static void closing_wakes_whoever_waits(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) { /* before, while and after the other side begins to wait */
        office o = {.box = new_box()};
        pthread_t thread;
        if (i % 3 == 0) ht_mailbox_close(o.box);
        assert_int_equal(pthread_create(&thread, NULL, analyst, &o), 0);
        if (i % 3 == 1)
            while (!ht_mailbox_wanted(o.box)) sched_yield();
        if (i % 3 != 0) ht_mailbox_close(o.box);
        pthread_join(thread, NULL);
        assert_int_equal(o.snapshots, 0);
        assert_false(ht_mailbox_sleep(o.box, 100));
        ht_mailbox_free(o.box);
    }
}

static void *sleeper(void *argument)
{
    office *o = argument;
    while (ht_mailbox_sleep(o->box, 100)) o->snapshots++; /* a full sleep would be one too long */
    atomic_store(&o->closed, true);
    return NULL;
}

static void a_poke_ends_a_sleep(void **state)
{
    (void)state;
    office o = {.box = new_box()};
    pthread_t thread;
    double start = now();
    assert_true(ht_mailbox_sleep(o.box, 0.002)); /* undisturbed */
    assert_true(now() - start >= 0.0015);
    ht_mailbox_poke(o.box); /* a poke before the sleep counts too */
    assert_false(ht_mailbox_sleep(o.box, 100));
    assert_int_equal(pthread_create(&thread, NULL, sleeper, &o), 0);
    usleep(2000);
    ht_mailbox_poke(o.box);
    pthread_join(thread, NULL);
    assert_true(o.closed && o.snapshots == 0);
    assert_true(now() - start < 50);
    ht_mailbox_free(o.box);
    ht_mailbox_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_keeps_order_and_knows_when_it_is_full),
        cmocka_unit_test(two_threads_share_a_ring),
        cmocka_unit_test(the_reader_gets_the_latest_value),
        cmocka_unit_test(no_value_is_torn),
        cmocka_unit_test(the_weight_snapshot_belongs_to_one_side_at_a_time),
        cmocka_unit_test(closing_wakes_whoever_waits),
        cmocka_unit_test(a_poke_ends_a_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
