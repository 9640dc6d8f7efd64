/* Token sequences: texts and what is cut from them, the chain of known entropy, losses to compare with. */
#include "test_data_files.h"

#include <math.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "data/synth/markov.h"
#include "data/tokens/token_losses.h"
#include "data/tokens/tokens.h"
#include "data/tokens/vocabulary.h"

enum { K = HT_MARKOV_KINDS };

static void near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within)) fail_msg("%.17g, not %.17g ± %g", value, expected, within);
}

static ht_dataset *load_with(const char *name, const ht_data_options *options)
{
    ht_error err = {0};
    ht_dataset *data = ht_dataset_load(name, options, &err);
    if (!data) fail_msg("%s: %s", name, err.text);
    return data;
}

static ht_dataset *load_text(const char *text, size_t size, int context, double split)
{
    put("some.txt", text, size);
    return load_with("text:some.txt",
                     &(ht_data_options){.dir = work_dir, .seed = 1, .context = context, .split = split});
}

/* ---- the chain --------------------------------------------------------------------------------- */

/* The stationary distribution once more, from π = πP and Σπ = 1 by elimination. */
static void solve_pairs(const ht_markov *m, double pairs[K * K])
{
    enum { N = K * K };
    static double a[N][N + 1];
    memset(a, 0, sizeof a);
    for (int i = 0; i < N; i++) a[i][i] = -1;
    for (int i = 0; i < N; i++)
        for (int c = 0; c < K; c++) a[i % K * K + c][i] += m->next[i / K][i % K][c];
    for (int i = 0; i <= N; i++) a[N - 1][i] = 1; /* one equation follows from the others */
    for (int k = 0; k < N; k++) {
        int best = k;
        for (int i = k; i < N; i++)
            if (fabs(a[i][k]) > fabs(a[best][k])) best = i;
        for (int j = 0; j <= N; j++) {
            double kept = a[k][j];
            a[k][j] = a[best][j], a[best][j] = kept;
        }
        for (int i = 0; i < N; i++) {
            double factor = i == k ? 0 : a[i][k] / a[k][k];
            for (int j = k; factor != 0 && j <= N; j++) a[i][j] -= factor * a[k][j];
        }
    }
    for (int k = 0; k < N; k++) pairs[k] = a[k][N] / a[k][k];
}

/* Entropy of texts of 1 .. 4 characters, all of them enumerated. */
static double block_entropy(const ht_markov *m, const double pairs[K * K], int length)
{
    double sum = 0;
    int count = 1;
    for (int i = 0; i < length; i++) count *= K;
    for (int text = 0; text < count; text++) {
        int of[4] = {0};
        for (int i = length, rest = text; i-- > 0; rest /= K) of[i] = rest % K;
        double p = 0;
        if (length == 1)
            for (int b = 0; b < K; b++) p += pairs[of[0] * K + b];
        else
            p = pairs[of[0] * K + of[1]];
        for (int i = 2; i < length; i++) p *= m->next[of[i - 2]][of[i - 1]][of[i]];
        sum -= p * log(p);
    }
    return sum;
}

static void entropies_are_those_of_all_texts_enumerated(void **state)
{
    (void)state;
    static ht_markov m;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        double pairs[K * K], h[5] = {0};
        ht_markov_make(seed, &m);
        solve_pairs(&m, pairs);
        for (int i = 0; i < K * K; i++) near(m.pairs[i / K][i % K], pairs[i], 1e-14);
        for (int i = 1; i <= 4; i++) h[i] = block_entropy(&m, pairs, i);
        near(ht_markov_entropy(&m, 0), h[1], 1e-11);
        near(ht_markov_entropy(&m, 1), h[2] - h[1], 1e-11);
        near(ht_markov_entropy(&m, 2), h[3] - h[2], 1e-11);
        near(ht_markov_entropy(&m, 2), h[4] - h[3], 1e-11); /* more than two known do not help */
        for (int a = 0; a < K; a++)
            for (int b = 0; b < K; b++) {
                double sum = 0;
                for (int c = 0; c < K; c++) sum += m.next[a][b][c], assert_true(m.next[a][b][c] > 0);
                near(sum, 1, 1e-14);
            }
    }
}

