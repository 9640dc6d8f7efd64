/* tail_charts.h - the charts of a tail: of weights, of norms, the Hill plot, the spectrum; and the estimates
 * as a form. Pure: from an ht_tail_picture to models. The charts and the form come in empty. */
#ifndef HT_VIEW_TAIL_CHARTS_H
#define HT_VIEW_TAIL_CHARTS_H

#include "heavytail/tail.h"
#include "view/chart.h"
#include "view/form.h"

/* `injected`: the α of the noise, drawn for comparison; NaN without. Each chart's note says what to look for.
 */
void ht_tail_chart_weights(const ht_tail_picture *picture, double injected, ht_chart *chart);
void ht_tail_chart_norms(const ht_tail_picture *picture, double injected, ht_chart *chart);
void ht_tail_chart_hill(const ht_tail_picture *picture, double injected, ht_chart *chart);
void ht_tail_chart_spectrum(const ht_tail_picture *picture, ht_chart *chart);

/* A row an estimator: value ± error and the word for how far to believe it. */
void ht_tail_form(const ht_tail_picture *picture, ht_form *form);

/* "1.752 ± 0.009", "−" for no value. */
void ht_tail_format(const ht_estimate *estimate, char *to, size_t size);

#endif
