/* cmd_replay.c - makes a run's weights again from its journal, and compares them bit by bit. */
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "session/json.h"
#include "session/session.h"
#include "session/data_options.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/notes.h"
#include "base/text.h"
#include "engine/run/replay.h"
#include "data/png.h"
#include "term/cast.h"
#include "term/guard.h"

enum { RUN_LIMIT = 1 << 30 };

typedef struct replaying {
    const char *source; /* a run directory or a picture */
    bool picture;
    ht_journal journal;
    ht_session session;  /* of a run: its trainer holds the checkpoint */
    ht_trainer *trainer; /* the one that replays */
    size_t entry;        /* where to go */
    bool progress, equal;
    double shown, seconds;
    uint64_t hash;
    char where[200]; /* the first difference */
    ht_labels labels;
} replaying;

static ht_code read_journal(replaying *r, ht_error *err)
{
    ht_text text = {0};
    char name[4200];
    ht_code code = HT_OK;
    snprintf(name, sizeof name, "%s%s", r->source, r->picture ? "" : "/journal.jsonl");
    if (r->picture)
        code = ht_picture_journal(r->source, &text, err);
    else
        code = ht_rundir_journal(r->source, &text, RUN_LIMIT, err);
    if (code == HT_OK)
        code = ht_journal_parse(&r->journal, name, text.data ? text.data : "", text.length, err);
    ht_text_free(&text);
    return code;
}

/* The checkpoint, and where the journal tells of it. */
static ht_code find_checkpoint(replaying *r, ht_error *err)
{
    char path[HT_RUN_PATH];
    if (ht_rundir_file(r->source, HT_RUN_CHECKPOINT, path, err) != HT_OK) return err->code;
    if (ht_checkpoint_read(path, r->session.trainer, err) != HT_OK) return err->code;
    /* The run may be going on: the line that tells of a checkpoint is written before it. */
    ht_journal_free(&r->journal);
    if (read_journal(r, err) != HT_OK) return err->code;
    if (ht_replay_find(r->session.trainer, AT_FDCWD, path, &r->journal, &r->entry, err) != HT_OK)
        return err->code;
    if (r->entry < r->journal.count) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s stands at step %" PRIu64 ", of which journal.jsonl knows nothing",
                        path, ht_trainer_steps(r->session.trainer));
}

static ht_code find_picture(replaying *r, ht_error *err)
{
    for (r->entry = r->journal.count; r->entry-- > 0;)
        if (r->journal.entries[r->entry].kind == HT_ENTRY_PICTURE) return HT_OK;
    return ht_error_set(err, HT_FAIL, "%s: its journal does not say which step it shows", r->source);
}

static bool watch(void *context, uint64_t step)
{
    replaying *r = context;
    if (r->progress && ht_now() - r->shown > 0.1) {
        r->shown = ht_now();
        fprintf(stderr, "\rstep %" PRIu64 " of %" PRIu64 "  ", step, r->journal.entries[r->entry].step);
    }
    return !ht_interrupted();
}

static ht_code replay(replaying *r, const ht_arguments *args, ht_error *err)
{
    if (read_journal(r, err) != HT_OK) return err->code;
    if (ht_settings_trust(&r->journal.initial, r->source, args, err) != HT_OK) return err->code;
    if (ht_session_make(&r->session, &r->journal.initial, args, err) != HT_OK) return err->code;
    ht_data_tell(r->session.data);
    ht_code code = r->picture ? find_picture(r, err) : find_checkpoint(r, err);
    if (code != HT_OK) return code;
    r->trainer = ht_trainer_new(&r->journal.initial, r->session.data, r->session.pool, err);
    if (!r->trainer) return err->code;
    ht_interrupt_listen();
    double start = ht_now();
    code = ht_journal_labels(&r->journal, r->entry, r->journal.entries[r->entry].step, &r->labels, err);
    if (code == HT_OK) code = ht_replay(r->trainer, &r->journal, r->entry, watch, r, err);
    r->seconds = ht_now() - start;
    if (r->progress) fputs("\r\033[K", stderr);
    if (code != HT_OK) return ht_error_prefix(err, "%s", r->source);
    ht_checkpoint made = ht_checkpoint_of(r->trainer), stored = ht_checkpoint_of(r->session.trainer);
    r->hash = ht_checkpoint_hash(&made);
    r->equal = !r->picture && !ht_checkpoint_differs(&made, &stored, r->where, sizeof r->where);
    return HT_OK;
}

