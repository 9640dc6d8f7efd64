/* same.h - hashes of what panels show: a panel that would look as it does is not drawn again. All that
 * drawing reads is in them; whatever else may be in them costs a drawing at most. Pure. */
#ifndef HT_RENDER_SAME_H
#define HT_RENDER_SAME_H

#include <stdint.h>

#include "chart/chart.h"
#include "chart/form.h"
#include "chart/gallery.h"

uint64_t ht_same_chart(uint64_t hash, const ht_chart *chart);
uint64_t ht_same_form(uint64_t hash, const ht_form *form);
uint64_t ht_same_gallery(uint64_t hash, const ht_gallery *gallery);

#endif
