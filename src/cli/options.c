#include "cli/options.h"

#include "cli/commands.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "heavytail/dataset.h"
#include "params/preset.h"
#include "view/panel.h"

/* clang-format off */
static const ht_option_info options[] = {
#define HT_COMMON_OPTION(id, name, value, fill, help) {name, value, HT_FILL_##fill, NULL, help},
#include "session/common_options.def"
    {"--all", NULL, HT_FILL_NOTHING, NULL, "look at all states that are there at the start, not at the newest alone"},
    {"--alpha", "A", HT_FILL_NOTHING, NULL, "stability index α of the draws"},
    {"--cast", "F", HT_FILL_FILE, NULL, "play this recording (asciicast 2): Space pauses, . steps, q leaves; into a pipe its bytes at once"},
    {"--cell", "K", HT_FILL_NOTHING, NULL, "train cell K of the grid alone"},
    {"--centre", NULL, HT_FILL_NOTHING, NULL, "take medians away before svd, magnitude and pruning by column, put them back after (prune.centre)"},
    {"--check", NULL, HT_FILL_NOTHING, NULL, "play the lesson without a terminal; a claim that fails is an error"},
    {"--columns", "A,B,C", HT_FILL_NOTHING, NULL, "columns of the table of layers, after the name and in this order; +A,B adds to the usual ones; all (`heavytail help columns`)"},
    {"--compact", NULL, HT_FILL_NOTHING, NULL, "with --out: leave removed neurons out of the file"},
    {"--coreset", "K", HT_FILL_WORDS, "prune.coreset", "kind of coreset (prune.coreset)"},
    {"--count", NULL, HT_FILL_NOTHING, NULL, "print how many cells the grid has, and train nothing"},
    {"--csv", "F", HT_FILL_FILE, NULL, "write the curves as a table, with the settings in force at each row"},
    {"--curve", NULL, HT_FILL_NOTHING, NULL, "the whole curve: error and accuracy at every fraction removed"},
    {"--data", "D", HT_FILL_DATA, NULL, "the data set, as in data.name: mnist, csv:FILE …; of a network that is there, what to measure it on"},
    {"--decode", "F.htc", HT_FILL_FILE, NULL, "the way back: read a code instead of a network"},
    {"--details", NULL, HT_FILL_NOTHING, NULL, "every estimator of each layer with its uncertainty, instead of a line a layer"},
    {"--dump", "F", HT_FILL_FILE, NULL, "write the last screen to a file: .png as a picture, .ansi with colours, else as text"},
    {"--equal-size", NULL, HT_FILL_NOTHING, NULL, "instead of all methods: Occam's network, the same network trained without and pruned to its weights and multiply-adds (by --method, else occam.method), and one as narrow from the start"},
    {"--error", "E", HT_FILL_NOTHING, NULL, "remove as much as this relative error allows (prune.error)"},
    {"--file", "F", HT_FILL_FILE, NULL, "read the grid from a file"},
    {"--format", "text", HT_FILL_WORDS, NULL, "how the table is written"},
    {"--ghost", "DIR", HT_FILL_DIRECTORY, NULL, "show the run in this directory beside this one, as a ghost; again for more (S lists them)"},
    {"--gradient-noise", NULL, HT_FILL_NOTHING, NULL, "look at the noise of a run's minibatch gradients instead of its weights"},
    {"--html", "F", HT_FILL_FILE, NULL, "write one page, too: the table with a picture of each layer's spectrum"},
    {"--idle-limit", "S", HT_FILL_NOTHING, NULL, "no pause of the recording takes longer than so many seconds"},
    {"--init", "F", HT_FILL_FILE, NULL, "begin with the weights of a .safetensors file, a checkpoint, a run's directory (train.init)"},
    {"--jobs", "J", HT_FILL_NOTHING, NULL, "train so many cells at once"},
    {"--json", NULL, HT_FILL_NOTHING, NULL, "print one JSON object instead of text"},
    {"--k", "K", HT_FILL_NOTHING, NULL, "number of the largest values that order statistics use"},
    {"--layer", "L", HT_FILL_NOTHING, NULL, "draws of hidden layer L (0 is the first)"},
    {"--layers", "REGEX", HT_FILL_NOTHING, NULL, "only layers whose name this POSIX extended regular expression matches somewhere"},
    {"--lesson", "N", HT_FILL_NOTHING, NULL, "begin lesson N: `heavytail lesson --list`"},
    {"--limit", NULL, HT_FILL_NOTHING, NULL, "beside each κ the one predicted from independent rows, and that of the noise alone, which a wide network tends to"},
    {"--list", NULL, HT_FILL_NOTHING, NULL, "list the lessons; of a sweep the cells of the grid, and train nothing"},
    {"--m", "M", HT_FILL_NOTHING, NULL, "block length of the estimators by Mohammadi, Mohammadpour and Ogata"},
    {"--memory", "M", HT_FILL_NOTHING, NULL, "take no more memory than this: 512M, 2G"},
    {"--method", "M", HT_FILL_WORDS, "prune.method", "a method of pruning (prune.method)"},
    {"--method", "M1,M2", HT_FILL_WORDS, "prune.method", "a method of pruning, several separated by commas, or all"},
    {"--metric", "fro_squared|fro", HT_FILL_WORDS, NULL, "relative error: of the squared Frobenius norm, or of the norm (prune.metric)"},
    {"--npy", "DIR", HT_FILL_DIRECTORY, NULL, "write X_train.npy, y_train.npy, X_test.npy, y_test.npy into this directory, and columns.json, which says what the inputs are"},
    {"--once", NULL, HT_FILL_NOTHING, NULL, "look at what is there, and end"},
    {"--order", "A,B,C", HT_FILL_NOTHING, NULL, "the layers of a network of others by the names of their tensors, first to last, where names and shapes do not tell"},
    {"--out", "F", HT_FILL_FILE, NULL, "where to write"},
    {"--panel", "P", HT_FILL_PANEL, NULL, "draw this panel alone"},
    {"--png", "F", HT_FILL_FILE, NULL, "draw it as a picture, too"},
    {"--poll", NULL, HT_FILL_NOTHING, NULL, "look at the disk every second, where it does not tell of changes and heavytail does not know"},
    {"--quick", NULL, HT_FILL_NOTHING, NULL, "bench live: a tenth of the time, figures that are worth little"},
    {"--quiet", NULL, HT_FILL_NOTHING, NULL, "no progress on standard error"},
    {"--ratio", "R", HT_FILL_NOTHING, "prune.ratio", "remove this fraction, whatever the error (prune.ratio)"},
    {"--record", "F", HT_FILL_FILE, NULL, "record the screen as asciicast 2: `heavytail replay --cast F` plays it, asciinema and its converters too"},
    {"--regime", NULL, HT_FILL_NOTHING, NULL, "step size over batch size, tail index of the rows, what three prunings take, train minus test (arXiv 2106.03795)"},
    {"--row", "N", HT_FILL_NOTHING, NULL, "bench live: only its first or second network"},
    {"--run", "DIR", HT_FILL_DIRECTORY, NULL, "keep the run here: settings, journal, metrics, checkpoint; a run that is there is resumed"},
    {"--runs", "N", HT_FILL_NOTHING, NULL, "bench width: so many runs in each width sweep, instead of what a minute gives"},
    {"--samples", "N", HT_FILL_NOTHING, NULL, "of each law in the table of how often an estimate is good"},
    {"--scale", "X", HT_FILL_NOTHING, NULL, "size of letters in the picture, 1 by default"},
    {"--scope", "S", HT_FILL_WORDS, "prune.scope", "several layers: each by itself, or all ranked together (prune.scope)"},
    {"--script", "F", HT_FILL_FILE, NULL, "press the keys in a file"},
    {"--seed", "S", HT_FILL_NOTHING, "train.seed", "seed of what is drawn at random"},
    {"--seeds", "1..5", HT_FILL_NOTHING, NULL, "train every cell (compare: every method) with each of these seeds; bench width: a width sweep with each"},
    {"--shape", "RxC", HT_FILL_NOTHING, NULL, "so many neurons (rows) and inputs (columns)"},
    {"--size", "WxH", HT_FILL_NOTHING, NULL, "size of the picture in pixels"},
    {"--sort", "COLUMN", HT_FILL_NOTHING, NULL, "order of the lines by a column of the table; -COLUMN: the largest first"},
    {"--spectrum", "wtw|wtw/n", HT_FILL_WORDS, NULL, "eigenvalues of W^T W, as WeightWatcher has them, or divided by the larger side"},
    {"--speed", "X", HT_FILL_NOTHING, NULL, "play so many times as fast"},
    {"--split", "test|train", HT_FILL_WORDS, NULL, "measure on test or on training samples"},
    {"--step", "K", HT_FILL_NOTHING, NULL, "draws of training step K"},
    {"--steps", "N", HT_FILL_NOTHING, "train.steps", "train to step N (train.steps)"},
    {"--tensor", "NAME", HT_FILL_NOTHING, NULL, "look at this tensor alone"},
    {"--tensorboard", "DIR", HT_FILL_DIRECTORY, NULL, "write a file of events into this directory, for TensorBoard"},
    {"--text", NULL, HT_FILL_NOTHING, NULL, "lines of text, in a terminal too"},
    {"--theme", "T", HT_FILL_WORDS, "ui.theme", "colours"},
    {"--type", "T", HT_FILL_WORDS, "noise.type", "type of the noise"},
    {"--unit", "U", HT_FILL_WORDS, "prune.unit", "what node, norm-l1 and random remove: row, or column: columns and kernels (prune.unit)"},
    {"--until-accuracy", "A", HT_FILL_NOTHING, "train.stop_accuracy", "train until this fraction of the training set is right (train.stop_accuracy)"},
    {"--vary", "key=v1,v2", HT_FILL_SETTING, NULL, "an axis of the grid: a parameter and its values"},
    {"--w1", "F.npy", HT_FILL_FILE, NULL, "instead of FILE: the hidden layer (neurons × inputs)"},
    {"--w2", "F.npy", HT_FILL_FILE, NULL, "instead of FILE: the output layer (classes × neurons)"},
    {"--x", "F.npy", HT_FILL_FILE, NULL, "instead of --data: samples, one a row"},
    {"--y", "F.npy", HT_FILL_FILE, NULL, "instead of --data: their labels"},
};
/* clang-format on */
_Static_assert(sizeof options / sizeof options[0] <= HT_OPTIONS_MAX, "HT_OPTIONS_MAX");

