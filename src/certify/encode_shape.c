#include "certify/encode_shape.h"

#include <string.h>

const char ht_encode_word[HT_ENCODE_FORMS][HT_ENCODE_WORD] = {
    {'H', 'T', 'C', '1'}, {'H', 'T', 'C', '2'}, {'H', 'T', 'C', '3'}};

enum { LETTER = 7, MOST_DIGITS = 23 }; /* bits of one; of a float */
static const uint32_t most_numbers = HT_ENCODE_NUMBERS_MAX;

/* ---- what is written and read ---- */

static void code_widths(ht_coder *c, ht_encode_shape *s)
{
    s->depth = ht_coder_number(c, s->depth);
    for (uint32_t l = 0; l < s->depth && l < HT_HIDDEN_MAX; l++)
        s->width[l] = ht_coder_number(c, s->width[l]);
}

static void code_one_width(ht_coder *c, ht_encode_shape *s)
{
    s->width[0] = ht_coder_number(c, s->width[0]);
    s->depth = ht_coder_number(c, s->depth);
    for (int l = 1; l < HT_HIDDEN_MAX; l++) s->width[l] = s->width[0];
}

static void code_dense(ht_coder *c, ht_encode_shape *s)
{
    s->inputs = ht_coder_number(c, s->inputs);
    if (s->form == 2)
        code_widths(c, s);
    else
        code_one_width(c, s);
    s->classes = ht_coder_number(c, s->classes);
    s->activation = ht_coder_raw(c, 2, s->activation);
    s->mean_field = ht_coder_raw(c, 1, s->mean_field);
    s->bits = ht_coder_number(c, s->bits);
}

/* Its letters teach a tree of models. A line that is too long reads as an empty one, which makes no network.
 */
static void code_line(ht_coder *c, char line[HT_PARAM_TEXT])
{
    ht_model letters[1 << LETTER];
    for (int i = 0; i < 1 << LETTER; i++) letters[i] = ht_model_fresh;
    uint32_t length = ht_coder_number(c, (uint32_t)strlen(line) + 1) - 1;
    if (length >= HT_PARAM_TEXT) length = 0;
    for (uint32_t i = 0; i < length; i++)
        line[i] = (char)ht_coder_tree(c, letters, LETTER, (uint32_t)line[i]);
    line[length] = '\0';
}

static void code_any(ht_coder *c, ht_encode_shape *s)
{
    s->channels = ht_coder_number(c, s->channels);
    s->height = ht_coder_number(c, s->height);
    s->across = ht_coder_number(c, s->across);
    s->classes = ht_coder_number(c, s->classes);
    s->mean_field = ht_coder_raw(c, 1, s->mean_field);
    s->biases = ht_coder_raw(c, 1, s->biases);
    s->bits = ht_coder_number(c, s->bits);
    s->digits = ht_coder_number(c, s->digits + 1) - 1;
    code_line(c, s->line);
}

void ht_encode_shape_code(ht_coder *c, ht_encode_shape *s)
{
    if (s->form == 3)
        code_any(c, s);
    else
        code_dense(c, s);
}

/* ---- of a network ---- */

static int form_of(const ht_network *net)
{
    bool plain = ht_network_is_dense(net) && ht_network_one_activation(net) && !ht_network_has_biases(net);
    if (!plain || ht_network_activation(net, 0) > HT_TANH) return 3;
    for (int l = 1; l < ht_network_hidden(net); l++)
        if (net->weights[l]->rows != net->weights[0]->rows) return 2;
    return 1;
}

/* Has any layer a tensor for them? Norms have, too. */
static bool has_room_for_biases(const ht_network *net)
{
    for (int t = 0; t < net->tensor_count; t++)
        if (net->tensors[t].bias) return true;
    return false;
}

