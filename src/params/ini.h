/* ini.h - INI text of ours (presets, lessons), parsed by inih with every line checked: what inih would cut or
 * drop in silence is an error with its line. A value goes on in the next line where its line ends with a
 * comma and the next begins with a blank. */
#ifndef HT_PARAMS_INI_H
#define HT_PARAMS_INI_H

#include <stddef.h>

#include "heavytail/status.h"

enum { HT_INI_LINE = 198 /* bytes: Debian's inih cuts longer lines without an error */ };

typedef struct ht_ini_reader {
    const char *what; /* for messages: "preset" */
    /* All that was read so far is forgotten: a text with a bad line is read twice. */
    void (*begin)(void *user);
    ht_code (*value)(void *user, const char *section, const char *key, const char *value, ht_error *err);
    void *user;
} ht_ini_reader;

/* HT_USAGE on the first bad line, as "name:line: …". */
ht_code ht_ini_parse(const ht_ini_reader *reader, const char *name, const char *text, size_t size,
                     ht_error *err);

#endif