const ht_option_info *ht_options(size_t *count)
{
    *count = sizeof options / sizeof options[0];
    return options;
}

/* By its name, and where commands take different values, by the value in the usage. */
static const ht_option_info *find(const char *name, const char *value)
{
    const ht_option_info *first = NULL;
    for (size_t i = sizeof options / sizeof options[0]; i-- > 0;) {
        if (strcmp(options[i].name, name) != 0) continue;
        if (options[i].value && strcmp(options[i].value, value) == 0) return &options[i];
        first = &options[i];
    }
    return first;
}

/* What an argument called so may be. */
static ht_fill fill_of(const char *argument)
{
    static const struct {
        const char *name;
        ht_fill fill;
    } known[] = {{"RUN", HT_FILL_DIRECTORY}, {"DIR", HT_FILL_DIRECTORY}, {"PRESET", HT_FILL_PRESET},
                 {"DATA", HT_FILL_DATA},     {"TOPIC", HT_FILL_TOPIC},   {"key=value", HT_FILL_SETTING},
                 {"PATH", HT_FILL_FILE}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(argument, known[i].name) == 0) return known[i].fill;
    if (islower((unsigned char)argument[0])) return HT_FILL_WORDS;
    return argument[0] == 'F' || strchr(argument, '|') ? HT_FILL_FILE : HT_FILL_NOTHING;
}

