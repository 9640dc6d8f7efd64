/* status.h - errors are values: a code and one sentence a person can act on.
 *
 * Every function that can fail takes an `ht_error *` (never NULL) and returns an ht_code. The sentence names
 * the file or key, the place, what was wrong and what to do. Nothing below main() prints or exits.
 * Thread: an ht_error belongs to its caller; no function here keeps state. */
#ifndef HEAVYTAIL_STATUS_H
#define HEAVYTAIL_STATUS_H

/* Between these two stands what the shared library shows to others (nothing else is), C functions for C++,
 * too. */
#ifdef __cplusplus
#define HT_PUBLIC_BEGIN                                                                                      \
    _Pragma("GCC visibility push(default)") extern "C"                                                       \
    {
#define HT_PUBLIC_END                                                                                        \
    }                                                                                                        \
    _Pragma("GCC visibility pop")
#else
#define HT_PUBLIC_BEGIN _Pragma("GCC visibility push(default)")
#define HT_PUBLIC_END _Pragma("GCC visibility pop")
#endif

HT_PUBLIC_BEGIN

typedef enum ht_code {
    HT_OK = 0,       /* done */
    HT_FAIL = 1,     /* data, file or system: exit 1 */
    HT_USAGE = 2,    /* command line, preset or parameter not valid: exit 2 */
    HT_DIVERGED = 3, /* training left the finite numbers: exit 3 */
} ht_code;

typedef struct ht_error {
    ht_code code;
    char text[768]; /* UTF-8, one line, no control characters, always terminated */
} ht_error;

/* Fills *err (bytes that a terminal would obey are shown as '?') and returns `code`. */
ht_code ht_error_set(ht_error *err, ht_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the sentence already in *err; returns err->code. */
ht_code ht_error_prefix(ht_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "0.1.0": of the library, which a program that loads it may compare with its own. Static storage. */
const char *ht_version(void);

HT_PUBLIC_END

#endif
