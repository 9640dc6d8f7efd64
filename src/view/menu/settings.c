#include "view/menu/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const headings[] = {
    [HT_GROUP_DATA] = "Data",
    [HT_GROUP_MODEL] = "Network",
    [HT_GROUP_TRAIN] = "Training",
    [HT_GROUP_NOISE] = "Noise",
    [HT_GROUP_PRUNE] = "Pruning",
    [HT_GROUP_OCCAM] = "Occam gradient descent",
    [HT_GROUP_RUN] = "Run and its states",
    [HT_GROUP_UI] = "Screen",
};
_Static_assert(sizeof headings / sizeof headings[0] == HT_GROUP_UI + 1, "a group of settings has no heading");

/* Everything contains the empty word. */
static bool is_listed(const ht_model *m, ht_param p)
{
    const ht_param_info *info = ht_param_at(p);
    const char *word = m->settings.filter;
    return strcasestr(info->key, word) || strcasestr(info->help, word) ||
           strcasestr(ht_model_symbol(p), word) || strcasestr(headings[info->group], word);
}

int ht_settings_rows(const ht_model *m, ht_settings_row rows[HT_SETTINGS_ROWS])
{
    int count = 0, group = -1;
    for (int p = 0; p < HT_P_COUNT; p++) {
        ht_param_group own = ht_param_at((ht_param)p)->group;
        if (!is_listed(m, (ht_param)p)) continue;
        if ((int)own != group) rows[count++] = (ht_settings_row){.heading = headings[own]};
        group = (int)own;
        rows[count++] = (ht_settings_row){.param = (ht_param)p};
    }
    return count;
}

void ht_settings_move(ht_model *m, int count)
{
    ht_param at = m->settings.chosen;
    int direction = count < 0 ? -1 : 1;
    for (int p = (int)at + direction; p >= 0 && p < HT_P_COUNT && count != 0; p += direction)
        if (is_listed(m, (ht_param)p)) at = (ht_param)p, count -= direction;
    m->settings.chosen = at;
}

bool ht_settings_settle(ht_model *m)
{
    if (is_listed(m, m->settings.chosen)) return true;
    for (int p = 0; p < HT_P_COUNT; p++)
        if (is_listed(m, (ht_param)p)) return m->settings.chosen = (ht_param)p, true;
    return false;
}

int ht_settings_first(const ht_model *m, int height)
{
    ht_settings_row rows[HT_SETTINGS_ROWS];
    int count = ht_settings_rows(m, rows), at = 0, first = m->settings.first;
    while (at < count && (rows[at].heading || rows[at].param != m->settings.chosen)) at++;
    if (first > count - height) first = count - height;
    if (at < count && first + height <= at) first = at - height + 1;
    if (at < count && first >= at)
        first = at > 0 && rows[at - 1].heading ? at - 1 : at; /* with its heading */
    return first > 0 ? first : 0;
}

bool ht_settings_differs(const ht_model *m, ht_param p)
{
    return ht_params_differ(&m->asked, &m->settings.preset, p);
}

double ht_settings_applied(const ht_model *m, ht_param p)
{
    /* Those of the screen take effect where they are asked for. */
    return ht_params_get(ht_param_at(p)->group == HT_GROUP_UI ? &m->asked : &m->applied, p);
}

void ht_settings_range(ht_param p, char *to, size_t size)
{
    const ht_param_info *info = ht_param_at(p);
    size_t used = 0;
    to[0] = '\0';
    if (info->type == HT_TYPE_BOOL) snprintf(to, size, "true, false");
    if (info->type == HT_TYPE_INT || info->type == HT_TYPE_REAL) {
        char low[24], high[24];
        ht_model_bound(info->low, low, sizeof low);
        ht_model_bound(info->high, high, sizeof high);
        snprintf(to, size, "%s … %s%s%s", low, high, *info->unit ? " " : "", info->unit);
    }
    for (int i = 0; i < ht_param_choices(p) && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%s", i ? ", " : "", ht_param_choice(p, i));
}
