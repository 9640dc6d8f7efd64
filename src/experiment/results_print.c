/* results_print.c - the results of a training run in words, for who sees them first. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "chart/tail_table.h"
#include "experiment/results.h"
#include "params/preset.h"

/* The name of a line in its column. */
static void begin(const char *name)
{
    static const int width = 14;
    printf("  %s%*s", name, width - (int)ht_utf8_length(name), "");
}

static const char *samples_of(const ht_results *r)
{
    return r->tokens > 0 ? "tokens" : "samples";
}

static const char *right_of(const ht_results *r)
{
    return r->tokens > 0 ? "predicted" : "classified";
}

/* Of token sequences: nats and bits a token, and what they are to be compared with. */
static void print_token_losses(const ht_results *r)
{
    const ht_token_losses *l = &r->losses;
    printf("%.4f nats (%.4f bits) a test token, %.4f (%.4f) a training token: cross-entropy\n", r->test.loss,
           ht_bits(r->test.loss), r->train.loss, ht_bits(r->train.loss));
    begin("");
    printf("who knows only how frequent tokens are has %.4f nats, who knows the token before %.4f\n",
           l->unigram, l->bigram);
    if (l->least <= 0) return;
    begin("");
    printf("the least to expect is %.4f nats (what made the text has %.4f on this test part)\n", l->least,
           l->least_test);
}

static void print_scores(const ht_results *r)
{
    char count[32];
    ht_format_grouped(count, sizeof count, (long long)r->test_samples * r->targets);
    begin("accuracy");
    printf("%.4f of the %s test %s are %s right, %.4f of the training %s\n", r->test.accuracy, count,
           samples_of(r), right_of(r), r->train.accuracy, samples_of(r));
    begin("loss");
    if (!isfinite(r->test.loss) || !isfinite(r->train.loss)) /* values beyond the floats have none */
        printf("no number: the network gives values beyond what a float holds\n");
    else if (r->tokens > 0)
        print_token_losses(r);
    else
        printf("%.4f on test samples, %.4f on training samples: cross-entropy in nats, 0 is best\n",
               r->test.loss, r->train.loss);
}

static void print_pruning(const ht_results *r, const ht_params *params)
{
    const char *metric = ht_params_get(params, HT_P_PRUNE_METRIC) == HT_FRO ? "ε" : "ε²";
    char removed[32], units[32];
    bool asked = ht_params_get(params, HT_P_PRUNE_RATIO) > 0;
    ht_format_grouped(removed, sizeof removed, r->prune.removed);
    ht_format_grouped(units, sizeof units, r->prune.units);
    begin("κ");
    printf("%.3f: %s of %s %s ", r->prune.ratio, removed, units, r->prune.unit);
    if (asked)
        printf("go, as prune.ratio asks, at a relative error %s = %.3g\n", metric, r->prune.error);
    else
        printf("can go before the relative error %s of the weights is above %g\n", metric,
               ht_params_get(params, HT_P_PRUNE_ERROR));
    begin("");
    printf("pruned so, %.4f of the test %s are %s right, %.4f of the training %s\n", r->prune.test.accuracy,
           samples_of(r), right_of(r), r->prune.train.accuracy, samples_of(r));
}

/* The first that nothing speaks against, or the first. */
static ht_estimator headline(const ht_tail_picture *p, const ht_estimator *shown, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (p->all[shown[i]].quality == HT_QUALITY_GOOD) return shown[i];
    return shown[0];
}

static void print_tail(const ht_tail_picture *p, const ht_params *params)
{
    static const ht_estimator shown[] = {HT_MMO, HT_ECF, HT_HILL};
    enum { SHOWN = sizeof shown / sizeof shown[0] };
    bool quiet =
        ht_params_get(params, HT_P_NOISE_TYPE) != HT_NOISE_NONE && ht_params_quiet(params, NULL) == 0;
    ht_estimator first = headline(p, shown, SHOWN);
    const ht_estimate *e = &p->all[first];
    const char *between = "others: ";
    char number[40];
    ht_tail_format(e, number, sizeof number);
    begin("tail index");
    printf("%s by %s, %s: %s\n", number, ht_estimator_at(first)->name, ht_quality_word(e->quality),
           ht_quality_meaning(e->quality));
    begin("");
    printf(
        "of the first layer's weights, centred%s, ± one standard error; 2 is a normal law, less is a heavier "
        "tail\n",
        quiet ? " (no noise acts on it, noise.first_conv is 0)" : "");
    begin("");
    for (size_t i = 0; i < SHOWN; i++) {
        if (shown[i] == first) continue;
        ht_tail_format(&p->all[shown[i]], number, sizeof number);
        printf("%s%s %s (%s)", between, ht_estimator_at(shown[i])->name, number,
               ht_quality_word(p->all[shown[i]].quality));
        between = ", ";
    }
    putchar('\n');
}

static void print_labels(const ht_labels *labels)
{
    char step[32];
    for (int i = 0; i < labels->count; i++) {
        ht_format_grouped(step, sizeof step, (long long)labels->label[i].step);
        begin(i ? "" : "labels");
        printf("%s: %s\n", step, labels->label[i].text);
    }
}

/* As a shell reads it. */
static const char *quoted(const char *path, ht_text *text)
{
    if (!strpbrk(path, " \t\n'\"$`\\&|;<>()*?[]#~=%!{}")) return path;
    ht_text_add(text, "'");
    for (const char *at = path; *at; at++)
        if (*at == '\'')
            ht_text_add(text, "'\\''");
        else
            ht_text_add(text, "%c", *at);
    ht_text_add(text, "'");
    return text->failed ? path : text->data;
}

static void print_commands(const char *run, const char *out, bool stopped)
{
    ht_text text = {0};
    const char *path = quoted(run ? run : out, &text);
    if (run && stopped) printf("heavytail train --run %s (goes on), ", path);
    if (run) printf("heavytail --run %s (the lab), ", path);
    printf("heavytail prune %s, heavytail tail %s\n", path, path);
    ht_text_free(&text);
}

/* Only what can be done with what is there. */
static void print_next(const ht_results *r, const char *run, const char *out)
{
    begin("kept in");
    if (run) printf("%s: settings, journal, metrics, checkpoint", run);
    if (out) printf("%s%s: the weights", run ? "; " : "", out);
    printf("%s\n", run || out ? "" : "nothing: --run DIR keeps a run");
    begin("try next");
    if (r->end == HT_END_DIVERGED)
        printf("a smaller --train.lr (η) or --noise.scale (σ): this training diverged\n");
    else if (run || out)
        print_commands(run, out, r->end == HT_END_STOPPED);
    else
        printf(
            "the same with --run DIR; without the word train it opens the lab; `heavytail explain WORD` says "
            "what a word means\n");
}

void ht_results_print(const ht_results *r, const ht_params *params, const ht_labels *labels, const char *run,
                      const char *out)
{
    char steps[32], title[64];
    ht_format_grouped(steps, sizeof steps, (long long)r->steps);
    ht_preset_title(params, title, sizeof title);
    printf("%s: %s after %s steps, %.2f s\n\n", title, ht_end_word(r->end), steps, r->seconds);
    print_scores(r);
    print_pruning(r, params);
    print_tail(&r->tail, params);
    ht_methods_print(&r->methods, params);
    print_labels(labels);
    print_next(r, run, out);
}
