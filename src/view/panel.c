#include "view/panel.h"

#include <string.h>

static const ht_panel table[HT_PANEL_COUNT] = {
#define HT_PANEL(id, name, home, kind, function, explain) {name, HT_VIEW_##home, HT_PANEL_IS_##kind, explain},
#include "view/panels.def"
};

const ht_panel *ht_panel_at(ht_panel_id id)
{
    return &table[id];
}

bool ht_panel_find(const char *name, ht_view home, ht_panel_id *id)
{
    for (int i = 0; i < HT_PANEL_COUNT; i++)
        if ((home == HT_VIEW_COUNT || table[i].home == home) && strcmp(table[i].name, name) == 0) {
            *id = (ht_panel_id)i;
            return true;
        }
    return false;
}

ht_panel_id ht_panel_next(ht_panel_id id, int direction)
{
    int i = (int)id;
    do i = (i + direction + HT_PANEL_COUNT) % HT_PANEL_COUNT;
    while (table[i].home != table[id].home);
    return (ht_panel_id)i;
}

bool ht_panel_scrolls(ht_panel_id id)
{
    return table[id].kind == HT_PANEL_IS_FORM && id != HT_PANEL_CONTROLS && id != HT_PANEL_HELP &&
           id != HT_PANEL_SETTINGS;
}
