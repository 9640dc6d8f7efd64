#include "certify/coder.h"

static void put_byte(ht_coder *c, unsigned byte)
{
    char value = (char)byte;
    if (c->begun) ht_text_add_bytes(c->out, &value, 1); /* the very first is always 0 and left out */
    c->begun = true;
}

static void shift_low(ht_coder *c)
{
    if (c->low < 0xff000000u || c->low > 0xffffffffu) {
        unsigned carry = (unsigned)(c->low >> 32);
        put_byte(c, (c->first + carry) & 0xff);
        for (; c->held > 0; c->held--) put_byte(c, (0xff + carry) & 0xff);
        c->first = (unsigned char)(c->low >> 24);
    } else {
        c->held++;
    }
    c->low = (c->low & 0x00ffffffu) << 8;
}

static unsigned next_byte(ht_coder *c)
{
    if (c->at < c->end) return *c->at++;
    c->short_of_bytes = true;
    return 0;
}

void ht_coder_write(ht_coder *c, ht_text *out)
{
    *c = (ht_coder){.range = 0xffffffffu, .out = out};
}

void ht_coder_read(ht_coder *c, const unsigned char *bytes, size_t size)
{
    *c = (ht_coder){.reading = true, .range = 0xffffffffu, .at = bytes, .end = bytes + size};
    for (int i = 0; i < 4; i++) c->code = c->code << 8 | next_byte(c);
}

void ht_coder_end(ht_coder *c)
{
    for (int i = 0; i < 5; i++) shift_low(c);
}

/* Codes `bit`, or reads it. */
static bool code_bit(ht_coder *c, uint32_t one, bool bit)
{
    uint32_t bound = (c->range >> 16) * one;
    if (c->reading) {
        bit = c->code < bound;
        if (!bit) c->code -= bound;
    } else if (!bit) {
        c->low += bound;
    }
    c->range = bit ? bound : c->range - bound;
    for (; c->range < 1u << 24; c->range <<= 8) {
        if (c->reading)
            c->code = c->code << 8 | next_byte(c);
        else
            shift_low(c);
    }
    return bit;
}

/* Learns as 1/n while it has seen little, then slowly. */
bool ht_coder_bit(ht_coder *c, ht_model *m, bool bit)
{
    enum { SLOWEST = 400, LEAST = 16 };
    bit = code_bit(c, m->one, bit);
    if (m->seen < SLOWEST) m->seen++;
    int32_t target = bit ? 65536 - LEAST : LEAST;
    m->one = (uint16_t)((int32_t)m->one + 2 * (target - (int32_t)m->one) / (2 * m->seen + 1));
    return bit;
}

uint32_t ht_coder_raw(ht_coder *c, int bits, uint32_t value)
{
    uint32_t read = 0;
    for (int i = bits - 1; i >= 0; i--) read = read << 1 | code_bit(c, 1 << 15, value >> i & 1);
    return read;
}

uint32_t ht_coder_number(ht_coder *c, uint32_t value)
{
    int digits = 0;
    while (digits < 31 && code_bit(c, 1 << 15, value >> digits > 1)) digits++;
    return 1u << digits | ht_coder_raw(c, digits, value & ((1u << digits) - 1));
}

uint32_t ht_coder_tree(ht_coder *c, ht_model *models, int bits, uint32_t value)
{
    uint32_t node = 1;
    for (int i = bits - 1; i >= 0; i--) node = node << 1 | ht_coder_bit(c, &models[node], value >> i & 1);
    return node - (1u << bits);
}
