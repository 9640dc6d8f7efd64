#include "view/panel.h"

#include <string.h>

static const ht_panel table[HT_PANEL_COUNT] = {
    [HT_PANEL_LOSS] =
        {"loss", HT_VIEW_DASHBOARD,
         "Cross-entropy: how wrong the network is, 0 at best. train: each minibatch; a column "
         "spans from the smallest to the largest of its steps, so that no spike is lost. test: "
         "the latest look at the test samples.\n"
         "A letter on a dim line is a ghost (g): an earlier run's test loss at the same steps. Dotted "
         "upright lines "
         "are changes of a control; i or a click reads the values there.\n"
         "Try: raise σ until the curve is all spikes; a heavy tail makes few but huge ones. m shows the mean "
         "of so many steps, Σ β^(t-i) x / Σ β^(t-i), the raw curve behind.",
         ht_panel_loss, NULL, NULL},
    [HT_PANEL_WEIGHTS] =
        {"weights", HT_VIEW_DASHBOARD,
         "Histogram of |w| over the first layer's weights. On log-log axes a power-law tail falls in a "
         "straight line to the right, with slope -α for bars of equal width on the log axis.\n"
         "Try: noise off (n), then reset (r): the uniform start is a cliff at 1/√d, d inputs. Noise on: the "
         "tail grows. l and L switch the axes to linear; "
         "g keeps the outline of now as a ghost.",
         ht_panel_weights, NULL, NULL},
    [HT_PANEL_ACCURACY] =
        {"accuracy", HT_VIEW_DASHBOARD,
         "The fraction classified right. batch: each minibatch, before its step; a column spans from the "
         "smallest to the largest. test: the latest look at the test samples.\n"
         "Try: a larger batch (b) calms the batch curve; the dips that noise makes stay. g pins this run, r "
         "starts "
         "again with the same weights: both are then side by side.",
         ht_panel_accuracy, NULL, NULL},
    [HT_PANEL_NORMS] =
        {"norms", HT_VIEW_DASHBOARD,
         "P(‖w‖ > x): the share of neurons whose incoming weights have a norm above x. On log-log axes a "
         "straight line means a power law with slope -α: few neurons carry most of the norm, the rest can "
         "go. The dotted line has the slope of the injected α.\n"
         "Try: lower α (←): the line gets flatter, and κ rises. n: the norms fall off a cliff.\n"
         "Noise of type shared on rows that sum to 0 (ecg5000, ecg-synth) inflates the norms without "
         "changing what the network computes.",
         ht_panel_norms, NULL, NULL},
    [HT_PANEL_TAIL] =
        {"tail", HT_VIEW_DASHBOARD,
         "Tail index α̂, estimated from a layer's weights (centred: column medians, then the median), beside "
         "the injected α; bands: 95 % intervals. Smaller is heavier; what cannot be told from 2, the normal "
         "law, is called no heavy tail.\n"
         "mmo: 1/α = (mean log|block sum| - mean log|w|) / log m, median over block lengths m.\n"
         "hill: 1/α = mean log(|w|/threshold) over the largest k, as far as its plot is level. t shows all.\n"
         "Try: change α: the estimates follow once the old noise has faded.",
         ht_panel_tail, NULL, NULL},
    [HT_PANEL_PRUNING] =
        {"pruning", HT_VIEW_DASHBOARD,
         "What remains when neurons are removed, smallest norm first. Solid: test accuracy. Dotted: relative "
         "error ε², the removed part of the squared norm. κ: the largest fraction that keeps ε² within the "
         "limit, 0.1 by default. -1 point: the largest that costs at most one point of accuracy. While "
         "training a part of the test samples is used, all of them when paused, or after Enter.\n"
         "p opens the pruning view: 1 to 6 lay methods over each other, ← → < > move the cursor, x removes "
         "from "
         "the running network what it says, X also keeps that at zero while training goes on (M ends it), u "
         "undoes, g keeps the curve for comparison.\n"
         "Try: lower α and watch κ move to the right while the accuracy at κ stays.",
         ht_panel_pruning, NULL, NULL},
    [HT_PANEL_CONTROLS] =
        {"controls", HT_VIEW_DASHBOARD,
         "Every change takes effect at the next step. ↑ ↓ choose, ← → change, = types a value; or drag with "
         "the mouse. A hollow handle is the value still in effect.\n"
         "α: the tail of the noise, the smaller the heavier; 2 is Gaussian. σ: its size. η: the step size. "
         "b: samples in a minibatch. Noise types: shared (one draw for a neuron), iid (one for each weight), "
         "isotropic (one length for a neuron, any direction; its X is narrower by √2). Each step is "
         "W ← W - η ∇L + σ η^(1/α) X.\n"
         "Try: n takes the noise away and brings it back; : sets what has no slider, as "
         "train.weight_decay=0.1.",
         NULL, ht_panel_controls, NULL},
    [HT_PANEL_NOW] = {"now", HT_VIEW_DASHBOARD,
                      "The latest values in numbers; of a frozen view (f) those of its step. Ghosts: test "
                      "accuracy and κ of "
                      "earlier runs (g), with what was set otherwise. κ: the largest fraction of neurons "
                      "that can be removed, "
                      "smallest first, while the removed squared norm stays within the limit ε². accuracy "
                      "pruned: on the test samples, after that.\n"
                      "Try: pin a ghost (g), name it (N), change α, r: both runs stand here.",
                      NULL, ht_panel_now, NULL},
    [HT_PANEL_PRUNING_READOUT] =
        {"readout", HT_VIEW_PRUNING,
         "The methods (press 1 to 6, or click: shown, read in full, hidden), all values at the cursor, and "
         "the "
         "marks of the whole curve in words. Compared at the fraction of all weights removed, once there is "
         "more than one. speed: of the network that is really smaller, rows of W1 and columns of W2 taken "
         "out.\n"
         "Try: lay random (6) beside node (1): what is between them is what the order by norm is worth.",
         NULL, ht_panel_pruning_readout, NULL},
    [HT_PANEL_STRIP] =
        {"strip", HT_VIEW_PRUNING,
         "The norms of the first layer's neurons in the order in which they are removed: left of the cursor "
         "they are gone, the bright ones stay. A bar is the largest of a group of neighbours. Heavy tails "
         "stand "
         "up at the right end: few neurons carry the norm.\n"
         "Try: l switches to a linear axis.",
         ht_panel_strip, NULL, NULL},
    [HT_PANEL_NEURONS] =
        {"neurons", HT_VIEW_PRUNING,
         "The incoming weights of the strongest neurons that the cursor keeps: for pictures as a picture, "
         "negative in one colour, positive in the other; else as a curve over the inputs.\n"
         "Try: without noise they look like what they have learned; with noise a few weights tower.",
         NULL, NULL, ht_panel_neurons},
    [HT_PANEL_TAIL_WEIGHTS] =
        {"tail of weights", HT_VIEW_TAIL,
         "P(|w| > x): the share of a layer's weights (centred) that are larger than x, on log-log axes. A "
         "power law falls in a straight line of slope -α; the normal law bends down ever steeper. The fit "
         "begins where the Hill plot is level; the fan is its 95 % interval, the dotted line has the slope "
         "of the injected α.\n"
         "Try: pin a ghost (g), take the noise away (n): the straight line stays in the ghost.",
         ht_panel_tail_weights, NULL, NULL},
    [HT_PANEL_TAIL_NORMS] =
        {"tail of norms", HT_VIEW_TAIL,
         "P(‖w‖ > x): the same for the norms of the rows, one a neuron. A long straight tail: few neurons "
         "carry the layer, and the others can go. Few points, so wide intervals: a layer of 2 000 neurons "
         "has 40 norms in its upper 2 %.\n"
         "Try: noise of type shared, then isotropic: the rows are heavy while each weight alone is not told "
         "apart.",
         ht_panel_tail_norms, NULL, NULL},
    [HT_PANEL_TAIL_HILL] =
        {"hill plot", HT_VIEW_TAIL,
         "Hill's estimate from the k largest weights, 1/α̂(k) = mean log(w_i/w_k) over i < k, against k. "
         "Small k: few points, a wide band. Large k: "
         "the bulk comes in, which is no power law. Believe the level stretch between (plateau); if there is "
         "none, there is no index to read off. The end of the plateau is the k in use.\n"
         "Try: a run without noise (n, r): the plot slopes all the way.",
         ht_panel_tail_hill, NULL, NULL},
    [HT_PANEL_TAIL_SPECTRUM] =
        {"spectrum", HT_VIEW_TAIL,
         "P(λ > x) of the eigenvalues of WᵀW/N, and a power law fitted from xmin on (Clauset, Shalizi, "
         "Newman). Its number is a density exponent, one more than the index of the tail: what WeightWatcher "
         "calls α. Independent weights with index α give eigenvalues with tail index α/2, density exponent "
         "1 + α/2.\n"
         "Try: lower α: the largest eigenvalues leave the bulk, and the exponent falls.",
         ht_panel_tail_spectrum, NULL, NULL},
    [HT_PANEL_TAIL_HISTORY] =
        {"estimates", HT_VIEW_TAIL,
         "Every estimate of α over the steps with its 95 % interval, beside the injected α. mmo, mmo-multi, "
         "mcculloch and ecf assume a stable law and mean its α; hill, dehaan, dekkers, pickands and "
         "paulauskas need only the largest values, and mean the exponent of the tail: equal to α below 2.\n"
         "Try: change α (← →) and see which follow at once: the weights remember what came before.",
         ht_panel_tail_history, NULL, NULL},
    [HT_PANEL_TAIL_TABLE] =
        {"tail table", HT_VIEW_TAIL,
         "All estimates: value ± standard error, the k largest values used (or the block length m), the "
         "points it rests on, and how far to believe it. Grouped by what the number means: a stability index "
         "(of the stable law, ≤ 2), a tail index (P(X > x) ~ x^-α), a density exponent (one more). The same "
         "as `heavytail train --json`.\n"
         "Try: compare the groups: where they agree, it is a stable law; where not, read the word.",
         NULL, ht_panel_tail_table, NULL},
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
                                 "that κ allows.\n"
                                 "Try: a low α: κ is near 1, but is the pruned network still as good?",
                                 ht_panel_width_accuracy, NULL, NULL},
    [HT_PANEL_WIDTH_TAIL] = {"width tail", HT_VIEW_WIDTH,
                             "Tail index α̂ (mmo) of the first layer's weights at each width.\n"
                             "Try: α = 1.5, then w: the points should gather at the injected α as n grows.",
                             ht_panel_width_tail, NULL, NULL},
    [HT_PANEL_WIDTH_READOUT] = {"ladder", HT_VIEW_WIDTH,
                                "How far the ladder is, and what it shows.\n"
                                "Try: quote medians over seeds: one giant draw moves κ by tenths.",
                                NULL, ht_panel_width_readout, NULL},
    [HT_PANEL_COMPARE] =
        {"compare", HT_VIEW_COMPARE,
         "The roads to compressibility side by side: the same network and samples, trained without noise, "
         "with noise of "
         "the three types, with η/b sixteen times as large (arXiv 2106.03795), with each weight a product of "
         "two or "
         "three factors (2502.02496), with Occam gradient descent (2405.20194). Then the network is pruned "
         "and the "
         "test accuracy drawn against the share of its parameters that is left. With noise whole neurons go "
         "(node), smallest norm first, each with its row and its column of weights; else the smallest "
         "weights "
         "(magnitude). plain is also pruned by neurons, and by sensitivity (coreset, 1804.05345). "
         "`heavytail compare --method M` prunes all by one.\n"
         "Try: another preset or noise, then c once more.",
         ht_panel_compare, NULL, NULL},
    [HT_PANEL_COMPARE_TABLE] = {"roads", HT_VIEW_COMPARE,
                                "How far each road is, and what it gives.\n"
                                "Try: another preset (heavytail --preset digits-demo), then c.",
                                NULL, ht_panel_compare_table, NULL},
    [HT_PANEL_EPOCHS] = {"epochs", HT_VIEW_ROAD,
                         "Occam gradient descent (arXiv 2405.20194), epoch by epoch: the share of all "
                         "weights that is left, the "
                         "accuracy before the pruning, and λ, the share of the rest of every layer that "
                         "went. λ follows the loss: "
                         "ζ = (L_i - L_{i-1}) / (L_{i-1} - L_{i-2}), λ ← clip(ζ λ, 0.1 λ0, λ0). Epochs "
                         "beyond 1024 are thinned.\n"
                         "Try: :occam.lambda0=0.3, or the preset occam.",
                         ht_panel_epochs, NULL, NULL},
    [HT_PANEL_EPOCHS_LOSS] =
        {"epochs' loss", HT_VIEW_ROAD,
         "The loss at the end of each epoch, before its pruning: of the samples held back "
         "(occam.holdout), else of the training samples. The network of the lowest is kept.\n"
         "Try: :occam.lambda0=0 for plain training on the same samples: the loss turns up where it overfits.",
         ht_panel_epochs_loss, NULL, NULL},
    [HT_PANEL_SIZE] =
        {"size", HT_VIEW_ROAD,
         "The share of all weights larger than 1e-4, and larger than machine epsilon (2^-23), over the "
         "steps. "
         "With D factors a weight (arXiv 2502.02496) weight decay λ on the factors is an L_{2/D} penalty on "
         "their product: weights on their way out halve every few hundred steps and never come back.\n"
         "Try: the presets factors-2 and factors-3.",
         ht_panel_size, NULL, NULL},
    [HT_PANEL_REGIME] = {"regime", HT_VIEW_ROAD,
                         "Tail index of the rows (mmo-multi, centred by the medians of the columns), the "
                         "median of the hidden "
                         "layers, over the steps; with train.average on the mean of the last iterates. It "
                         "falls as η/b rises, "
                         "without any noise (arXiv 2106.03795).\n"
                         "Try: the preset eta-over-b; raise η, or lower b. `heavytail sweep --file "
                         "eta-over-b` climbs a ladder.",
                         ht_panel_regime, NULL, NULL},
    [HT_PANEL_ROAD] =
        {"road", HT_VIEW_ROAD,
         "How far this run is on each road: η/b and the tail index of the rows, how many weights are "
         "left, and what the last epoch gave.\n"
         "Try: η four times as large (=), then watch α̂ of the rows.",
         NULL, ht_panel_road, NULL},
    [HT_PANEL_TIMELINE] =
        {"timeline", HT_VIEW_COUNT,
         "The loss of the whole run, and at its foot the states that are kept in memory: one can go back to "
         "each of them, bit by bit. Newer ones lie closer together; run.memory_mb bounds how many there "
         "are.\n"
         "b opens it: ← → (or [ ], or a click) choose a state, Enter (or a second click) goes there, Esc "
         "leaves. "
         "What came after stays on the charts as a ghost. The same settings make the same future again; "
         "other "
         "settings, another one. u undoes going back.\n"
         "Try: go back to before a spike, take the noise away (n), Space.",
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
    while (table[i].home != table[id].home);
    return (ht_panel_id)i;
}
