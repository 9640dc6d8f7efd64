/* help_man.c - the manual page, from the tables: commands, options, parameters, keys, panels, presets, data
 * sets. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help/help.h"
#include "cli/options.h"
#include "heavytail/dataset.h"
#include "params/preset.h"
#include "view/keymap.h"
#include "view/panel.h"

/* Text as roff wants it: hyphens that can be copied, no backslash that means something, and no dot or quote
 * that starts a request. A line feed begins a paragraph of the same indent. */
static void print_roff(const char *text)
{
    bool start = true;
    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\'')) fputs("\\&", stdout);
        start = *text == '\n';
        if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else
            fputs(*text == '\n' ? "\n.br\n" : (char[]){*text, '\0'}, stdout);
    }
}

static void section(const char *title)
{
    printf(".SH %s\n", title);
}

/* What the page sets on one line, whatever the lines of the table. */
static void print_line(const char *text, const char *end)
{
    char piece[2] = "";
    bool blank = false;
    for (; text < end; text++) {
        bool space = *text == ' ' || *text == '\n';
        piece[0] = space ? ' ' : *text;
        if (!space || !blank) print_roff(piece);
        blank = space;
    }
}

/* Where a usage begins a second form, a line with the command's name; NULL without. */
static const char *second_form(const char *usage, const char *name)
{
    char start[40];
    snprintf(start, sizeof start, "\n  %s ", name);
    return strstr(usage, start);
}

/* A tagged paragraph: "tag" in bold, then `argument` in italics, then the text. */
static void entry(const char *tag, const char *argument, const char *text)
{
    const char *macro = ".TP";
    for (const char *next; macro; argument = next) {
        const char *second = *tag ? second_form(argument, tag) : NULL;
        printf("%s\n\\fB", macro);
        print_roff(tag);
        fputs("\\fR", stdout);
        if (*argument) {
            fputs(" \\fI", stdout);
            print_line(argument, second ? second : argument + strlen(argument));
            fputs("\\fR", stdout);
        }
        putchar('\n');
        next = second ? second + strlen("\n  ") + strlen(tag) + 1 : NULL;
        macro = second ? ".TQ" : NULL;
    }
    print_roff(text);
    putchar('\n');
}

static void commands(void)
{
    size_t count;
    const ht_command_info *table = ht_commands(&count);
    section("COMMANDS");
    puts("Without a command the lab opens. Results go to standard output, progress and messages to standard "
         "error.");
    for (size_t i = 0; i < count; i++) entry(table[i].name, table[i].usage, table[i].help);
}

static void options(void)
{
    size_t count;
    const ht_option_info *table = ht_options(&count);
    section("OPTIONS");
    puts("The first ones belong to every command, the others to those that name them.");
    for (size_t i = 0; i < count; i++)
        entry(table[i].name, table[i].value ? table[i].value : "", table[i].help);
}

/* "0.01; a number from 1e-07 to 100; at the next step" */
static void describe(ht_param p, char *to, size_t size)
{
    static const char *const live[] = {"takes effect at the next step", "needs a new run",
                                       "changes the view only"};
    const ht_param_info *info = ht_param_at(p);
    ht_params defaults;
    char value[HT_PARAM_VALUE];
    ht_text range = {0};
    ht_params_init(&defaults);
    ht_params_format(&defaults, p, value, sizeof value);
    if (info->type == HT_TYPE_CHOICE)
        for (int i = 0; i < ht_param_choices(p); i++)
            ht_text_add(&range, "%s%s", i ? ", " : "One of ", ht_param_choice(p, i));
    else if (info->type == HT_TYPE_INT || info->type == HT_TYPE_REAL)
        ht_text_add(&range, "From %.16g to %.16g", info->low, info->high);
    snprintf(to, size, "%s.\n%s%sDefault %s%s%s; %s.", info->help, range.data ? range.data : "",
             range.length ? ". " : "", value, *info->unit ? " " : "", info->unit, live[info->live]);
    ht_text_free(&range);
}

