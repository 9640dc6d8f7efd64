/* cmd_greet.c - says hello. */
#include <stdio.h>

#include "cli/commands.h"
#include "session/arguments.h"

int ht_cmd_greet(int argc, char **argv)
{
    const char *name = "world";
    const ht_option options[] = {{"--name", &name, NULL}, {NULL, NULL, NULL}};
    ht_arguments args = {0};
    ht_error err;
    if (ht_arguments_parse(&args, argc, argv, options, &err) != HT_OK) return ht_app_fail(&err);
    printf("hello, %s\n", name);
    return 0;
}
