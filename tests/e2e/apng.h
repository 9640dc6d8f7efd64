/* apng.h - PNG files of one size and kind joined to one that moves
 * (https://wiki.mozilla.org/APNG_Specification): what shows no movement shows the first. */
#ifndef HT_TESTS_E2E_APNG_H
#define HT_TESTS_E2E_APNG_H

#include <stdbool.h>
#include <stdint.h>

/* False when a file cannot be read or written, or is of another size. `hundredths`: seconds/100 of each. */
bool apng_join(const char *path, const char *const frames[], int count, uint16_t hundredths);

#endif
