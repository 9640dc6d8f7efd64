/* explain.c - `heavytail explain WORD`: what a word on the screen means. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "heavytail/tail.h"
#include "session/arguments.h"
#include "view/words/glossary.h"

static void list_words(void)
{
    size_t count;
    const ht_word *words = ht_words(&count);
    for (size_t i = 0; i < count; i++)
        printf("%s%s%s\n    %s\n", words[i].symbol, words[i].symbol[0] ? ", " : "", words[i].word,
               words[i].meaning);
    printf("\nverdicts on an estimate of the tail index\n");
    for (int q = 0; q < HT_QUALITIES; q++)
        printf("%s\n    %s\n", ht_quality_word((ht_quality)q), ht_quality_meaning((ht_quality)q));
}

/* The name of a subcommand. */
static bool explain_command(const char *name)
{
    size_t count;
    const ht_command_info *commands = ht_commands(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, name) != 0) continue;
        printf("heavytail %s\n    %s\n    seen: heavytail help %s\n", name, commands[i].help, name);
        return true;
    }
    return false;
}

int ht_cmd_explain(int argc, char **argv)
{
    char name[64] = "", guess[96];
    ht_explained explained;
    ht_error err;
    if (argc < 2) return list_words(), 0;
    for (int i = 1; i < argc; i++) /* "tail index" needs no quotes */
        snprintf(name + strlen(name), sizeof name - strlen(name), "%s%s", i > 1 ? " " : "", argv[i]);
    if (ht_word_explain(name, &explained)) {
        printf("%s\n    %s\n    seen: %s\n", explained.title, explained.text, explained.where);
        return 0;
    }
    if (explain_command(name)) return 0;
    ht_word_guess(name, guess, sizeof guess);
    ht_error_set(&err, HT_USAGE, "explain '%.60s': no such word%s; `heavytail explain` lists them", name,
                 guess);
    return ht_app_fail(&err);
}
