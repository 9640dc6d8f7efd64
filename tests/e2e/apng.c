#include "e2e/apng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct picture {
    unsigned char *bytes;
    size_t size;
} picture;

static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static uint32_t number_at(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_number(unsigned char *p, uint32_t value)
{
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(value >> (24 - 8 * i));
}

static bool read_picture(const char *path, picture *p)
{
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    fseek(file, 0, SEEK_END);
    p->size = (size_t)ftell(file);
    rewind(file);
    p->bytes = malloc(p->size);
    bool whole = p->bytes && fread(p->bytes, 1, p->size, file) == p->size;
    fclose(file);
    return whole && p->size > 33 && memcmp(p->bytes, signature, 8) == 0;
}

static void write_chunk(FILE *out, const char *type, const unsigned char *data, size_t size)
{
    unsigned char word[4];
    put_number(word, (uint32_t)size);
    fwrite(word, 1, 4, out);
    fwrite(type, 1, 4, out);
    if (size) fwrite(data, 1, size, out);
    uLong crc = crc32(crc32(0, NULL, 0), (const unsigned char *)type, 4);
    if (size) crc = crc32(crc, data, (uInt)size);
    put_number(word, (uint32_t)crc);
    fwrite(word, 1, 4, out);
}

/* Frame `number`: its control chunk, then its image data, which only the first has in IDAT. */
static void write_frame(FILE *out, const picture *p, int number, uint32_t *sequence, uint16_t hundredths)
{
    unsigned char control[26] = {0};
    put_number(control, (*sequence)++);
    memcpy(control + 4, p->bytes + 16, 8); /* width and height, from IHDR */
    control[20] = (unsigned char)(hundredths >> 8), control[21] = (unsigned char)hundredths,
    control[23] = 100;
    write_chunk(out, "fcTL", control, sizeof control);
    for (size_t at = 8; at + 12 <= p->size;) {
        uint32_t size = number_at(p->bytes + at);
        if (size > p->size - at - 12) return;
        if (memcmp(p->bytes + at + 4, "IDAT", 4) == 0 && number == 0)
            write_chunk(out, "IDAT", p->bytes + at + 8, size);
        if (memcmp(p->bytes + at + 4, "IDAT", 4) == 0 && number > 0) {
            unsigned char *data = malloc(size + 4);
            if (!data) return;
            put_number(data, (*sequence)++);
            memcpy(data + 4, p->bytes + at + 8, size);
            write_chunk(out, "fdAT", data, size + 4);
            free(data);
        }
        at += size + 12;
    }
}

bool apng_join(const char *path, const char *const frames[], int count, uint16_t hundredths)
{
    FILE *out = fopen(path, "wb");
    unsigned char head[25] = {0}, animation[8] = {0};
    uint32_t sequence = 0;
    bool good = out != NULL;
    for (int i = 0; i < count && good; i++) {
        picture p = {0};
        good = read_picture(frames[i], &p);
        if (good && i == 0) {
            memcpy(head, p.bytes + 8, sizeof head); /* IHDR */
            put_number(animation, (uint32_t)count);
            fwrite(signature, 1, 8, out);
            write_chunk(out, "IHDR", head + 8, 13);
            write_chunk(out, "acTL", animation, sizeof animation);
        }
        good = good && memcmp(head, p.bytes + 8, sizeof head) == 0;
        if (good) write_frame(out, &p, i, &sequence, hundredths);
        free(p.bytes);
    }
    if (good) write_chunk(out, "IEND", NULL, 0);
    return out && fclose(out) == 0 && good;
}