static void two_tokens_are_needed(void **state)
{
    (void)state;
    static ht_markov m;
    ht_markov_make(1, &m);
    assert_true(ht_markov_entropy(&m, 2) < 0.65 * log(K));
    assert_true(ht_markov_entropy(&m, 1) > ht_markov_entropy(&m, 2) + 0.3);
    assert_true(ht_markov_entropy(&m, 0) > ht_markov_entropy(&m, 1) + 0.3);
}

/* Entropy of the last of three from counts of a text: known by none, one, two. */
static double counted(const int32_t *text, size_t count, int known)
{
    static double n[K][K][K], before[K][K];
    double sum = 0;
    memset(n, 0, sizeof n);
    memset(before, 0, sizeof before);
    for (size_t i = 2; i < count; i++) {
        int a = known > 1 ? text[i - 2] : 0, b = known > 0 ? text[i - 1] : 0;
        n[a][b][text[i]]++, before[a][b]++;
    }
    for (int a = 0; a < K; a++)
        for (int b = 0; b < K; b++)
            for (int c = 0; c < K; c++)
                if (n[a][b][c] > 0) sum -= n[a][b][c] * log(n[a][b][c] / before[a][b]);
    return sum / (double)(count - 2);
}

static void a_long_text_has_that_entropy(void **state)
{
    (void)state;
    enum { COUNT = 2000000 };
    static ht_markov m;
    static int32_t text[COUNT];
    ht_rng rng;
    ht_markov_make(1, &m);
    ht_rng_init(&rng, 3, HT_STREAM_TEST, 0);
    ht_markov_text(&m, &rng, text, COUNT);
    double sum = 0, square = 0;
    for (int i = 2; i < COUNT; i++) {
        double loss = -log(m.next[text[i - 2]][text[i - 1]][text[i]]);
        sum += loss, square += loss * loss;
    }
    double mean = sum / (COUNT - 2), error = sqrt((square / (COUNT - 2) - mean * mean) / COUNT);
    near(mean, ht_markov_entropy(&m, 2), 8 * error); /* neighbours are not independent: twice 4 errors */
    assert_true(8 * error < 0.01);
    for (int known = 0; known <= 2; known++)
        near(counted(text, COUNT, known), ht_markov_entropy(&m, known), 0.006);
}

/* ---- markov as a data set ---------------------------------------------------------------------- */

static void check_sequences(const ht_dataset *data, int context)
{
    assert_int_equal(data->inputs, context);
    assert_int_equal(data->targets, context);
    assert_int_equal(data->classes, data->tokens);
    assert_shape(data, 1, 1, context);
    const ht_samples *parts[] = {&data->train, &data->test};
    for (int p = 0; p < 2; p++) {
        size_t values = parts[p]->count * (size_t)context;
        assert_true(values > 0);
        for (size_t i = 0; i < values; i++) {
            float x = parts[p]->x[i];
            assert_true(x >= 0 && x < (float)data->tokens && x == floorf(x));
            assert_in_range(parts[p]->labels[i], 0, data->tokens - 1);
            if ((i + 1) % (size_t)context) assert_true((float)parts[p]->labels[i] == parts[p]->x[i + 1]);
        }
    }
}

/* What the chain itself loses on a part, position by position as a network sees it. */
static double chain_loss(const ht_markov *m, const ht_samples *part, int context)
{
    double sum = 0;
    for (size_t i = 0; i < part->count * (size_t)context; i++) {
        int b = (int)part->x[i], c = part->labels[i];
        bool first = i % (size_t)context == 0;
        sum -= log(first ? ht_markov_after(m, b, c) : m->next[(int)part->x[i - 1]][b][c]);
    }
    return sum / ((double)part->count * context);
}

