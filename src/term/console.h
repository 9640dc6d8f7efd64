/* console.h - the Linux console: its font has 256 or 512 characters, and the kernel tells which. */
#ifndef HT_TERM_CONSOLE_H
#define HT_TERM_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

/* Does the font of the console at this descriptor have what block symbols and labels need: quadrants and
 * Greek? False, too, when it cannot be asked: TERM=linux over a serial line, or none of the kernel's
 * consoles. */
bool ht_console_has_symbols(int fd);

/* The same of a list of characters. */
bool ht_console_suffices(const unsigned short *characters, size_t count);

#endif
