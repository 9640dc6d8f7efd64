#include "certify/encode.h"

#include <math.h>
#include <string.h>

#include "certify/coder.h"
#include "certify/encode_shape.h"
#include "certify/encode_tensors.h"

/* ---- writing ---- */

static const ht_tensor *find_tensor(const ht_network *net, const char *name)
{
    for (int t = 0; t < net->tensor_count; t++)
        if (strcmp(net->tensors[t].name, name) == 0) return &net->tensors[t];
    return NULL;
}

/* The numbers of `net` in `said`, the network of its code, all zeros: biases that `net` lacks stay so. False:
 * it has other layers. */
static bool take_numbers(ht_network *said, const ht_network *net)
{
    int taken = 0;
    for (int t = 0; t < said->tensor_count; t++) {
        ht_tensor *to = &said->tensors[t];
        const ht_tensor *from = find_tensor(net, to->name);
        if (!from) continue;
        if (from->rows != to->rows || from->columns != to->columns) return false;
        memcpy(to->data, from->data, ht_tensor_size(to) * sizeof(float));
        taken++;
    }
    return said->layer_count == net->layer_count && taken == net->tensor_count;
}

static bool is_finite(const ht_network *net)
{
    for (int t = 0; t < net->tensor_count; t++)
        for (size_t i = 0; i < ht_tensor_size(&net->tensors[t]); i++)
            if (!isfinite(net->tensors[t].data[i])) return false;
    return true;
}

static ht_code check(const ht_encode_shape *shape, const ht_network *net, ht_error *err)
{
    if (ht_encode_numbers(net) > HT_ENCODE_NUMBERS_MAX)
        return ht_error_set(err, HT_FAIL, "has %zu numbers, too many for a code: no certificate",
                            ht_encode_numbers(net));
    if (!is_finite(net))
        return ht_error_set(err, HT_FAIL,
                            "has numbers that are not finite: they have no code, and the "
                            "network no certificate");
    if (shape->form == 3 && shape->line[0] == '\0')
        return ht_error_set(err, HT_FAIL,
                            "has layers whose line is longer than model.layers may be: no certificate");
    return HT_OK;
}

/* The network that a decoder has before it reads the numbers, with those of `net`. */
static ht_network *network_said(const ht_encode_shape *shape, const ht_network *net, ht_error *err)
{
    ht_error why;
    ht_network *said = ht_encode_shape_make(shape, &why);
    if (said && take_numbers(said, net)) return said;
    ht_network_free(said);
    ht_error_set(err, HT_FAIL, "has layers that model.layers cannot say: no certificate");
    return NULL;
}

static ht_code write_code(ht_encode_shape *shape, ht_network *net, ht_quantizer quantizer, ht_text *out,
                          ht_error *err)
{
    ht_coder c;
    ht_text_add_bytes(out, ht_encode_word[shape->form - 1], HT_ENCODE_WORD);
    ht_coder_write(&c, out);
    ht_encode_shape_code(&c, shape);
    if (ht_encode_tensors(&c, net, &quantizer, shape->form == 3, err) != HT_OK) return err->code;
    ht_coder_end(&c);
    return out->failed ? ht_error_set(err, HT_FAIL, "not enough memory for the code") : HT_OK;
}

ht_code ht_encode_network(const ht_network *net, const ht_quantizer *quantizer, ht_text *out, ht_error *err)
{
    ht_encode_shape shape;
    ht_network same = *net; /* written, not changed */
    ht_encode_shape_of(&shape, net, quantizer);
    if (check(&shape, net, err) != HT_OK) return err->code;
    if (shape.form != 3) return write_code(&shape, &same, *quantizer, out, err);
    ht_network *said = network_said(&shape, net, err);
    ht_code code = said ? write_code(&shape, said, *quantizer, out, err) : HT_FAIL;
    ht_network_free(said);
    return code;
}

/* ---- reading ---- */

/* 0: none of them. */
static int form_of(const char *bytes, size_t size)
{
    for (int form = 1; form <= HT_ENCODE_FORMS && size >= HT_ENCODE_WORD; form++)
        if (memcmp(bytes, ht_encode_word[form - 1], HT_ENCODE_WORD) == 0) return form;
    return 0;
}

static ht_code read_numbers(ht_coder *c, ht_network *net, const ht_encode_shape *shape, ht_error *err)
{
    ht_quantizer q = {.bits = (int)shape->bits, .digits = (int)shape->digits};
    if (ht_encode_tensors(c, net, &q, shape->form == 3, err) != HT_OK) return err->code;
    if (c->short_of_bytes) return ht_error_set(err, HT_FAIL, "the code ends early; the file is damaged");
    if (c->at != c->end)
        return ht_error_set(err, HT_FAIL, "%zu bytes follow the end of the code; the file is damaged",
                            (size_t)(c->end - c->at));
    for (int l = 0; l < net->weight_count; l++)
        if (!(q.scale[l] > 0) || !isfinite(q.scale[l] * (float)(1 << (q.bits - 1))))
            return ht_error_set(err, HT_FAIL,
                                "the scale of layer %d is no positive number; the file is damaged", l + 1);
    return is_finite(net) ? HT_OK
                          : ht_error_set(err, HT_FAIL,
                                         "it has numbers that are not finite; the file is "
                                         "damaged");
}

ht_network *ht_decode_network(const void *bytes, size_t size, int *bits, ht_error *err)
{
    ht_coder c;
    ht_encode_shape shape = {.form = form_of(bytes, size),
                             .inputs = 1,
                             .depth = 1,
                             .classes = 1,
                             .bits = 1,
                             .channels = 1,
                             .height = 1,
                             .across = 1};
    if (shape.form == 0) {
        ht_error_set(err, HT_FAIL, "is no encoded network: it does not begin with HTC1, HTC2 or HTC3");
        return NULL;
    }
    for (int l = 0; l < HT_HIDDEN_MAX; l++) shape.width[l] = 1;
    ht_coder_read(&c, (const unsigned char *)bytes + HT_ENCODE_WORD, size - HT_ENCODE_WORD);
    ht_encode_shape_code(&c, &shape);
    if (c.short_of_bytes) {
        ht_error_set(err, HT_FAIL, "the code ends early; the file is damaged");
        return NULL;
    }
    *bits = (int)shape.bits;
    ht_network *net = ht_encode_shape_make(&shape, err);
    if (net && read_numbers(&c, net, &shape, err) == HT_OK) return net;
    ht_network_free(net);
    return NULL;
}