static void markov_knows_the_least_loss(void **state)
{
    (void)state;
    static ht_markov m;
    static const int contexts[] = {1, 2, 64, 100};
    ht_markov_make(1, &m);
    for (int i = 0; i < 4; i++) {
        int context = contexts[i];
        ht_dataset *data = load_with("markov", &(ht_data_options){.seed = 1, .context = context});
        check_sequences(data, context);
        assert_int_equal(data->tokens, K);
        double first = ht_markov_entropy(&m, 1), rate = ht_markov_entropy(&m, 2);
        near(data->entropy, rate, 1e-12);
        near(data->losses.least, rate + (first - rate) / context, 1e-12);
        near(data->losses.least_test, chain_loss(&m, &data->test, context), 1e-9);
        near(data->losses.least_test, data->losses.least, 0.02);
        near(data->losses.bigram, first, 0.02);
        near(data->losses.unigram, ht_markov_entropy(&m, 0), 0.02);
        assert_true(data->losses.bigram_entropy < data->losses.unigram_entropy);
        ht_dataset_free(data);
    }
}

static void markov_is_one_text_cut_in_blocks(void **state)
{
    (void)state;
    ht_dataset *data = load_with("markov", &(ht_data_options){.seed = 1});
    assert_int_equal(data->inputs, HT_CONTEXT_DEFAULT);
    const ht_samples *part = &data->train;
    size_t context = (size_t)data->inputs;
    for (size_t i = 1; i < part->count; i++) /* each begins with what the one before had to say last */
        assert_true(part->x[i * context] == (float)part->labels[i * context - 1]);
    for (int t = 0; t < K; t++) assert_int_equal(data->characters[t], ht_markov_characters[t]);
    assert_string_equal(data->class_names[0], "space");
    assert_string_equal(data->class_names[1], "a");
    ht_dataset *few = load_with("markov", &(ht_data_options){.seed = 1, .train_limit = 3, .test_limit = 2}),
               *other = load_with("markov", &(ht_data_options){.seed = 2, .train_limit = 3, .test_limit = 2});
    assert_int_equal(few->train.count, 3);
    assert_memory_equal(few->train.x, data->train.x, 3 * context * sizeof(float));
    assert_memory_equal(few->test.labels, data->test.labels, 2 * context * sizeof(int32_t));
    assert_memory_not_equal(few->train.x, other->train.x, 3 * context * sizeof(float));
    static ht_markov m;
    ht_markov_make(1, &m);
    near(few->losses.least_test, chain_loss(&m, &few->test, (int)context), 1e-12);
    ht_dataset_free(data), ht_dataset_free(few), ht_dataset_free(other);
}

/* ---- losses of frequencies ---------------------------------------------------------------------- */

enum { MOST = 12 };

/* As the sentences in dataset.h say it, without any cleverness. */
static ht_token_losses slow_losses(const ht_dataset *d)
{
    double n[MOST] = {0}, pair[MOST][MOST] = {{0}}, all = 0, kinds = 0, T = d->inputs;
    ht_token_losses l = {0};
    for (size_t i = 0; i < d->train.count * (size_t)T; i++)
        n[d->train.labels[i]]++, pair[(int)d->train.x[i]][d->train.labels[i]]++, all++;
    for (int c = 0; c < d->tokens; c++) kinds += n[c] > 0;
    for (size_t i = 0; i < d->train.count * (size_t)T; i++) {
        double row = 0, *of = pair[(int)d->train.x[i]];
        for (int c = 0; c < d->tokens; c++) row += of[c];
        l.unigram_entropy -= log(n[d->train.labels[i]] / all) / all;
        l.bigram_entropy -= log(of[d->train.labels[i]] / row) / all;
    }
    double tested = (double)d->test.count * T;
    for (size_t i = 0; i < d->test.count * (size_t)T; i++) {
        double row = 0, fresh = 0, *of = pair[(int)d->test.x[i]];
        for (int c = 0; c < d->tokens; c++) row += of[c], fresh += of[c] > 0;
        double alone = (n[d->test.labels[i]] + kinds / d->tokens) / (all + kinds);
        double after = row > 0 ? (of[d->test.labels[i]] + fresh * alone) / (row + fresh) : alone;
        l.unigram -= log(alone) / tested;
        l.bigram -= log(after) / tested;
    }
    return l;
}

