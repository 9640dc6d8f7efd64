#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 4, LINKS = 8 };

static char directory[64], links[LINKS][128];
static int link_count;

void fuzz_require(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "fuzz: does not hold: %s\n", what);
    abort();
}

const char *fuzz_file(int slot, const uint8_t *data, size_t size)
{
    static int fds[SLOTS];
    static char paths[SLOTS][32];
    if (!paths[slot][0]) {
        fds[slot] = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(paths[slot], sizeof paths[slot], "/proc/self/fd/%d", fds[slot]);
    }
    fuzz_require(ftruncate(fds[slot], 0) == 0, "a file in memory can be emptied");
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(fds[slot], data + done, size - done, (off_t)done);
        fuzz_require(n > 0, "a file in memory can be written");
        done += (size_t)n;
    }
    return paths[slot];
}

static void remove_directory(void)
{
    for (int i = 0; i < link_count; i++) unlink(links[i]);
    rmdir(directory);
}

const char *fuzz_dir(void)
{
    if (directory[0]) return directory;
    strcpy(directory, "/tmp/heavytail-fuzz-XXXXXX");
    fuzz_require(mkdtemp(directory) != NULL, "a directory can be made");
    atexit(remove_directory);
    return directory;
}

void fuzz_link(const char *name, int slot)
{
    fuzz_require(link_count < LINKS, "few links");
    snprintf(links[link_count], sizeof links[0], "%s/%s", fuzz_dir(), name);
    fuzz_require(symlink(fuzz_file(slot, NULL, 0), links[link_count++]) == 0, "a link can be made");
}

void fuzz_split(const uint8_t *data, size_t size, fuzz_part *parts, int count)
{
    static const char mark[] = "%%%%\n";
    for (int i = 0; i < count; i++) {
        const uint8_t *end = i + 1 < count && size ? memmem(data, size, mark, sizeof mark - 1) : NULL;
        size_t length = end ? (size_t)(end - data) : size, skip = end ? length + sizeof mark - 1 : length;
        parts[i] = (fuzz_part){data, length};
        data += skip;
        size -= skip;
    }
}

void fuzz_look(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    size_t sum = 0;
    for (size_t i = 0; i < size; i++) sum += p[i];
    fuzz_require(sum <= 255 * size, "bytes are bytes");
}

void fuzz_outcome(ht_code code, const ht_error *err)
{
    if (code == HT_OK) return;
    fuzz_require(code == err->code && (code == HT_FAIL || code == HT_USAGE),
                 "the error has the code returned");
    size_t length = strnlen(err->text, sizeof err->text);
    fuzz_require(length >= 8 && length < sizeof err->text, "the error says something");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)err->text[i];
        fuzz_require(c >= 0x20 && c != 0x7f, "the error has no control characters");
        fuzz_require(c != 0xc2 || (unsigned char)err->text[i + 1] >= 0xa0, "nor those of Latin-1");
    }
}
