#include "app/app.h"

/* The first is what runs without a word. */
static const ht_command_info commands[] = {
    {"lab", "[--preset P] [--set key=value]... [--run DIR] [--script F] [--dump F]",
     "open the lab (the default)", ht_cmd_lab, HT_MULTIPLIES_LAB},
    {"train",
     "[--preset P] [--set key=value]... [--steps N] [--until-accuracy A] [--run DIR] [--json] [--quiet]",
     "train without a terminal; --run on an existing run resumes it", ht_cmd_train, HT_MULTIPLIES_POOL},
    {"replay", "RUN|F.png [--json] [--quiet]",
     "run a journal again and compare with the checkpoint, bit by bit (of a picture: print the hash)",
     ht_cmd_replay, HT_MULTIPLIES_POOL},
    {"sweep",
     "[--preset P] [--set key=value].. --vary key=v1,v2,.. [--vary ..] [--seeds 1..5] --out DIR [--jobs J] "
     "[--list | --cell K] [--quiet]\n  sweep --file F [--set ..] [--seeds ..] --out DIR ..",
     "train over a grid of settings and seeds; again: finishes what is missing", ht_cmd_sweep,
     HT_MULTIPLIES_POOL},
    {"table", "DIR [--format text|csv|markdown|json] [--limit] [--regime] [--png F [--theme T]]",
     "a sweep as a table: medians and quartiles, means and deviations over seeds", ht_cmd_table,
     HT_MULTIPLIES_NOT},
    {"compare", "[--preset P] [--set key=value].. [--steps N] [--method M] [--json] [--png F]",
     "the roads to compressibility side by side: one run each, accuracy against parameters kept (--method: "
     "all pruned by one)",
     ht_cmd_compare, HT_MULTIPLIES_POOL},
    {"certify",
     "RUN|FILE [--data D] [--order A,B,C] [--method M] [--out F.htc] [--json]\n  certify --decode F.htc "
     "[--out "
     "F.safetensors] "
     "[--data D] [--json]",
     "bounds on the expected error, from the length of a code of the pruned network; the best as a file, and "
     "back",
     ht_cmd_certify, HT_MULTIPLIES_POOL},
    {"snapshot", "RUN --out F.png [--size WxH] [--theme T] [--panel P]", "draw a run directory as a picture",
     ht_cmd_snapshot, HT_MULTIPLIES_POOL},
    {"tail", "FILE|RUN [--tensor NAME] [--order A,B,C] [--k K] [--m M] [--gradient-noise] [--json] [--png F]",
     "tail indices of weights (.npy, .safetensors, a run), every estimator with its uncertainty; or of the "
     "noise of "
     "the run's gradients",
     ht_cmd_tail, HT_MULTIPLIES_POOL},
    {"prune",
     "FILE|RUN [--method M] [--metric fro_squared|fro] [--error E | --ratio R] [--curve] [--scope "
     "S]\n"
     "      [--centre] [--coreset K] [--seed S] [--data D] [--split test|train] [--json] [--out F] "
     "[--compact]\n"
     "      [--png F] [--theme T] [--size WxH] [--scale X]\n"
     "      [--order A,B,C] [--w1 F.npy --w2 F.npy] [--x F.npy --y F.npy]",
     "prune a trained network: what goes, what is lost, the curve, a picture, the smaller network",
     ht_cmd_prune, HT_MULTIPLIES_POOL},
    {"data", "list | info DATA", "the data sets, and what one of them holds", ht_cmd_data, HT_MULTIPLIES_NOT},
    {"presets", "[PRESET]", "the presets, or the text of one", ht_cmd_presets, HT_MULTIPLIES_NOT},
    {"noise", "--type T --alpha A --shape RxC --seed S [--step K] [--layer L] --out F.npy",
     "write the draws that training adds, before the factor σ η^(1/α)", ht_cmd_noise, HT_MULTIPLIES_NOT},
    {"bench", "[noise|step|tail|law|prune|sweep|ui|quality|all] [--samples N] [--json]",
     "measure; ratios within one run", ht_cmd_bench, HT_MULTIPLIES_POOL},
    {"help", "[TOPIC]",
     "the overview; topics: params, keys, estimators, certificate, man, bash, zsh, and each subcommand",
     ht_cmd_help, HT_MULTIPLIES_NOT},
};

const ht_command_info *ht_commands(size_t *count)
{
    *count = sizeof commands / sizeof commands[0];
    return commands;
}