static void losses_of_frequencies_are_those_of_the_definition(void **state)
{
    (void)state;
    ht_rng rng;
    ht_rng_init(&rng, 4, HT_STREAM_TEST, 0);
    for (int round = 0; round < 50; round++) {
        char text[600];
        uint32_t kinds = 2 + ht_rng_below(&rng, MOST - 1);
        size_t size = 20 + ht_rng_below(&rng, 580);
        for (size_t i = 0; i < size; i++) {
            uint32_t a = ht_rng_below(&rng, kinds), b = ht_rng_below(&rng, kinds);
            text[i] = (char)('a' + (a < b ? a : b));
        }
        text[0] = 'a', text[1] = 'b';
        ht_dataset *data = load_text(text, size, 1 + (int)ht_rng_below(&rng, 9), 0.3);
        ht_token_losses slow = slow_losses(data), *l = &data->losses;
        near(l->unigram, slow.unigram, 1e-12);
        near(l->bigram, slow.bigram, 1e-12);
        near(l->unigram_entropy, slow.unigram_entropy, 1e-12);
        near(l->bigram_entropy, slow.bigram_entropy, 1e-12);
        assert_true(data->entropy == 0 && l->least == 0 && l->least_test == 0); /* nobody knows */
        ht_dataset_free(data);
    }
}

/* ---- texts -------------------------------------------------------------------------------------- */

/* A text each of whose characters occurs once tells where everything came from. */
static size_t unique_text(char *to, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) size += ht_utf8_encode((unsigned)(0x4e00 + i), to + size);
    return size;
}

/* How often each place of the text is a target, of the part's samples. */
static void count_targets(const ht_dataset *data, const ht_samples *part, int *times)
{
    size_t context = (size_t)data->inputs;
    for (size_t i = 0; i < part->count; i++) {
        int from = (int)part->x[i * context];
        for (size_t j = 0; j < context; j++) {
            assert_true(part->x[i * context + j] == (float)(from + (int)j));
            assert_int_equal(part->labels[i * context + j], from + (int)j + 1);
            times[from + (int)j + 1]++;
        }
    }
}

static size_t number_before(const char *notes, const char *words)
{
    const char *at = notes ? strstr(notes, words) : NULL;
    if (!at) return 0;
    while (at > notes && at[-1] != '\n') at--;
    return strtoul(at, NULL, 10);
}

