#include "view/panel.h"

#include <string.h>

static const ht_panel table[HT_PANEL_COUNT] = {
    [HT_PANEL_LOSS] = {"loss", HT_VIEW_DASHBOARD,
                       "Cross-entropy: how wrong the network is, 0 at best. train: each minibatch; a column "
                       "spans from the smallest to the largest of its steps, so that no spike is lost. test: "
                       "the latest look at the test samples.\n"
                       "Try: raise σ until the curve is all spikes; a heavy tail makes few but huge ones.",
                       ht_panel_loss, NULL, NULL},
    [HT_PANEL_WEIGHTS] =
        {"weights", HT_VIEW_DASHBOARD,
         "Histogram of |w| over the first layer's weights. On log-log axes a power-law tail falls in a "
         "straight line to the right, with slope -α for bars of equal width on the log axis.\n"
         "Try: noise off (n), then reset (r): the uniform start is a cliff at 1/√d, d inputs. Noise on: the "
         "tail grows. l and L switch the axes to linear.",
         ht_panel_weights, NULL, NULL},
    [HT_PANEL_ACCURACY] =
        {"accuracy", HT_VIEW_DASHBOARD,
         "The fraction classified right. batch: each minibatch, before its step; a column spans from the "
         "smallest to the largest. test: the latest look at the test samples.\n"
         "Try: a larger batch (b) calms the batch curve; the dips that noise makes stay.",
         ht_panel_accuracy, NULL, NULL},
    [HT_PANEL_NORMS] =
        {"norms", HT_VIEW_DASHBOARD,
         "P(‖w‖ > x): the share of neurons whose incoming weights have a norm above x. On log-log axes a "
         "straight line means a power law with slope -α: few neurons carry most of the norm, the rest can "
         "go. The dotted line has the slope of the injected α.\n"
         "Noise of type shared on rows that sum to 0 (ecg5000, ecg-synth) inflates the norms without "
         "changing what the network computes.",
         ht_panel_norms, NULL, NULL},
    [HT_PANEL_TAIL] =
        {"tail", HT_VIEW_DASHBOARD,
         "Tail index α̂, estimated from the first layer's weights (centred by their median), beside the "
         "injected α. Smaller is heavier; 2 is Gaussian.\n"
         "mmo: 1/α = (mean log|block sum| - mean log|w|) / log m, median over block lengths m.\n"
         "hill: 1/α = mean log(|w|/threshold) over the largest 0.5 %. Far above 2, hill says: no heavy tail.",
         ht_panel_tail, NULL, NULL},
    [HT_PANEL_PRUNING] =
        {"pruning", HT_VIEW_DASHBOARD,
         "What remains when neurons are removed, smallest norm first. Solid: test accuracy. "
         "Dotted: relative error ε², the removed part of the squared norm. κ: the largest "
         "fraction that keeps ε² within the limit, 0.1 by default. -1 point: the largest that "
         "costs at most one point of accuracy. While training a part of the test samples is "
         "used, all of them when paused, or after Enter.\n"
         "p opens the pruning view: 1 to 6 lay methods over each other, ← → < > move the "
         "cursor, x removes from the running network what it says, X also keeps that at zero "
         "while training goes on (M ends it), u undoes, g keeps the curve for comparison.\n"
         "Try: lower α and watch κ move to the right while the accuracy at κ stays.",
         ht_panel_pruning, NULL, NULL},
    [HT_PANEL_CONTROLS] =
        {"controls", HT_VIEW_DASHBOARD,
         "Every change takes effect at the next step. ↑ ↓ choose, ← → change, = types a value; or drag with "
         "the mouse. A hollow handle is the value still in effect.\n"
         "α: the tail of the noise, the smaller the heavier; 2 is Gaussian. σ: its size. η: the step size. "
         "b: samples in a minibatch. Noise types: shared (one draw for a neuron), iid (one for each weight), "
         "isotropic (one length for a neuron, any direction).",
         NULL, ht_panel_controls, NULL},
    [HT_PANEL_NOW] = {"now", HT_VIEW_DASHBOARD,
                      "The latest values in numbers. κ: the largest fraction of neurons that can be removed, "
                      "smallest first, while the removed squared norm stays within the limit ε². accuracy "
                      "pruned: on the test samples, after that.",
                      NULL, ht_panel_now, NULL},
    [HT_PANEL_PRUNING_READOUT] =
        {"readout", HT_VIEW_PRUNING,
         "The methods (press 1 to 6, or click: shown, read in full, hidden), all values "
         "at the cursor, and the marks of the whole curve in words. Compared at the "
         "fraction of all weights removed, once there is more than one. speed: of the "
         "network that is really smaller, rows of W1 and columns of W2 taken out.",
         NULL, ht_panel_pruning_readout, NULL},
    [HT_PANEL_STRIP] =
        {"strip", HT_VIEW_PRUNING,
         "The norms of the first layer's neurons in the order in which they are removed: left of "
         "the cursor they are gone, the bright ones stay. A bar is the largest of a group of "
         "neighbours. Heavy tails stand up at the right end: few neurons carry the norm.\n"
         "Try: l switches to a linear axis.",
         ht_panel_strip, NULL, NULL},
    [HT_PANEL_NEURONS] =
        {"neurons", HT_VIEW_PRUNING,
         "The incoming weights of the strongest neurons that the cursor keeps: for pictures as a picture, "
         "negative in one colour, positive in the other; else as a curve over the inputs.\n"
         "Try: without noise they look like what they have learned; with noise a few weights tower.",
         NULL, NULL, ht_panel_neurons},
    [HT_PANEL_WIDTH_RATIO] =
        {"width", HT_VIEW_WIDTH,
         "The pruning ratio κ against the width n: the same training at eight widths, three seeds each, and "
         "without noise (grey). The theorem: with heavy-tailed noise κ rises to 1 with n. Band: the "
         "quartiles "
         "of κ if the rows were nothing but noise of this type and α; a network whose noise dominates its "
         "weights lies in it.\n"
         "Try: change α or σ (↑ ↓ ← →) and press w: another ladder is laid over this one.",
         ht_panel_width_ratio, NULL, NULL},
    [HT_PANEL_WIDTH_ACCURACY] = {"width accuracy", HT_VIEW_WIDTH,
                                 "Test accuracy of the latest ladder, before and after removing the neurons "
                                 "that κ allows.",
                                 ht_panel_width_accuracy, NULL, NULL},
    [HT_PANEL_WIDTH_TAIL] = {"width tail", HT_VIEW_WIDTH,
                             "Tail index α̂ (mmo) of the first layer's weights at each width.",
                             ht_panel_width_tail, NULL, NULL},
    [HT_PANEL_WIDTH_READOUT] = {"ladder", HT_VIEW_WIDTH, "How far the ladder is, and what it shows.", NULL,
                                ht_panel_width_readout, NULL},
    [HT_PANEL_TIMELINE] =
        {"timeline", HT_VIEW_COUNT,
         "The loss of the whole run, and at its foot the states that are kept in memory: one can go back to "
         "each "
         "of them, bit by bit. Newer ones lie closer together; run.memory_mb bounds how many there are.\n"
         "b opens it: ← → (or [ ], or a click) choose a state, Enter (or a second click) goes there, Esc "
         "leaves. "
         "What came after stays on the charts as a ghost. The same settings make the same future again; "
         "other "
         "settings, another one. u undoes going back.",
         ht_panel_timeline, NULL, NULL},
    [HT_PANEL_HELP] = {"help", HT_VIEW_HELP, "", NULL, ht_panel_help, NULL},
};

const ht_panel *ht_panel_at(ht_panel_id id)
{
    return &table[id];
}

bool ht_panel_find(const char *name, ht_panel_id *id)
{
    for (int i = 0; i < HT_PANEL_COUNT; i++)
        if (table[i].home == HT_VIEW_DASHBOARD && strcmp(table[i].name, name) == 0) {
            *id = (ht_panel_id)i;
            return true;
        }
    return false;
}

ht_panel_id ht_panel_next(ht_panel_id id, int direction)
{
    int i = (int)id;
    do i = (i + direction + HT_PANEL_COUNT) % HT_PANEL_COUNT;
    while (table[i].home != HT_VIEW_DASHBOARD);
    return (ht_panel_id)i;
}
