/* commands.h - the subcommands and the topics of help, as people read of them; from commands.def. What runs
 * them is known to main.c alone, so that help can list all commands without depending on any. */
#ifndef HT_CLI_COMMANDS_H
#define HT_CLI_COMMANDS_H

#include <stddef.h>

/* Threads of a command that multiply matrices at the same time: room for OpenBLAS is reserved before it runs.
 */
typedef enum ht_multiplies {
    HT_MULTIPLIES_NOT,
    HT_MULTIPLIES_POOL,
    HT_MULTIPLIES_LAB, /* the pool, the analyst, the pool of a width sweep or a comparison, a twin and its
                           analyst */
} ht_multiplies;

typedef struct ht_command_info {
    const char *name;
    const char *usage; /* after the name */
    const char *help;
    const char *topic; /* of help, which goes with it; "" for none */
    ht_multiplies multiplies;
} ht_command_info;

typedef struct ht_topic {
    const char *name;
    const char *help;
} ht_topic;

/* Both in the order of commands.def. */
const ht_command_info *ht_commands(size_t *count);
const ht_topic *ht_topics(size_t *count);

/* What main.c runs. argv[0] is the subcommand's name; each returns the exit code. */
#define HT_COMMAND(name, function, usage, help, topic, multiplies) int function(int argc, char **argv);
#define HT_TOPIC(name, function, help)
#include "cli/commands.def"

void ht_certificate_help(void);

#endif
