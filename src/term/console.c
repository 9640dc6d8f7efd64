#include "term/console.h"

#include <linux/kd.h>
#include <sys/ioctl.h>

#include "base/alloc.h"

bool ht_console_suffices(const unsigned short *characters, size_t count)
{
    static const unsigned short needed[] = {0x2596, 0x2597, 0x2598, 0x259d, 0x259e, 0x2580,
                                            0x2584, 0x2588, 0x258c, 0x2500, 0x2502, 0x250c,
                                            0x2518, 0x03b1, 0x03b7, 0x03ba, 0x03bb, 0x03c3};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        bool found = false;
        for (size_t j = 0; j < count && !found; j++) found = characters[j] == needed[i];
        if (!found) return false;
    }
    return true;
}

bool ht_console_has_symbols(int fd)
{
    enum { MOST = 65535 };
    ht_error ignored;
    struct unipair *pairs = ht_alloc(MOST, sizeof *pairs, "the console's font", &ignored);
    unsigned short *characters = ht_alloc(MOST, sizeof *characters, "the console's font", &ignored);
    struct unimapdesc map = {.entry_ct = MOST, .entries = pairs};
    bool suffices = pairs && characters && ioctl(fd, GIO_UNIMAP, &map) == 0;
    for (int i = 0; suffices && i < map.entry_ct; i++) characters[i] = pairs[i].unicode;
    suffices = suffices && ht_console_suffices(characters, map.entry_ct);
    ht_free(pairs);
    ht_free(characters);
    return suffices;
}