static void a_text_is_split_by_place(void **state)
{
    (void)state;
    static char text[3 * 20000 + 5];
    static const struct {
        size_t count;
        int context;
        double split;
    } cases[] = {{20000, 64, 0.2}, {20000, 7, 0.1}, {20000, 64, 0.9},  {20000, 64, 0.01},
                 {20000, 1, 0.9},  {20000, 2, 0.5}, {300, 64, 0.2},    {130, 64, 0.2},
                 {131, 64, 0.9},   {4, 1, 0.2},     {5000, 2499, 0.5}, {700, 3, 0.8}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        size_t count = cases[k].count, context = (size_t)cases[k].context;
        static int train[20001], test[20001];
        ht_dataset *data = load_text(text, unique_text(text, count), cases[k].context, cases[k].split);
        assert_int_equal(data->tokens, count); /* of the whole file */
        check_sequences(data, cases[k].context);
        memset(train, 0, sizeof train), memset(test, 0, sizeof test);
        count_targets(data, &data->train, train);
        count_targets(data, &data->test, test);
        size_t targets = 0, tested = 0, changes = 0, stretches = 1 + (test[count - 1] > 0);
        for (size_t i = 0; i < count; i++) {
            assert_true(train[i] + test[i] <= 1); /* no place is used twice, none in both parts */
            targets += (size_t)(train[i] + test[i]), tested += (size_t)test[i];
            changes += i > 0 && test[i] != test[i - 1];
        }
        assert_true(changes <= 2 * HT_TEXT_STRETCHES); /* the test part lies together */
        double wanted = cases[k].split * (double)(count - 1) / (double)context;
        bool roomy = count > 100 * context;
        if (roomy) near((double)data->test.count, wanted, 1);
        if (roomy) assert_true((double)targets > 0.95 * (double)count);
        /* Nothing is lost in silence: what is no target begins a stretch or is named. */
        size_t left = number_before(data->notes, "fill no sample");
        size_t heads = count - targets - left;
        assert_true(heads >= stretches && heads <= 2 * HT_TEXT_STRETCHES + 1);
        ht_dataset_free(data);
    }
}

/* The first samples of a long text's test part come from all over it. */
static void the_first_samples_are_a_fair_part(void **state)
{
    (void)state;
    static char text[3 * 20000 + 5];
    size_t size = unique_text(text, 20000);
    put("fair.txt", text, size);
    const ht_data_options few = {
        .dir = work_dir, .seed = 1, .context = 10, .split = 0.2, .train_limit = 100, .test_limit = 80};
    ht_data_options all = few;
    all.train_limit = all.test_limit = 0;
    ht_dataset *some = load_with("text:fair.txt", &few), *whole = load_with("text:fair.txt", &all);
    assert_int_equal(some->train.count, 100);
    assert_int_equal(some->test.count, 80);
    assert_int_equal(some->tokens, whole->tokens);
    assert_memory_equal(some->train.x, whole->train.x, 1000 * sizeof(float));
    assert_memory_equal(some->test.labels, whole->test.labels, 800 * sizeof(int32_t));
    int eighths[8] = {0};
    for (int i = 0; i < 80; i++) eighths[(int)some->test.x[i * 10] / 2500]++;
    for (int i = 0; i < 8; i++) assert_in_range(eighths[i], 2, 25);
    ht_dataset_free(some), ht_dataset_free(whole);
}

static void another_seed_is_another_split(void **state)
{
    (void)state;
    static char text[3 * 5000 + 5];
    put("split.txt", text, unique_text(text, 5000));
    ht_data_options options = {.dir = work_dir, .seed = 1, .context = 10};
    ht_dataset *a = load_with("text:split.txt", &options), *same = load_with("text:split.txt", &options);
    options.seed = 2;
    ht_dataset *b = load_with("text:split.txt", &options);
    size_t bytes = a->test.count * 10 * sizeof(float);
    assert_int_equal(a->test.count, b->test.count);
    assert_memory_equal(a->test.x, same->test.x, bytes);
    assert_memory_not_equal(a->test.x, b->test.x, bytes);
    ht_dataset_free(a), ht_dataset_free(same), ht_dataset_free(b);
}

