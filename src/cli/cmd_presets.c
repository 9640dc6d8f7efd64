/* cmd_presets.c - the presets there are, and what one of them says. */
#include <stdio.h>

#include "cli/commands.h"
#include "session/arguments.h"
#include "base/alloc.h"
#include "params/preset.h"

static const ht_option no_options[] = {{NULL, NULL, NULL}};

int ht_cmd_presets(int argc, char **argv)
{
    ht_arguments args = {.word_limit = 1};
    ht_error err;
    ht_params params;
    if (ht_arguments_parse(&args, argc, argv, no_options, &err) != HT_OK) return ht_app_fail(&err);
    if (args.word_count == 0) {
        char name[64], title[128];
        for (int i = 0; ht_preset_embedded(i, name, sizeof name, title, sizeof title); i++)
            printf("%-23s %s\n", name, title);
        return 0;
    }
    size_t size;
    const char *text = ht_preset_text(args.words[0], &size);
    if (text) {
        fwrite(text, 1, size, stdout); /* main tells when it could not be written */
        return 0;
    }
    /* Not compiled in: the user's own, shown as it takes effect. */
    ht_params_init(&params);
    if (ht_settings_load(&params, args.words[0], &err) != HT_OK) return ht_app_fail(&err);
    char *effective = ht_preset_write(&params, &err);
    if (!effective) return ht_app_fail(&err);
    fputs(effective, stdout);
    ht_free(effective);
    return 0;
}
