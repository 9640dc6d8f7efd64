/* help_shells.c - completions for bash and zsh, from the usages and the dictionary of options. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help/help.h"
#include "cli/options.h"

/* ---- what both need ---------------------------------------------------------------------------- */

/* Every parameter's key, each followed by `after` and a blank. */
static void print_keys(const char *before, const char *after)
{
    for (int p = 0; p < HT_P_COUNT; p++) printf("%s%s%s ", before, ht_param_at((ht_param)p)->key, after);
}

static void print_offer(const ht_usage_word *word)
{
    ht_text offer = {0};
    ht_usage_offer(word, &offer);
    fputs(offer.data ? offer.data : "", stdout);
    ht_text_free(&offer);
}

/* The values of a parameter that has a list of them; false if it has none. */
static bool take_values(ht_param p, ht_text *values)
{
    ht_param_offer(p, values);
    return values->length > 0;
}

static bool is_common(const ht_option_info *info)
{
    size_t count;
    return info && info < ht_options(&count) + HT_OPTIONS_COMMON;
}

/* An option of this command alone. */
static bool is_option(const ht_usage_word *word)
{
    return word->text[0] == '-' && !is_common(word->info);
}

/* Not an option, nor the name of the command, which begins a second form of its usage. */
static bool is_argument(const ht_usage_word *word, const ht_command_info *command)
{
    return word->text[0] != '-' && strcmp(word->text, command->name) != 0;
}

static bool is_file(const ht_usage_word *word)
{
    return word->fill == HT_FILL_FILE || word->fill == HT_FILL_DIRECTORY || word->fill == HT_FILL_PRESET;
}

/* The word for an option every command takes. */
static ht_usage_word common_word(int index)
{
    size_t count;
    const ht_option_info *info = &ht_options(&count)[index];
    ht_usage_word word = {.info = info, .fill = info->fill};
    snprintf(word.text, sizeof word.text, "%s", info->name);
    snprintf(word.value, sizeof word.value, "%s", info->value ? info->value : "");
    return word;
}

/* ---- bash -------------------------------------------------------------------------------------- */

/* A case of the command: its options, and what may stand there without an option before it. */
static void bash_command(const ht_command_info *command)
{
    ht_usage_word word;
    bool files = false, data = false;
    printf("    %s)\n        options+='", command->name);
    for (const char *at = command->usage; ht_usage_next(&at, &word);)
        if (is_option(&word)) printf("%s ", word.text);
    fputs("' list='", stdout);
    for (const char *at = command->usage; ht_usage_next(&at, &word);) {
        if (!is_argument(&word, command)) continue;
        if (word.fill != HT_FILL_DATA || !data) print_offer(&word); /* "info DATA | export DATA" */
        data = data || word.fill == HT_FILL_DATA;
        files = files || is_file(&word);
    }
    printf("' files=%s ;;\n", files ? "yes" : "");
}

/* What follows an option; some mean different things in different commands, hence "command option". */
static void bash_value(const char *command, const ht_usage_word *word)
{
    if (!word->value[0]) return;
    printf("    %s\\ %s) list='", command, word->text);
    if (word->fill == HT_FILL_SETTING)
        print_keys("", "=");
    else
        print_offer(word);
    printf("' files=%s ;;\n", is_file(word) ? "yes" : "");
}

static void bash_parameters(void)
{
    for (int p = 0; p < HT_P_COUNT; p++) {
        ht_text values = {0};
        if (take_values((ht_param)p, &values))
            printf("    %s) echo '%s' ;;\n", ht_param_at((ht_param)p)->key, values.data);
        ht_text_free(&values);
    }
}