static void characters_and_bytes_are_tokens(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf"
                               "b\xc3\xa9 a\n\xe2\x82\xac\tb\xc3\xa9 a\n\xe2\x82\xac\t";
    static const unsigned characters[] = {'\t', '\n', ' ', 'a', 'b', 0xe9, 0x20ac};
    static const char *const names[] = {"\\t", "\\n", "space", "a", "b", "\xc3\xa9", "\xe2\x82\xac"};
    ht_dataset *data = load_text(text, sizeof text - 1, 2, 0.2);
    assert_int_equal(data->tokens, 7);
    assert_false(data->bytes);
    assert_non_null(strstr(data->notes, "byte order mark"));
    for (int t = 0; t < 7; t++) {
        assert_int_equal(data->characters[t], characters[t]);
        assert_string_equal(data->class_names[t], names[t]);
    }
    ht_dataset_free(data);
    data = load_with("text:some.txt",
                     &(ht_data_options){.dir = work_dir, .seed = 1, .context = 2, .tokens = HT_TOKENS_BYTES});
    assert_int_equal(data->tokens, 13);
    assert_true(data->bytes);
    assert_int_equal(data->characters[12], 0xef);
    assert_string_equal(data->class_names[12], "\\xef");
    assert_string_equal(data->class_names[5], "\\x82");
    ht_dataset_free(data);
}

static void names_show_every_token_cleanly(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x11000; c++) {
        char name[HT_LABEL_NAME], clean[HT_LABEL_NAME];
        if (c >= 0xd800 && c < 0xe000) continue;
        for (int bytes = 0; bytes < (c < 256 ? 2 : 1); bytes++) {
            ht_character_name(c, bytes, name);
            strcpy(clean, name);
            ht_text_clean(clean);
            assert_string_equal(clean, name);
            assert_true(*name && *name != ' ');
        }
    }
}

static void what_only_the_test_part_has_is_named(void **state)
{
    (void)state;
    static char text[3 * 20000 + 5];
    ht_dataset *data = load_text(text, unique_text(text, 300), 64, 0.2);
    size_t unseen = number_before(data->notes, "do not occur in the training part");
    size_t left = number_before(data->notes, "fill no sample");
    assert_int_equal(unseen, 65 + left); /* each character is in one place */
    ht_dataset_free(data);
    memset(text, 'a', 20000);
    for (size_t i = 0; i < 20000; i += 2) text[i] = 'b';
    data = load_text(text, 20000, 64, 0.2);
    assert_int_equal(number_before(data->notes, "do not occur"), 0);
    ht_dataset_free(data);
}

static void scales_change_nothing_and_say_so(void **state)
{
    (void)state;
    static const ht_data_scale scales[] = {HT_SCALE_STANDARD, HT_SCALE_MINMAX};
    ht_dataset *plain = load_with("markov", &(ht_data_options){.seed = 1, .train_limit = 50});
    assert_null(plain->notes);
    for (int i = 0; i < 2; i++) {
        ht_dataset *data =
            load_with("markov", &(ht_data_options){.seed = 1, .train_limit = 50, .scale = scales[i]});
        assert_int_equal(data->train.count, 50);
        assert_memory_equal(data->train.x, plain->train.x, 50 * 64 * sizeof(float));
        assert_non_null(strstr(data->notes, "data.scale"));
        ht_dataset_free(data);
    }
    ht_dataset_free(plain);
}

/* ---- what is no text ---------------------------------------------------------------------------- */

static void bad_text(const void *text, size_t size, const char *word, const char *other)
{
    put("bad.txt", text, size);
    load_bad("text:bad.txt", HT_FAIL, word, other);
    load_bad("text:bad.txt", HT_FAIL, "bad.txt", NULL);
}

