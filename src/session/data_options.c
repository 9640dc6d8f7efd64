#include "session/data_options.h"

#include <stdio.h>
#include <string.h>

ht_data_options ht_data_options_of(const ht_params *params, const char *dir)
{
    return (ht_data_options){.dir = dir,
                             .seed = (uint64_t)ht_params_get(params, HT_P_DATA_SEED),
                             .train_limit = (size_t)ht_params_get(params, HT_P_DATA_TRAIN_LIMIT),
                             .test_limit = (size_t)ht_params_get(params, HT_P_DATA_TEST_LIMIT),
                             .label = ht_params_text(params, HT_P_DATA_LABEL),
                             .header = (ht_data_header)ht_params_get(params, HT_P_DATA_HEADER),
                             .split = ht_params_get(params, HT_P_DATA_SPLIT),
                             .scale = (ht_data_scale)ht_params_get(params, HT_P_DATA_SCALE),
                             .missing = (ht_data_missing)ht_params_get(params, HT_P_DATA_MISSING),
                             .categories = ht_params_text(params, HT_P_DATA_CATEGORIES),
                             .context = (int)ht_params_get(params, HT_P_DATA_CONTEXT),
                             .tokens = (ht_data_tokens)ht_params_get(params, HT_P_DATA_TOKENS)};
}

ht_dataset *ht_data_open(const ht_params *params, const char *dir, ht_error *err)
{
    ht_data_options options = ht_data_options_of(params, dir);
    return ht_dataset_load(ht_params_text(params, HT_P_DATA_NAME), &options, err);
}

void ht_data_tell(const ht_dataset *data)
{
    const char *line = data ? data->notes : NULL;
    while (line && *line) {
        size_t length = strcspn(line, "\n");
        fprintf(stderr, "heavytail: note: %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}