void ht_help_bash(void)
{
    size_t count;
    ht_usage_word word;
    const ht_command_info *table = ht_commands(&count);
    printf("# bash completion for heavytail %s; written by `heavytail help bash`\n", HT_VERSION);
    puts("_heavytail_values() { # of a parameter\n    case $1 in");
    bash_parameters();
    puts("    esac\n}\n");
    puts("_heavytail() {\n"
         "    # Readline splits words at '=' and ':'; here only blanks do.\n"
         "    local line=${COMP_LINE:0:COMP_POINT} options= list= files= command=lab cur prev key word\n"
         "    local -a words\n"
         "    cur=${line##*[[:space:]]}\n"
         "    read -ra words <<<\"${line%\"$cur\"}\"\n"
         "    prev=${words[${#words[@]} - 1]}\n"
         "    [[ ${words[1]} && ${words[1]} != -* ]] && command=${words[1]}");
    fputs("    options='", stdout);
    for (int i = 0; i < HT_OPTIONS_COMMON; i++) printf("%s ", common_word(i).text);
    puts("'\n    case $command in");
    for (size_t i = 0; i < count; i++) bash_command(&table[i]);
    puts("    esac");
    fputs("    (( ${#words[@]} == 1 )) && list='", stdout);
    for (size_t i = 0; i < count; i++) printf("%s ", table[i].name);
    puts("' files=");
    fputs("    [[ $cur == -* ]] && list=$options files=\n"
          "    [[ $cur == --?*.* ]] && list='",
          stdout);
    print_keys("--", "");
    puts("'\n    case \"$command $prev\" in");
    for (int i = 0; i < HT_OPTIONS_COMMON; i++) {
        word = common_word(i);
        bash_value("*", &word);
    }
    for (size_t i = 0; i < count; i++)
        for (const char *at = table[i].usage; ht_usage_next(&at, &word);)
            if (is_option(&word)) bash_value(table[i].name, &word);
    puts("    *\\ --*.*) list=$(_heavytail_values \"${prev#--}\") files= ;;\n"
         "    esac\n"
         "    if [[ $list == *=\\ * && $cur == *=* ]]; then # key=value\n"
         "        key=${cur%%=*} list=\n"
         "        for word in $(_heavytail_values \"$key\"); do list+=\"$key=$word \"; done\n"
         "    elif [[ $list == *=\\ * ]]; then\n"
         "        compopt -o nospace 2>/dev/null\n"
         "    fi\n"
         "    COMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
         "    if [[ $files ]]; then\n"
         "        compopt -o filenames 2>/dev/null\n"
         "        while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -f -- \"$cur\")\n"
         "    fi\n"
         "    # Of a word that readline has split it replaces the last part only.\n"
         "    key=${cur%\"${cur##*[=:]}\"}\n"
         "    [[ $key && $COMP_WORDBREAKS == *[=:]* ]] && COMPREPLY=(\"${COMPREPLY[@]#\"$key\"}\")\n"
         "    return 0\n"
         "}\n"
         "complete -F _heavytail heavytail");
}

/* ---- zsh --------------------------------------------------------------------------------------- */

/* Inside '…': quotes doubled the shell's way, and what _arguments would read as its own. */
static void zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

/* A statement that offers what may stand there. */
static void zsh_action(const ht_usage_word *word)
{
    static const char *const actions[] = {
        [HT_FILL_NOTHING] = "_message value",  [HT_FILL_FILE] = "_files",
        [HT_FILL_DIRECTORY] = "_files -/",     [HT_FILL_PRESET] = "_heavytail_presets",
        [HT_FILL_DATA] = "_heavytail_data",    [HT_FILL_SETTING] = "_heavytail_settings",
        [HT_FILL_TOPIC] = "_heavytail_topics", [HT_FILL_PANEL] = "compadd ",
        [HT_FILL_WORDS] = "compadd "};
    fputs(actions[word->fill], stdout);
    if (word->fill >= HT_FILL_PANEL) print_offer(word);
    fputs("; ", stdout);
}

/* "'*--set[help]:key=value:{…}'" */
static void zsh_option(const ht_usage_word *word)
{
    fputs(" \\\n            '*", stdout);
    zsh_text(word->text);
    putchar('[');
    zsh_text(word->info ? word->info->help : "");
    putchar(']');
    if (word->value[0]) {
        putchar(':');
        zsh_text(word->value);
        fputs(":{", stdout);
        zsh_action(word);
        putchar('}');
    }
    putchar('\'');
}

