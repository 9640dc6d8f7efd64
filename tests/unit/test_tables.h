/* test_tables.h - what the tests of tables share: loading, refusing, notes, inputs of tests/cases. */
#ifndef TEST_TABLES_H
#define TEST_TABLES_H

#include "test_data_files.h"

#include "unit/source.h"

static inline ht_dataset *load(const char *name, ht_data_options options)
{
    ht_error err = {0};
    options.dir = work_dir;
    options.seed = options.seed ? options.seed : 1;
    ht_dataset *data = ht_dataset_load(name, &options, &err);
    if (!data) fail_msg("%s: %s", name, err.text);
    return data;
}

#define LOAD(name, ...) load(name, (ht_data_options){__VA_ARGS__})

static inline void refuse(const char *name, ht_data_options options, const char *word, const char *other)
{
    ht_error err = {0};
    options.dir = work_dir;
    options.seed = 1;
    ht_dataset *data = ht_dataset_load(name, &options, &err);
    if (data) fail_msg("%s was taken", name);
    if (!strstr(err.text, word)) fail_msg("no '%s' in: %s", word, err.text);
    if (other && !strstr(err.text, other)) fail_msg("no '%s' in: %s", other, err.text);
    assert_null(strchr(err.text, '\n'));
}

static inline void noted(const ht_dataset *data, const char *word)
{
    if (!data->notes || !strstr(data->notes, word))
        fail_msg("no '%s' in the notes: %s", word, data->notes ? data->notes : "(none)");
}

static inline void fact(const ht_dataset *data, const char *word)
{
    if (!data->facts || !strstr(data->facts, word))
        fail_msg("no '%s' in the facts: %s", word, data->facts ? data->facts : "(none)");
}

/* Copies a file of tests/cases into work_dir. */
static inline const char *put_case(const char *folder, const char *name, const char *to)
{
    static char bytes[1 << 16];
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/cases/%s/%s", source_top(), folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s is missing", path);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    put(to, bytes, size);
    return to;
}

#endif
