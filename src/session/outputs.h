/* outputs.h - what a command may write to: never a file of a run, nor the file that it reads,
 * nor one file under two options. */
#ifndef HT_SESSION_OUTPUTS_H
#define HT_SESSION_OUTPUTS_H

#include "session/arguments.h"

/* Options whose value is a file; HT_FILE_NONE for all others. */
typedef enum ht_file_use { HT_FILE_NONE, HT_FILE_READ, HT_FILE_WRITTEN } ht_file_use;
ht_file_use ht_option_file(const char *name);

/* HT_USAGE for a file to write that is one of a run (also of the one that --run is going to make), or that is
 * read: an argument, a setting or another option; or that two options would write. `options` hold their
 * values. */
ht_code ht_outputs_check(const ht_arguments *args, const ht_option *options, ht_error *err);

#endif