static void parameters(void)
{
    char text[2048];
    section("PARAMETERS");
    puts("Defaults, then the preset, then the command line.");
    for (int p = 0; p < HT_P_COUNT; p++) {
        describe((ht_param)p, text, sizeof text);
        entry(ht_param_at((ht_param)p)->key, "", text);
    }
}

static void keys(void)
{
    size_t count;
    const ht_key_info *table = ht_keymap(&count);
    section("KEYS");
    for (size_t i = 0; i < count; i++) entry(table[i].label, "", table[i].help);
}

static void panels(void)
{
    section("PANELS");
    for (int i = 0; i < HT_PANEL_PRUNING_READOUT; i++) {
        const ht_panel *panel = ht_panel_at((ht_panel_id)i);
        entry(panel->name, "", panel->explain);
    }
}

static void presets(void)
{
    char name[64], title[128];
    section("PRESETS");
    for (int i = 0; ht_preset_embedded(i, name, sizeof name, title, sizeof title); i++)
        entry(name, "", title);
}

static void data_sets(void)
{
    size_t count;
    const ht_dataset_info *table = ht_dataset_table(&count);
    char text[512];
    section("DATA SETS");
    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%s.\n%s (%s)", table[i].title, table[i].shape, table[i].source);
        entry(table[i].name, "", text);
    }
}

static void files(void)
{
    section("FILES");
    entry("preset.ini, journal.jsonl, metrics.csv, checkpoint.safetensors", "",
          "A run directory: the settings in effect, every change with its step, the curves, the weights with "
          "all "
          "counters.");
    entry("$XDG_CONFIG_HOME/heavytail/presets/NAME.ini", "",
          "Presets of your own (~/.config where it is not set).");
    entry("$XDG_DATA_HOME/heavytail", "",
          "Where data files are looked for last (~/.local/share where it is not set).");
    section("ENVIRONMENT");
    entry("HEAVYTAIL_DATA", "", "A directory with data files, tried after --data-dir.");
    entry("HEAVYTAIL_THREADS", "",
          "Threads to compute with; by default one for each core. Results do not depend on it.");
    entry("HEAVYTAIL_ISA", "",
          "The instruction set to compute with: portable, avx2, avx512 or neon; by default the best that "
          "this CPU has. "
          "Noise does not depend on it.");
    entry("NO_COLOR", "", "If set and not empty, the lab uses no colours.");
    entry("OPENBLAS_CORETYPE", "", "The kernels of OpenBLAS; chosen by heavytail where it is not set.");
}

static void ending(void)
{
    section("EXIT STATUS");
    entry("0", "", "Done.");
    entry("1", "", "Failed: data, a file, the system.");
    entry("2", "", "Wrong usage: command line, preset or parameter.");
    entry("3", "", "Training diverged.");
    section("SEE ALSO");
    print_roff("arXiv 2306.08125 (α-stable noise makes networks compressible), 2106.03795 (estimating the "
               "tail index). "
               "The user's guide, guide.md, is installed beside the README.\n");
}

void ht_help_man(void)
{
    printf(".TH HEAVYTAIL 1 \"\" \"heavytail %s\" \"User commands\"\n", HT_VERSION);
    section("NAME");
    puts("heavytail \\- a terminal lab for heavy\\-tailed SGD");
    section("SYNOPSIS");
    puts(".B heavytail\n[\\fICOMMAND\\fR] [\\fIOPTIONS\\fR]");
    section("DESCRIPTION");
    print_roff(
        "heavytail trains a wide network and adds α-stable noise to its weights at every step, W ← W − η ∇L "
        "+ "
        "σ η^(1/α) X. Heavy tails make the network compressible: a few neurons carry nearly all of the norm, "
        "and "
        "the others can be removed. The lab shows it while it happens; the commands measure it without a "
        "terminal.\n");
    commands();
    options();
    parameters();
    keys();
    panels();
    presets();
    data_sets();
    files();
    ending();
}
