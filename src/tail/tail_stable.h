/* tail_stable.h - estimators for a symmetric stable law, with its scale: mcculloch and ecf. Pure. */
#ifndef HT_TAIL_TAIL_STABLE_H
#define HT_TAIL_TAIL_STABLE_H

#include "heavytail/tail.h"
#include "tail/tail_sample.h"

/* Both at once: ecf works in units of mcculloch's scale. 0.2 ≤ α ≤ 2 for mcculloch; a smaller index is not
 * applicable, a larger one is 2. Either does not mind where the law is centred. Where they contradict each
 * other the law is not stable. `mmo`, made before, does mind: it is not applicable to values that are off
 * their centre. Scales in the sample's units. */
void ht_stable_estimates(const ht_tail_sample *sample, ht_estimate *mmo, ht_estimate *mcculloch,
                         ht_estimate *ecf);

#endif