static void zsh_command(const ht_command_info *command)
{
    ht_usage_word word;
    bool arguments = false;
    printf("    %s)\n        _arguments $common", command->name);
    for (const char *at = command->usage; ht_usage_next(&at, &word);)
        if (is_option(&word))
            zsh_option(&word);
        else
            arguments = arguments || is_argument(&word, command);
    if (arguments) fputs(" \\\n            '*:argument:{", stdout);
    for (const char *at = command->usage; ht_usage_next(&at, &word);)
        if (is_argument(&word, command)) zsh_action(&word);
    puts(arguments ? "}'\n        ;;" : "\n        ;;");
}

/* A function that offers a list; what ends in ':' goes on behind it. */
static void zsh_list(const char *name, ht_fill fill, const char *more)
{
    ht_text offer = {0};
    ht_usage_offer(&(ht_usage_word){.fill = fill}, &offer);
    printf("_heavytail_%s() {\n    local -a words=(%s)\n    compadd -S '' -- ${(M)words:#*:}\n"
           "    compadd -- ${words:#*:}\n%s}\n\n",
           name, offer.data ? offer.data : "", more);
    ht_text_free(&offer);
}

/* "key=value" after --set, and "--key value". */
static void zsh_settings(void)
{
    puts("_heavytail_values() { # of a parameter\n    case $1 in");
    for (int p = 0; p < HT_P_COUNT; p++) {
        ht_text values = {0};
        if (p == HT_P_DATA_NAME)
            printf("    %s) _heavytail_data ;;\n", ht_param_at((ht_param)p)->key);
        else if (take_values((ht_param)p, &values))
            printf("    %s) compadd -- %s;;\n", ht_param_at((ht_param)p)->key, values.data);
        ht_text_free(&values);
    }
    fputs("    esac\n}\n\n"
          "_heavytail_settings() {\n"
          "    if compset -P 1 '*='; then\n"
          "        _heavytail_values ${${IPREFIX%=}##* }\n"
          "    else\n"
          "        compadd -S = -- ",
          stdout);
    print_keys("", "");
    puts("\n    fi\n}\n");
}

static void zsh_parameters(void)
{
    fputs("    if [[ $words[CURRENT] == --?*.* ]]; then\n        compadd -- ", stdout);
    print_keys("--", "");
    puts("\n        return\n"
         "    elif [[ $words[CURRENT-1] == --?*.* ]]; then\n"
         "        _heavytail_values ${words[CURRENT-1]#--}\n"
         "        return\n"
         "    fi");
}

void ht_help_zsh(void)
{
    size_t count;
    ht_usage_word word;
    const ht_command_info *table = ht_commands(&count);
    printf("#compdef heavytail\n# zsh completion for heavytail %s; written by `heavytail help zsh`\n\n",
           HT_VERSION);
    zsh_list("presets", HT_FILL_PRESET, "    _files -g '*.(ini|png)'\n");
    zsh_list("data", HT_FILL_DATA, "");
    zsh_list("topics", HT_FILL_TOPIC, "");
    zsh_settings();
    fputs("_heavytail() {\n    local command=lab\n    local -a common=(", stdout);
    for (int i = 0; i < HT_OPTIONS_COMMON; i++) {
        word = common_word(i);
        zsh_option(&word);
    }
    puts("\n    )\n    local -a commands=(");
    for (size_t i = 0; i < count; i++) {
        printf("        '%s:", table[i].name);
        zsh_text(table[i].help);
        puts("'");
    }
    puts("    )");
    zsh_parameters();
    puts("    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
         "        _describe command commands\n"
         "        return\n"
         "    fi\n"
         "    if [[ $words[2] != -* ]]; then\n"
         "        command=$words[2]\n"
         "        shift words\n"
         "        (( CURRENT-- ))\n"
         "    fi\n"
         "    case $command in");
    for (size_t i = 0; i < count; i++) zsh_command(&table[i]);
    puts("    esac\n}\n\n_heavytail \"$@\"");
}
