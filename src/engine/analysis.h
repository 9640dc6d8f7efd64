/* analysis.h - fills a report about weights, part by part. Pure functions; the analyst decides which part is
 * worth its cost when, and headless pictures take them all. */
#ifndef HT_ENGINE_ANALYSIS_H
#define HT_ENGINE_ANALYSIS_H

#include "link/messages.h"
#include "nn/capture.h"

/* Histogram, norms, and κ as `look` asks for it where norms are all that it needs: all but count, step,
 * seconds and generation. */
ht_code ht_analysis_glimpse(ht_glimpse *glimpse, const ht_capture *capture, const ht_prune_spec *look,
                            ht_error *err);

/* How many weights are left. The tail is tail_watch.h. */
void ht_analysis_weights(ht_report *report, const ht_network *net);

/* The layer whose units are drawn where this one, or all of them, is picked. */
int ht_analysis_drawn(const ht_network *net, int layer);

/* The strongest units of the picked layer, and the order in which node and random take its units. */
ht_code ht_analysis_units(ht_report *report, const ht_network *net, const ht_prune_spec *spec, int layer,
                          ht_error *err);

/* The pruning curve of one method, into report->look[spec->method]; on failure that look is as it was. With
 * `leads` it is also the method of the settings: κ and what belongs to it. node also brings the strongest
 * units of the layer that report->strongest is of, so it comes first. */
ht_code ht_analysis_method(ht_report *report, const ht_network *net, const ht_samples *samples,
                           const ht_prune_spec *spec, bool leads, ht_error *err);

/* How many times as fast the network is without the neurons that die when it is pruned so. */
ht_code ht_analysis_speed(ht_report *report, const ht_network *net, const ht_samples *samples,
                          const ht_prune_spec *spec, ht_error *err);

#endif