static void bad_texts_are_told(void **state)
{
    (void)state;
    static char text[4 * 110000];
    bad_text("", 0, "is empty", NULL);
    bad_text("\xef\xbb\xbf", 3, "is empty", NULL);
    bad_text("one\ntwo\xe9\n", 9, "bad.txt:2: byte 8", "data.tokens=bytes");
    bad_text("one\ntwo\0\n", 9, "bad.txt:2: byte 8", "zero");
    bad_text("\xff\xfeo\0n\0e\0", 8, "UTF-16", NULL);
    bad_text("\x1f\x8b\x08 and so on", 12, "gunzip", NULL);
    bad_text("ab\xc3", 3, "byte 3", "UTF-8");         /* cut at the end */
    bad_text("ab\xed\xa0\x80", 5, "byte 3", "UTF-8"); /* half of a pair */
    bad_text("ab\xc0\xaf", 4, "byte 3", "UTF-8");     /* longer than it need be */
    memset(text, 'a', 1000);
    bad_text(text, 1000, "all of its 1000 characters are the same, 'a'", NULL);
    memset(text, '\n', 1000);
    bad_text(text, 1000, "'\\n'", NULL);
    bad_text("abc", 3, "has 3 tokens", NULL);
    for (int i = 0; i < 129; i++) text[i] = (char)('a' + i % 7);
    bad_text(text, 129, "need 65 each", "63 or less");
    size_t size = 0;
    for (unsigned c = 0x10000; c < 0x10000 + 100001; c++) size += ht_utf8_encode(c, text + size);
    bad_text(text, size, "100001 different characters", "data.tokens=bytes");
}

static void any_file_is_bytes(void **state)
{
    (void)state;
    char all[1024];
    for (int i = 0; i < 1024; i++) all[i] = (char)i;
    put("bytes.bin", all, sizeof all);
    ht_dataset *data =
        load_with("text:bytes.bin",
                  &(ht_data_options){.dir = work_dir, .seed = 1, .context = 16, .tokens = HT_TOKENS_BYTES});
    assert_int_equal(data->tokens, 256);
    for (int t = 0; t < 256; t++) assert_int_equal(data->characters[t], t);
    ht_dataset_free(data);
}

static void damaged_texts_are_errors_or_texts(void **state)
{
    (void)state;
    static char text[400];
    size_t size = 0;
    for (unsigned i = 0; i < 170; i++)
        size += ht_utf8_encode(i % 3 ? 'a' + i % 17 : 0xe0 + i % 30, text + size);
    sweep("damaged.txt", text, size, "text:damaged.txt");
}

/* ---- memory ------------------------------------------------------------------------------------- */

static int allocations_left;

static bool allow(size_t bytes)
{
    (void)bytes;
    return allocations_left-- > 0;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const names[] = {"text:memory.txt", "markov"};
    put_text("memory.txt", "so that it is a text of some length, with a few different characters in it.");
    for (int k = 0; k < 2; k++) {
        int tries = 0;
        for (bool done = false; !done; tries++) {
            ht_error err = {0};
            allocations_left = tries;
            ht_alloc_ask(allow);
            ht_dataset *data = ht_dataset_load(
                names[k],
                &(ht_data_options){
                    .dir = work_dir, .seed = 1, .context = 4, .train_limit = 5, .test_limit = 5},
                &err);
            ht_alloc_ask(NULL);
            done = data != NULL;
            if (!done) assert_non_null(strstr(err.text, "not enough memory"));
            ht_dataset_free(data);
        }
        assert_true(tries > 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entropies_are_those_of_all_texts_enumerated),
        cmocka_unit_test(two_tokens_are_needed),
        cmocka_unit_test(a_long_text_has_that_entropy),
        cmocka_unit_test(markov_knows_the_least_loss),
        cmocka_unit_test(markov_is_one_text_cut_in_blocks),
        cmocka_unit_test(losses_of_frequencies_are_those_of_the_definition),
        cmocka_unit_test(a_text_is_split_by_place),
        cmocka_unit_test(the_first_samples_are_a_fair_part),
        cmocka_unit_test(another_seed_is_another_split),
        cmocka_unit_test(characters_and_bytes_are_tokens),
        cmocka_unit_test(names_show_every_token_cleanly),
        cmocka_unit_test(what_only_the_test_part_has_is_named),
        cmocka_unit_test(scales_change_nothing_and_say_so),
        cmocka_unit_test(bad_texts_are_told),
        cmocka_unit_test(any_file_is_bytes),
        cmocka_unit_test(damaged_texts_are_errors_or_texts),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup_files, remove_files);
}
