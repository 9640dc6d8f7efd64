#include "view/panel_fill.h"

#include "view/panels/panels.h"

#define HT_SLOT_CHART chart
#define HT_SLOT_FORM form
#define HT_SLOT_GALLERY gallery

static const struct {
    void (*chart)(HT_ARGUMENTS_CHART);
    void (*form)(HT_ARGUMENTS_FORM);
    void (*gallery)(HT_ARGUMENTS_GALLERY);
} table[HT_PANEL_COUNT] = {
#define HT_PANEL(id, name, home, kind, function, explain) {.HT_SLOT_##kind = (function)},
#include "view/panels.def"
};

void ht_panel_fill_chart(ht_panel_id id, const ht_model *model, int columns, ht_chart *chart)
{
    table[id].chart(model, columns, chart);
}

void ht_panel_fill_form(ht_panel_id id, const ht_model *model, ht_room room, ht_form *form)
{
    table[id].form(model, room, form);
}

void ht_panel_fill_gallery(ht_panel_id id, const ht_model *model, ht_gallery *gallery)
{
    table[id].gallery(model, gallery);
}
