/* advice.h - "Try this": one experiment that makes sense in this state, after what was done. It follows the
 * settings, the changes of this run and its results, and asks for nothing that cannot happen. */
#ifndef HT_VIEW_ADVICE_H
#define HT_VIEW_ADVICE_H

#include "view/model.h"

void ht_advice(const ht_model *model, char *to, size_t size);

#endif
