#include "heavytail/netread.h"

#include "base/text.h"
#include "weights/net/netfile.h"

ht_network *ht_network_read(const char *path, const ht_network_words *words, char *notes, size_t size,
                            ht_error *err)
{
    ht_params params;
    ht_notes found = {0};
    ht_params_init(&params);
    for (const char *const *s = words->settings; s && *s; s += 2)
        if (ht_params_set(&params, s[0], s[1], err) != HT_OK) return NULL;
    ht_netfile_options options = {.activation = (ht_activation)ht_params_get(&params, HT_P_MODEL_ACTIVATION),
                                  .mean_field = ht_params_get(&params, HT_P_MODEL_MEAN_FIELD) != 0,
                                  .order = words->order,
                                  .notes = &found,
                                  .run = &params,
                                  .input = words->input,
                                  .classes = words->classes};
    ht_network *net = ht_netfile_read_as(path, &options, err);
    if (size > 0) ht_text_copy(notes, size, found.lines.data ? found.lines.data : "");
    ht_notes_free(&found);
    return net;
}
