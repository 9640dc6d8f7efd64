/* options.h - THE dictionary of options: what each one means and what may follow it. The usage of a command
 * (commands.def) says which of them it takes; help, the man page and the completions of the shells join the
 * two. */
#ifndef HT_CLI_OPTIONS_H
#define HT_CLI_OPTIONS_H

#include "base/text.h"
#include "heavytail/params.h"

/* What a shell may offer where a value is expected. */
typedef enum ht_fill {
    HT_FILL_NOTHING, /* a number, free text */
    HT_FILL_FILE,
    HT_FILL_DIRECTORY,
    HT_FILL_PRESET,  /* a name, or a file */
    HT_FILL_DATA,    /* the name of a data set */
    HT_FILL_SETTING, /* key=value of a parameter */
    HT_FILL_TOPIC,   /* of help */
    HT_FILL_PANEL,
    HT_FILL_WORDS, /* a fixed list */
} ht_fill;

typedef struct ht_option_info {
    const char *name;      /* "--theme" */
    const char *value;     /* the word for its value in usages, "T"; NULL for a flag */
    ht_fill fill;          /* of the value */
    const char *parameter; /* the value is one of this key's, "ui.theme"; NULL: WORDS in the usage */
    const char *help;
} ht_option_info;

const ht_option_info *ht_options(size_t *count); /* those every command takes come first */
enum {
#define HT_COMMON_OPTION(id, ...) HT_OPTION_##id,
#include "session/common_options.def"
    HT_OPTIONS_COMMON,
    HT_OPTIONS_MAX = 96
};

/* A word of a usage: an option with its value, or an argument. */
typedef struct ht_usage_word {
    char text[64];              /* "--metric"; "list"; "FILE" */
    char value[64];             /* of an option as the usage writes it: "fro_squared|fro"; else empty */
    const ht_option_info *info; /* NULL for an argument, or an option that is missing in the dictionary */
    ht_fill fill;
} ht_usage_word;

/* The next word at *at, which moves behind it; false at the end. Brackets and dots are left out. */
bool ht_usage_next(const char **at, ht_usage_word *word);

/* What may stand for the value or argument, each followed by a blank: choices, presets, data sets … Nothing
 * for files and free text. */
void ht_usage_offer(const ht_usage_word *word, ht_text *out);

/* The same for the value of a parameter. */
void ht_param_offer(ht_param p, ht_text *out);

#endif