/* The next stretch without blanks and brackets; dots at its end are cut. */
static bool next_token(const char **at, char *to, size_t size)
{
    static const char apart[] = " \n[]";
    do {
        *at += strspn(*at, apart);
        size_t length = strcspn(*at, apart);
        if (length == 0) return false;
        snprintf(to, size, "%.*s", (int)length, *at);
        *at += length;
        for (size_t n = strlen(to); n > 0 && (to[n - 1] == '.' || to[n - 1] == ','); n--) to[n - 1] = '\0';
    } while (to[0] == '\0' || strcmp(to, "|") == 0);
    return true;
}

bool ht_usage_next(const char **at, ht_usage_word *word)
{
    *word = (ht_usage_word){.fill = HT_FILL_NOTHING};
    if (!next_token(at, word->text, sizeof word->text)) return false;
    if (strncmp(word->text, "--", 2) != 0) {
        word->fill = fill_of(word->text);
        return true;
    }
    word->info = find(word->text, "");
    /* A bracket right behind the name: the option has no value. */
    if (**at != ' ' || (*at)[1] == '|' || (*at)[1] == '[' || (*at)[1] == '-') return true;
    if ((*at)[1] == '.') { /* "[--set ..]": as above */
        ht_text_copy(word->value, sizeof word->value,
                     word->info && word->info->value ? word->info->value : "");
        word->fill = word->info ? word->info->fill : HT_FILL_NOTHING;
        return true;
    }
    if (!next_token(at, word->value, sizeof word->value)) return true;
    word->info = find(word->text, word->value);
    bool listed = strchr(word->value, '|') && fill_of(word->value) == HT_FILL_WORDS;
    word->fill = listed ? HT_FILL_WORDS : word->info ? word->info->fill : HT_FILL_NOTHING;
    return true;
}