static ht_code print_json(const replaying *r, ht_error *err)
{
    char hash[24], source[4200];
    uint64_t steps = ht_trainer_steps(r->trainer);
    ht_text_copy(source, sizeof source, r->source);
    ht_text_clean(source); /* a name of other bytes than UTF-8 has no place in JSON */
    snprintf(hash, sizeof hash, "%016" PRIx64, r->hash);
    json_t *root =
        json_pack("{s:i, s:s, s:I, s:s, s:o, s:o, s:f}", "schema", 1, "source", source, "steps",
                  (json_int_t)steps, "hash", hash, "equal", r->picture ? json_null() : json_boolean(r->equal),
                  "difference", r->where[0] ? json_string(r->where) : json_null(), "seconds", r->seconds);
    if (root && r->labels.count > 0) json_object_set_new(root, "labels", ht_json_labels(&r->labels));
    return ht_json_print(root, err);
}

static void print(const replaying *r)
{
    char steps[32];
    ht_format_grouped(steps, sizeof steps, (long long)ht_trainer_steps(r->trainer));
    printf("%s: step %s replayed in %.2f s, hash %016" PRIx64 "%s\n", r->source, steps, r->seconds, r->hash,
           r->picture ? ""
           : r->equal ? ", the same bits as checkpoint.safetensors"
                      : "");
}

/* Of a recording of the lab. */
static int play(const char *path, const char *speed, const char *idle, const ht_arguments *args)
{
    enum { MOST = 1000 };
    ht_error err;
    ht_cast_pace pace = {.speed = 1};
    ht_notes notes = {0};
    ht_code code = HT_OK;
    if (args->word_count > 0 || args->set_count > 0 || args->preset)
        code =
            ht_error_set(&err, HT_USAGE, "replay --cast F: plays a recording, and takes no run or setting");
    if (code == HT_OK && speed &&
        (!ht_parse_number(speed, &pace.speed) || !(pace.speed >= 1e-3) || pace.speed > MOST))
        code = ht_error_set(&err, HT_USAGE, "--speed %.40s: from 0.001 to 1000 times as fast", speed);
    if (code == HT_OK && idle && (!ht_parse_number(idle, &pace.idle_limit) || !(pace.idle_limit > 0)))
        code = ht_error_set(&err, HT_USAGE, "--idle-limit %.40s: more than 0 seconds", idle);
    if (code == HT_OK) ht_guard_start();
    if (code == HT_OK) code = ht_cast_play(path, pace, &notes, &err);
    ht_app_notes(&notes);
    ht_notes_free(&notes);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}

int ht_cmd_replay(int argc, char **argv)
{
    bool json = false, quiet = false;
    const char *cast = NULL, *speed = NULL, *idle = NULL;
    const ht_option options[] = {{"--json", NULL, &json},       {"--quiet", NULL, &quiet},
                                 {"--cast", &cast, NULL},       {"--speed", &speed, NULL},
                                 {"--idle-limit", &idle, NULL}, {NULL, NULL, NULL}};
    ht_arguments args = {.word_limit = 1};
    ht_error err;
    ht_code code = ht_arguments_parse(&args, argc, argv, options, &err);
    if (code == HT_OK && cast) return play(cast, speed, idle, &args);
    if (code == HT_OK && (speed || idle))
        code = ht_error_set(&err, HT_USAGE, "replay: --speed and --idle-limit are for --cast F");
    if (code == HT_OK && (args.word_count != 1 || args.set_count > 0 || args.preset))
        code = ht_error_set(
            &err, HT_USAGE,
            "replay: give a run directory or a picture, and no settings: they are in its journal");
    replaying *r = code == HT_OK ? ht_alloc(1, sizeof *r, "the replay", &err) : NULL;
    if (!r) return ht_app_fail(&err);
    r->source = args.words[0];
    r->picture = ht_text_ends(r->source, ".png");
    r->progress = !quiet && isatty(STDERR_FILENO);
    code = replay(r, &args, &err);
    if (code == HT_OK && json)
        code = print_json(r, &err);
    else if (code == HT_OK)
        print(r);
    if (code == HT_OK && !r->picture && !r->equal)
        code = ht_error_set(&err, HT_FAIL,
                            "%s: the replay does not end at checkpoint.safetensors: %s (a run of another "
                            "build, instruction set or BLAS core ends at other bits)",
                            r->source, r->where);
    ht_trainer_free(r->trainer);
    ht_session_close(&r->session);
    ht_journal_free(&r->journal);
    ht_free(r);
    return code == HT_OK ? 0 : ht_app_fail(&err);
}
