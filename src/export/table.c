#include "export/table.h"

#include <inttypes.h>
#include <math.h>

#define COLUMN(name, tag, member)                                                                            \
    static double of_##member(const ht_metrics *m)                                                           \
    {                                                                                                        \
        return m->member;                                                                                    \
    }
#include "export/columns.def"

const ht_export_column *ht_export_columns(size_t *count)
{
    static const ht_export_column columns[] = {
#define COLUMN(name, tag, member) {name, tag, of_##member},
#include "export/columns.def"
    };
    *count = sizeof columns / sizeof columns[0];
    return columns;
}

static void add_names(ht_text *out)
{
    size_t count;
    const ht_export_column *columns = ht_export_columns(&count);
    ht_text_add(out, "step,seconds");
    for (size_t i = 0; i < count; i++) ht_text_add(out, ",%s", columns[i].name);
    for (int p = 0; p < HT_P_COUNT; p++)
        if (ht_run_history_tells((ht_param)p)) ht_text_add(out, ",%s", ht_param_at((ht_param)p)->key);
    ht_text_add(out, "\n");
}

static void add_number(ht_text *out, double value)
{
    if (isnan(value))
        ht_text_add(out, ",");
    else
        ht_text_add(out, ",%.9g", value);
}

static void add_setting(ht_text *out, const ht_params *params, ht_param p)
{
    char value[HT_PARAM_VALUE];
    ht_params_format(params, p, value, sizeof value);
    ht_text_add(out, ",%s", value);
}

void ht_export_table(ht_text *out, ht_run_history *h)
{
    size_t count;
    const ht_export_column *columns = ht_export_columns(&count);
    locale_t before = ht_point_begin();
    add_names(out);
    while (ht_run_history_next(h)) {
        ht_text_add(out, "%" PRIu64, h->metrics.step);
        add_number(out, h->wall - h->began);
        for (size_t i = 0; i < count; i++) add_number(out, columns[i].of(&h->metrics));
        for (int p = 0; p < HT_P_COUNT; p++)
            if (ht_run_history_tells((ht_param)p)) add_setting(out, &h->params, (ht_param)p);
        ht_text_add(out, "\n");
    }
    ht_point_end(before);
}
