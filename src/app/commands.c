#include "app/app.h"

static const ht_command_info commands[] = {
    {"lab", "[--preset P] [--set key=value]... [--run DIR] [--script F] [--dump F]",
     "open the lab (the default)", ht_cmd_lab},
    {"train",
     "[--preset P] [--set key=value]... [--steps N] [--until-accuracy A] [--run DIR] [--json] [--quiet]",
     "train without a terminal; --run on an existing run resumes it", ht_cmd_train},
    {"replay", "RUN|F.png [--json] [--quiet]",
     "run a journal again and compare with the checkpoint, bit by bit (of a picture: print the hash)",
     ht_cmd_replay},
    {"sweep",
     "[--preset P] [--set key=value].. --vary key=v1,v2,.. [--vary ..] [--seeds 1..5] --out DIR [--jobs J] "
     "[--list | --cell K] [--quiet]\n  sweep --file F [--set ..] [--seeds ..] --out DIR ..",
     "train over a grid of settings and seeds; again: finishes what is missing", ht_cmd_sweep},
    {"table", "DIR [--format text|csv|markdown|json] [--limit] [--regime] [--png F [--theme T]]",
     "a sweep as a table: medians and quartiles, means and deviations over seeds", ht_cmd_table},
    {"compare", "[--preset P] [--set key=value].. [--steps N] [--method M] [--json] [--png F]",
     "the roads to compressibility side by side: one run each, accuracy against parameters kept (--method: "
     "all pruned by one)",
     ht_cmd_compare},
    {"certify",
     "RUN|FILE [--data D] [--method M] [--out F.htc] [--json]\n  certify --decode F.htc [--out "
     "F.safetensors] "
     "[--data D] [--json]",
     "bounds on the expected error, from the length of a code of the pruned network; the best as a file, and "
     "back",
     ht_cmd_certify},
    {"snapshot", "RUN --out F.png [--size WxH] [--theme T] [--panel P]", "draw a run directory as a picture",
     ht_cmd_snapshot},
    {"tail", "FILE|RUN [--tensor NAME] [--k K] [--m M] [--gradient-noise] [--json] [--png F]",
     "tail indices of weights (.npy, .safetensors, a run), every estimator with its uncertainty; or of the "
     "noise of "
     "the run's gradients",
     ht_cmd_tail},
    {"prune",
     "FILE|RUN [--method M] [--metric fro_squared|fro] [--error E | --ratio R] [--curve] [--scope "
     "S]\n"
     "      [--centre] [--coreset K] [--seed S] [--data D] [--split test|train] [--json] [--out F] "
     "[--compact]\n"
     "      [--png F] [--theme T] [--size WxH] [--scale X]\n"
     "      [--w1 F.npy --w2 F.npy] [--x F.npy --y F.npy]",
     "prune a trained network: what goes, what is lost, the curve, a picture, the smaller network",
     ht_cmd_prune},
    {"data", "list | info DATA", "the data sets, and what one of them holds", ht_cmd_data},
    {"presets", "[PRESET]", "the presets, or the text of one", ht_cmd_presets},
    {"noise", "--type T --alpha A --shape RxC --seed S [--step K] [--layer L] --out F.npy",
     "write the draws that training adds, before the factor σ η^(1/α)", ht_cmd_noise},
    {"bench", "[noise|step|tail|law|prune|sweep|ui|quality|all] [--samples N] [--json]",
     "measure; ratios within one run", ht_cmd_bench},
    {"help", "[TOPIC]",
     "the overview; topics: params, keys, estimators, certificate, man, bash, zsh, and each subcommand",
     ht_cmd_help},
};

const ht_command_info *ht_commands(size_t *count)
{
    *count = sizeof commands / sizeof commands[0];
    return commands;
}