void ht_encode_shape_of(ht_encode_shape *s, const ht_network *net, const ht_quantizer *quantizer)
{
    *s = (ht_encode_shape){.form = form_of(net),
                           .inputs = (uint32_t)net->inputs,
                           .depth = (uint32_t)ht_network_hidden(net),
                           .classes = (uint32_t)net->classes,
                           .mean_field = net->mean_field,
                           .bits = (uint32_t)quantizer->bits,
                           .channels = (uint32_t)net->input.channels,
                           .height = (uint32_t)net->input.height,
                           .across = (uint32_t)net->input.width,
                           .biases = has_room_for_biases(net),
                           .digits = (uint32_t)quantizer->digits};
    for (int l = 0; l < ht_network_hidden(net); l++) s->width[l] = (uint32_t)net->weights[l]->rows;
    if (s->form != 3)
        s->activation = (uint32_t)ht_network_activation(net, 0);
    else if (!ht_network_line(net, s->line, sizeof s->line))
        s->line[0] = '\0';
}

/* ---- a network of it ---- */

static bool dense_makes_sense(const ht_encode_shape *s)
{
    if (s->depth < 1 || s->depth > HT_HIDDEN_MAX || s->activation > HT_TANH || s->inputs >= most_numbers ||
        s->classes >= most_numbers)
        return false;
    uint64_t weights = 0, before = s->inputs;
    for (uint32_t l = 0; l < s->depth; l++) {
        if (s->width[l] >= most_numbers) return false;
        weights += before * s->width[l];
        before = s->width[l];
    }
    return weights + before * s->classes <= most_numbers;
}

static ht_network *nonsense(const char *why, ht_error *err)
{
    ht_error_set(err, HT_FAIL, "the code's shape makes no sense: %s; the file is damaged", why);
    return NULL;
}

static ht_network *make_dense(const ht_encode_shape *s, ht_error *err)
{
    int width[HT_HIDDEN_MAX] = {0};
    if (!dense_makes_sense(s)) return nonsense("these are no widths of layers", err);
    for (int l = 0; l < HT_HIDDEN_MAX; l++) width[l] = (int)s->width[l];
    return ht_network_new_widths((int)s->inputs, width, (int)s->depth, (int)s->classes,
                                 (ht_activation)s->activation, s->mean_field != 0, err);
}

size_t ht_encode_numbers(const ht_network *net)
{
    size_t numbers = 0;
    for (int t = 0; t < net->tensor_count; t++) numbers += ht_tensor_size(&net->tensors[t]);
    return numbers;
}

static ht_network *make_any(const ht_encode_shape *s, ht_error *err)
{
    ht_params params;
    ht_error why;
    const ht_shape input = {(int)s->channels, (int)s->height, (int)s->across};
    if ((double)s->channels * s->height * s->across > most_numbers || s->classes > most_numbers)
        return nonsense("samples or classes are too large", err);
    if (s->digits > MOST_DIGITS || s->line[0] == '\0') return nonsense("it says no layers", err);
    ht_params_init(&params);
    ht_params_put(&params, HT_P_MODEL_ACTIVATION, HT_RELU);
    ht_params_put(&params, HT_P_MODEL_BIAS, s->biases);
    ht_params_put(&params, HT_P_MODEL_MEAN_FIELD, s->mean_field);
    if (ht_params_set(&params, "model.layers", s->line, &why) != HT_OK) return nonsense(why.text, err);
    ht_network *outline = ht_network_outline(&params, input, (int)s->classes, &why);
    if (!outline) return nonsense(why.text, err);
    bool small = ht_encode_numbers(outline) <= most_numbers;
    ht_network_free(outline);
    if (!small) return nonsense("it has too many numbers", err);
    return ht_network_of(&params, input, (int)s->classes, err);
}

ht_network *ht_encode_shape_make(const ht_encode_shape *s, ht_error *err)
{
    if (s->bits > HT_ENCODE_BITS_MAX) return nonsense("weights of so many bits", err);
    return s->form == 3 ? make_any(s, err) : make_dense(s, err);
}
