/* arguments.h - the arguments of commands: their options, their settings, the environment. A mistake becomes
 * an ht_error here; main prints it and chooses the exit code. */
#ifndef HT_SESSION_ARGUMENTS_H
#define HT_SESSION_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/notes.h"
#include "base/text.h"
#include "heavytail/params.h"

/* An option of a subcommand: "--json" sets *flag, "--run DIR" sets *value; with neither it sets data.name. */
typedef struct ht_option {
    const char *name; /* "--run" */
    const char **value;
    bool *flag;
} ht_option;

#define HT_SETS_DATA NULL, NULL /* {"--data", HT_SETS_DATA} */

enum { HT_ARGUMENT_WORDS = 16 };

typedef struct ht_arguments {
    const char *preset;                   /* --preset, NULL when not given */
    const char *data_dir;                 /* --data-dir */
    const char *words[HT_ARGUMENT_WORDS]; /* arguments that are no options */
    int word_count, word_limit;
    struct {
        const char *key;  /* of --KEY VALUE; NULL for --set */
        const char *text; /* the value; or key=value */
    } sets[256];
    int set_count;
} ht_arguments;

/* Parses options common to all subcommands (session/common_options.def, --<parameter key> V) and
 * those in `options` (ends with a NULL name). HT_USAGE names the argument and the nearest option; or a file
 * to write that is a run's own or is read (outputs.h). */
ht_code ht_arguments_parse(ht_arguments *args, int argc, char **argv, const ht_option *options,
                           ht_error *err);

/* Defaults, then the preset (ecg-demo if none). */
ht_code ht_arguments_preset(const ht_arguments *args, ht_params *params, ht_error *err);
/* The same, then every --set in order. */
ht_code ht_arguments_params(const ht_arguments *args, ht_params *params, ht_error *err);
/* One more setting, as if --KEY TEXT stood at the end of the line (key NULL: --set TEXT). */
ht_code ht_arguments_add(ht_arguments *args, const char *key, const char *text, ht_error *err);
/* Only the --set values, on top of *params. */
ht_code ht_arguments_sets(const ht_arguments *args, ht_params *params, ht_error *err);

/* Does one of them set this parameter? */
bool ht_arguments_name(const ht_arguments *args, ht_param p);

/* --size WIDTHxHEIGHT of a picture; NULL leaves both as they are. */
ht_code ht_arguments_size(const char *text, int least_width, int least_height, int *width, int *height,
                          ht_error *err);

/* --memory: "512" or "512M" are so many MB of 2^20 bytes, "2G" as many GB; NULL leaves *bytes as it is. */
ht_code ht_arguments_memory(const char *text, size_t least, size_t *bytes, ht_error *err);

/* Preset name, .ini path, or a .png whose text chunk holds the settings. */
ht_code ht_settings_load(ht_params *params, const char *name, ht_error *err);

/* HT_USAGE when the settings come from a picture (which may be from anywhere) and name files to read outside
 * of the data directories, unless the command line says data.name, too. */
ht_code ht_settings_trust(const ht_params *params, const char *name, const ht_arguments *args, ht_error *err);

/* Appends the journal that a .png carries. */
ht_code ht_picture_journal(const char *path, ht_text *journal, ht_error *err);

/* Prints "heavytail: sentence" to stderr; returns the exit code. */
int ht_app_fail(const ht_error *err);

/* Prints each as "heavytail: note: sentence" to stderr. */
void ht_app_notes(const ht_notes *notes);

/* HT_USAGE for variables of the environment with a value that cannot be used: HEAVYTAIL_THREADS,
 * HEAVYTAIL_ISA. Asked once, before anything is done. */
enum { HT_THREADS_MAX = 1024 };
ht_code ht_app_environment(ht_error *err);

/* HEAVYTAIL_THREADS or the cores of this process. */
int ht_app_threads(void);

#endif
