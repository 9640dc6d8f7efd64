/* Is this a build with a sanitizer? Times mean nothing then, and statistics may be smaller: what is looked
 * for is in the code, not in the numbers, which `make check-all` judges. */
#ifndef HT_TESTS_SANITIZED_H
#define HT_TESTS_SANITIZED_H

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||     \
    __has_feature(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* For the plain loops that results are compared with: they are no part of the program, and half of the time
 * of some tests. */
#define REFERENCE __attribute__((no_sanitize("address", "thread", "undefined")))

#endif
