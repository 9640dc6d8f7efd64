#include "view/panel.h"

#include <string.h>

static const ht_panel table[HT_PANEL_COUNT] = {
    [HT_PANEL_LOSS] = {"loss",
                       "Cross-entropy of each minibatch (the band holds the smallest and largest of the "
                       "steps in a column: no spike "
                       "is lost) and on the test samples.\n"
                       "Try: raise σ until the curve is all spikes; a heavy tail makes few but huge ones.",
                       ht_panel_loss, NULL},
    [HT_PANEL_WEIGHTS] =
        {"weights",
         "Histogram of |w| over the first layer's weights. On log-log axes a power-law tail is a straight "
         "line to "
         "the right.\n"
         "Try: noise off (n), reset (r): the uniform start is a cliff at 1/√d. Noise on: the tail grows.",
         ht_panel_weights, NULL},
    [HT_PANEL_ACCURACY] = {"accuracy",
                           "Fraction classified right: minibatch (before the step) and test samples.",
                           ht_panel_accuracy, NULL},
    [HT_PANEL_NORMS] =
        {"norms",
         "P(‖w‖ > x): the share of neurons whose incoming weights have a norm above x, on log-log axes. A "
         "straight "
         "line means a power law with slope -α: few neurons carry most of the norm, the rest can go.\n"
         "Type shared noise on z-normalized rows (ecg5000, ecg-synth: each sums to 0) inflates norms without "
         "changing "
         "what the network computes.",
         ht_panel_norms, NULL},
    [HT_PANEL_TAIL] = {"tail",
                       "Estimated tail index α̂ of the first layer's weights (centred by their median) over "
                       "the steps, beside the "
                       "injected α. Smaller is heavier; 2 is Gaussian.\n"
                       "mmo: 1/α = (mean log|block sum| - mean log|w|) / log m, median over block lengths m. "
                       "hill: 1/α = mean "
                       "log(|w|/threshold) over the largest 0.5 %. Far above 2, hill says: no heavy tail.",
                       ht_panel_tail, NULL},
    [HT_PANEL_PRUNING] = {"pruning",
                          "Test accuracy (left axis, 0..1) and relative error ε² = removed/total squared "
                          "norm against the fraction of "
                          "neurons removed, smallest norm first. κ: the largest fraction with ε² ≤ 0.1.\n"
                          "Try: lower α and watch κ move to the right while the accuracy at κ stays.",
                          ht_panel_pruning, NULL},
    [HT_PANEL_CONTROLS] =
        {"controls",
         "Every change takes effect at the next step. ↑ ↓ choose, ← → change, = types a value; or drag with "
         "the mouse. A hollow handle is the value still in effect.",
         NULL, ht_panel_controls},
    [HT_PANEL_NOW] = {"now", "The latest values in numbers.", NULL, ht_panel_now},
    [HT_PANEL_PRUNING_READOUT] = {"readout", "All values at the cursor of the pruning chart.", NULL,
                                  ht_panel_pruning_readout},
    [HT_PANEL_HELP] = {"help", "", NULL, ht_panel_help},
};

const ht_panel *ht_panel_at(ht_panel_id id)
{
    return &table[id];
}

bool ht_panel_find(const char *name, ht_panel_id *id)
{
    for (int i = 0; i < HT_PANEL_HELP; i++)
        if (strcmp(table[i].name, name) == 0) {
            *id = (ht_panel_id)i;
            return true;
        }
    return false;
}
