#include "view/layout.h"

void ht_layout_put(ht_layout *layout, ht_panel_id panel, ht_rect area)
{
    if (area.w <= 0 || area.h <= 0) return;
    layout->place[layout->count].panel = panel;
    layout->place[layout->count++].area = area;
}

int ht_layout_hit(const ht_layout *layout, int column, int row)
{
    for (int i = 0; i < layout->count; i++) {
        ht_rect r = layout->place[i].area;
        if (column >= r.x && column < r.x + r.w && row >= r.y && row < r.y + r.h)
            return layout->place[i].panel;
    }
    return -1;
}

int ht_layout_find(const ht_layout *layout, ht_panel_id panel)
{
    for (int i = 0; i < layout->count; i++)
        if (layout->place[i].panel == panel) return i;
    return -1;
}
