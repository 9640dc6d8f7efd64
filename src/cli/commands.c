#include "cli/commands.h"

static const ht_command_info commands[] = {
#define HT_COMMAND(name, function, usage, help, topic, multiplies) {#name, usage, help, topic, multiplies},
#define HT_TOPIC(name, function, help)
#include "cli/commands.def"
};

static const ht_topic topics[] = {
#define HT_COMMAND(name, function, usage, help, topic, multiplies)
#define HT_TOPIC(name, function, help) {#name, help},
#include "cli/commands.def"
};

const ht_command_info *ht_commands(size_t *count)
{
    *count = sizeof commands / sizeof commands[0];
    return commands;
}

const ht_topic *ht_topics(size_t *count)
{
    *count = sizeof topics / sizeof topics[0];
    return topics;
}
