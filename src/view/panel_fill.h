/* panel_fill.h - from the model to what a panel shows: a chart, a form or a gallery, which comes in empty. */
#ifndef HT_VIEW_PANEL_FILL_H
#define HT_VIEW_PANEL_FILL_H

#include "chart/chart.h"
#include "chart/form.h"
#include "chart/gallery.h"
#include "view/model.h"
#include "view/panel_room.h"

/* Each for panels of its kind (panel.h). `columns`: sub-cells across the plot, what to decimate to. */
void ht_panel_fill_chart(ht_panel_id id, const ht_model *model, int columns, ht_chart *chart);
void ht_panel_fill_form(ht_panel_id id, const ht_model *model, ht_room room, ht_form *form);
void ht_panel_fill_gallery(ht_panel_id id, const ht_model *model, ht_gallery *gallery);

#endif
