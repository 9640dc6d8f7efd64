/* held.h - how a thread that the chaos library delays tells so: it sleeps, and has this name meanwhile. */
#ifndef HT_TESTS_CHAOS_HELD_H
#define HT_TESTS_CHAOS_HELD_H

#define HT_HELD_UP "held up" /* at most 15 bytes, no ')' */

#endif
