/* cmd_tail.c - tail indices and spectra of whatever holds weights: a line a layer, two models side by side,
 * or every estimator of each layer with its uncertainty. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/tail/details.h"
#include "cli/tail/tail_table.h"

typedef struct words {
    const char *tensor, *order, *k, *m, *layers, *sort, *columns, *format, *spectrum, *memory, *png, *html;
    bool json, gradients, details;
} words;

static ht_code positive(const char *name, const char *text, size_t *value, ht_error *err)
{
    double number;
    if (!text) return HT_OK;
    if (!ht_parse_number(text, &number) || number < 1 || number > 0x1p53 || number != floor(number))
        return ht_error_set(err, HT_USAGE, "%s %.40s: give a whole number from 1 up", name, text);
    *value = (size_t)number;
    return HT_OK;
}

static ht_code parse(words *w, ht_arguments *args, int argc, char **argv, ht_error *err)
{
    const ht_option options[] = {{"--tensor", &w->tensor, NULL},
                                 {"--order", &w->order, NULL},
                                 {"--k", &w->k, NULL},
                                 {"--m", &w->m, NULL},
                                 {"--layers", &w->layers, NULL},
                                 {"--sort", &w->sort, NULL},
                                 {"--columns", &w->columns, NULL},
                                 {"--format", &w->format, NULL},
                                 {"--spectrum", &w->spectrum, NULL},
                                 {"--memory", &w->memory, NULL},
                                 {"--json", NULL, &w->json},
                                 {"--png", &w->png, NULL},
                                 {"--html", &w->html, NULL},
                                 {"--details", NULL, &w->details},
                                 {"--gradient-noise", NULL, &w->gradients},
                                 {NULL, NULL, NULL}};
    if (ht_arguments_parse(args, argc, argv, options, err) != HT_OK) return err->code;
    if (args->word_count < 1)
        return ht_error_set(err, HT_USAGE, "tail: give a .npy or .safetensors file or a run directory");
    if (w->gradients && w->order)
        return ht_error_set(err, HT_USAGE,
                            "--order: with --gradient-noise one layer is looked at: --tensor NAME");
    return HT_OK;
}

/* One layer alone is told in full, and so is what --json has always printed. */
static bool is_detailed(const words *w, const ht_arguments *args)
{
    bool alone = args->word_count == 1 && ht_text_ends(args->words[0], ".npy");
    bool listed = w->format || w->columns || w->sort || w->layers || w->html || args->word_count > 1;
    return w->details || w->gradients || w->tensor || w->json || (alone && !listed);
}

static ht_code details(const words *w, const ht_arguments *args, const ht_tail_options *options,
                       ht_error *err)
{
    const struct {
        const char *name, *value;
    } others[] = {{"--layers", w->layers}, {"--sort", w->sort},         {"--columns", w->columns},
                  {"--format", w->format}, {"--spectrum", w->spectrum}, {"--memory", w->memory},
                  {"--html", w->html}};
    const char *because = w->details     ? "--details"
                          : w->gradients ? "--gradient-noise"
                          : w->tensor    ? "--tensor"
                          : w->json      ? "--json"
                                         : "one array";
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].value)
            return ht_error_set(err, HT_USAGE, "%s: is of the table of layers, which %s leaves out%s",
                                others[i].name, because,
                                strcmp(because, "--json") == 0 ? "; --format json prints it as JSON" : "");
    if (args->word_count > 1)
        return ht_error_set(err, HT_USAGE, "%s: two models are compared in the table of layers alone",
                            because);
    ht_details_request q = {.path = args->words[0],
                            .png = w->png,
                            .choice = {w->tensor, w->order},
                            .options = *options,
                            .gradients = w->gradients,
                            .json = w->json};
    q.options.spectrum = true;
    return ht_details_print(&q, args, err);
}

static ht_code table(const words *w, const ht_arguments *args, const ht_tail_options *options, ht_error *err)
{
    ht_tail_request q = {.paths = {args->words[0], args->word_count > 1 ? args->words[1] : NULL},
                         .model = {.layers = w->layers, .order = w->order, .tail = *options},
                         .columns = w->columns,
                         .sort = w->sort,
                         .png = w->png,
                         .html = w->html};
    if (w->format && !ht_listing_format_find(w->format, &q.format))
        return ht_error_set(err, HT_USAGE, "--format %.40s: give text, csv, markdown or json", w->format);
    if (w->spectrum && !ht_spectrum_unit_find(w->spectrum, &q.unit))
        return ht_error_set(err, HT_USAGE,
                            "--spectrum %.40s: give wtw (W\u1d40W, as WeightWatcher) or wtw/n (W\u1d40W/N)",
                            w->spectrum);
    if (ht_arguments_memory(w->memory, HT_MODEL_TAILS_LEAST, &q.model.memory, err) != HT_OK) return err->code;
    return ht_tail_table_print(&q, err);
}

int ht_cmd_tail(int argc, char **argv)
{
    words w = {0};
    ht_tail_options options = {0};
    ht_arguments args = {.word_limit = 2};
    ht_error err;
    ht_code code = parse(&w, &args, argc, argv, &err);
    if (code == HT_OK) code = positive("--k", w.k, &options.k, &err);
    if (code == HT_OK) code = positive("--m", w.m, &options.m, &err);
    if (code == HT_OK)
        code = is_detailed(&w, &args) ? details(&w, &args, &options, &err) : table(&w, &args, &options, &err);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
