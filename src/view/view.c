#include "view/view.h"

/* Pages: a whole screen; many charts; one panel in large letters. */
#define PAGE_WHOLE                                                                                           \
    {                                                                                                        \
        120, 42, 14                                                                                          \
    }
#define PAGE_CHARTS                                                                                          \
    {                                                                                                        \
        168, 52, 11                                                                                          \
    }
#define PAGE_PANEL                                                                                           \
    {                                                                                                        \
        80, 28, 20                                                                                           \
    }

static const ht_view_info table[HT_VIEW_COUNT] = {
    [HT_VIEW_DASHBOARD] = {"dashboard", HT_DO_NOTHING, HT_PANEL_COUNT, false, PAGE_WHOLE, ht_place_dashboard},
    [HT_VIEW_ZOOM] = {"panel", HT_DO_NOTHING, HT_PANEL_COUNT, false, PAGE_PANEL, ht_place_zoom},
    [HT_VIEW_PRUNING] = {"pruning", HT_DO_PRUNING, HT_PANEL_PRUNING, true, PAGE_WHOLE, ht_place_pruning},
    [HT_VIEW_TAIL] = {"tails", HT_DO_TAIL, HT_PANEL_TAIL, false, PAGE_CHARTS, ht_place_tail},
    [HT_VIEW_WIDTH] = {"width", HT_DO_WIDTH, HT_PANEL_WIDTH_RATIO, false, PAGE_WHOLE, ht_place_width},
    [HT_VIEW_COMPARE] = {"methods", HT_DO_COMPARE, HT_PANEL_COMPARE, false, PAGE_WHOLE, ht_place_compare},
    [HT_VIEW_METHOD] = {"method", HT_DO_METHOD, HT_PANEL_EPOCHS, false, PAGE_WHOLE, ht_place_method},
    [HT_VIEW_RUNS] = {"runs", HT_DO_RUNS, HT_PANEL_RUNS, true, PAGE_WHOLE, ht_place_runs},
    [HT_VIEW_LAYERS] = {"layers", HT_DO_LAYERS, HT_PANEL_LAYERS, false, PAGE_WHOLE, ht_place_layers},
    [HT_VIEW_SETTINGS] = {"settings", HT_DO_NOTHING, HT_PANEL_SETTINGS, true, PAGE_WHOLE, ht_place_settings},
    [HT_VIEW_HELP] = {"help", HT_DO_NOTHING, HT_PANEL_HELP, true, PAGE_WHOLE, ht_place_help},
};

const ht_view_info *ht_view_at(ht_view view)
{
    return &table[view];
}

bool ht_view_find(ht_action action, ht_view *view)
{
    for (int v = 0; v < HT_VIEW_COUNT && action != HT_DO_NOTHING; v++)
        if (table[v].action == action) {
            *view = (ht_view)v;
            return true;
        }
    return false;
}

ht_view ht_view_of(ht_panel_id panel)
{
    for (int v = 0; v < HT_VIEW_COUNT && panel != HT_PANEL_COUNT; v++)
        if (table[v].panel == panel) return (ht_view)v;
    return HT_VIEW_ZOOM;
}