/* ---- what to offer ----------------------------------------------------------------------------- */

static void offer_list(const char *list, ht_text *out)
{
    for (; *list; list++) ht_text_add(out, "%c", *list == '|' ? ' ' : *list);
    ht_text_add(out, " ");
}

static void offer_presets(ht_text *out)
{
    char name[64], title[128];
    for (int i = 0; ht_preset_embedded(i, name, sizeof name, title, sizeof title); i++)
        ht_text_add(out, "%s ", name);
}

/* Names up to the ':' after which a name of the user's own follows. */
static void offer_data(ht_text *out)
{
    size_t count;
    const ht_dataset_info *table = ht_dataset_table(&count);
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(table[i].name, ":");
        ht_text_add(out, "%.*s%s ", (int)length, table[i].name, table[i].name[length] ? ":" : "");
    }
}

static void offer_topics(ht_text *out)
{
    size_t count;
    const ht_topic *topics = ht_topics(&count);
    for (size_t i = 0; i < count; i++) ht_text_add(out, "%s ", topics[i].name);
    const ht_command_info *commands = ht_commands(&count);
    for (size_t i = 0; i < count; i++) ht_text_add(out, "%s ", commands[i].name);
}

static void offer_panels(ht_text *out)
{
    for (int i = 0; i < HT_PANEL_COUNT; i++)
        if (ht_panel_at((ht_panel_id)i)->home == HT_VIEW_DASHBOARD)
            ht_text_add(out, "%s ", ht_panel_at((ht_panel_id)i)->name);
}

void ht_param_offer(ht_param p, ht_text *out)
{
    const ht_param_info *info = ht_param_at(p);
    if (p == HT_P_DATA_NAME)
        offer_data(out);
    else if (info->type == HT_TYPE_BOOL)
        ht_text_add(out, "true false ");
    else
        for (int i = 0; i < ht_param_choices(p); i++) ht_text_add(out, "%s ", ht_param_choice(p, i));
}

void ht_usage_offer(const ht_usage_word *word, ht_text *out)
{
    ht_param p;
    const char *key = word->info ? word->info->parameter : NULL;
    if (word->fill == HT_FILL_PRESET) offer_presets(out);
    if (word->fill == HT_FILL_DATA) offer_data(out);
    if (word->fill == HT_FILL_TOPIC) offer_topics(out);
    if (word->fill == HT_FILL_PANEL) offer_panels(out);
    if (word->fill != HT_FILL_WORDS) return;
    if (key && ht_param_find(key, &p))
        ht_param_offer(p, out);
    else
        offer_list(word->value[0] ? word->value : word->text, out);
}
