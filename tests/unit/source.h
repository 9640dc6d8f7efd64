/* source.h - where the source tree is, for tests that read it. */
#ifndef TESTS_UNIT_SOURCE_H
#define TESTS_UNIT_SOURCE_H

/* $HT_SOURCE, or the tree that holds this test program or the working directory; NULL when there is none.
 * Static storage. */
const char *source_top(void);

#endif
