/* lab_picture.c - the PNG files that `e` writes, and their names. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lab/lab_handlers.h"
#include "base/file.h"
#include "base/text.h"
#include "render/snapshot.h"
#include "view/panel.h"
#include "view/view.h"

/* ---- names ------------------------------------------------------------------------------------- */

/* "n2000", "n2000x3" of equal layers, "n300-100" of others; "n16layers" where that grows long. */
static void add_widths(ht_text *name, const ht_params *p)
{
    enum { NAMED = 4 };
    int widths[HT_PARAM_LAYERS], depth = ht_params_widths(p, widths), alike = 1;
    while (alike < depth && widths[alike] == widths[0]) alike++;
    if (alike == depth && depth == 1)
        ht_text_add(name, "-n%d", widths[0]);
    else if (alike == depth)
        ht_text_add(name, "-n%dx%d", widths[0], depth);
    else if (depth > NAMED)
        ht_text_add(name, "-n%dlayers", depth);
    else
        for (int l = 0; l < depth; l++) ht_text_add(name, "%s%d", l ? "-" : "-n", widths[l]);
}

/* "tail of weights" as "tail-of-weights": nothing that a shell takes for something else. */
static void add_word(ht_text *name, const char *word)
{
    for (; *word; word++) {
        if (isalnum((unsigned char)*word))
            ht_text_add(name, "%c", *word);
        else if (*word == ' ')
            ht_text_add(name, "-");
    }
}

/* "ht-a1.75-s0.03-n2000-step1310-pruning": what is in force, as the picture's title says it, and the view. */
static void add_name(ht_text *name, const ht_model *m)
{
    const ht_params *p = &m->applied;
    ht_view view = m->view == HT_VIEW_HELP ? HT_VIEW_DASHBOARD : m->view; /* help is not drawn */
    if (m->watched)
        ht_text_add(name, "ht-watch");
    else if ((int)ht_params_get(p, HT_P_NOISE_TYPE) == HT_NOISE_NONE)
        ht_text_add(name, "ht-nonoise");
    else
        ht_text_add(name, "ht-a%.4g-s%.4g", ht_params_get(p, HT_P_NOISE_ALPHA),
                    ht_params_get(p, HT_P_NOISE_SCALE));
    if (!m->watched) add_widths(name, p);
    ht_text_add(name, "-step%llu-", (unsigned long long)m->step);
    add_word(name, view == HT_VIEW_ZOOM ? ht_panel_at(m->focus)->name : ht_view_at(view)->name);
}

/* A name that nobody has, not even another lab a moment later: an empty file keeps it. Behind the first come
 * -2, -3 … */
static ht_code take_name(const ht_model *m, char path[256], ht_error *err)
{
    enum { MOST = 100000 };
    ht_text name = {0};
    add_name(&name, m);
    ht_code code = name.failed ? ht_error_set(err, HT_FAIL, "not enough memory for a picture") : HT_OK;
    bool taken = true;
    for (int i = 1; code == HT_OK && taken && i <= MOST; i++) {
        char number[16] = "";
        if (i > 1) snprintf(number, sizeof number, "-%d", i);
        snprintf(path, 256, "%s%s.png", name.data, number);
        code = ht_file_take_name(path, &taken, err);
    }
    if (code == HT_OK && taken)
        code = ht_error_set(err, HT_FAIL, "%s and all names behind it are taken; remove some pictures", path);
    ht_text_free(&name);
    return code;
}

/* ---- pictures ---------------------------------------------------------------------------------- */

/* The journal up to what the screen shows; empty when it has grown too long for a picture. */
static ht_text journal_so_far(const ht_lab *lab)
{
    ht_text none = {0};
    const ht_text *whole = lab->session ? &lab->session->journal : &none;
    ht_journal_mark here = {lab->model->step, lab->revision, 0, lab->model->seconds};
    ht_text text = {0};
    if (whole->length == 0) return text;
    ht_text_add_bytes(&text, whole->data, whole->length);
    ht_journal_kept(&text, "picture", &here);
    if (text.failed) ht_text_free(&text);
    return text;
}

void ht_lab_export(ht_lab *lab, ht_action action)
{
    (void)action;
    lab->picture_due = true;
}

static ht_code write_picture(const ht_lab *lab, char path[256], ht_error *err)
{
    if (take_name(lab->model, path, err) != HT_OK) return err->code;
    ht_text journal = journal_so_far(lab);
    ht_snapshot_options options = {.theme = ht_snapshot_theme(&lab->model->asked), .journal = journal.data};
    ht_code code = ht_snapshot_write(path, lab->model, &options, err);
    if (code != HT_OK) unlink(path); /* our empty file */
    ht_text_free(&journal);
    return code;
}

void ht_lab_picture(ht_lab *lab)
{
    char path[256];
    ht_error err;
    if (!lab->picture_due) return;
    lab->picture_due = false;
    if (write_picture(lab, path, &err) == HT_OK)
        ht_lab_note(lab, true, lab->session ? "saved %s (--preset FILE reopens it)" : "saved %s", path);
    else
        ht_lab_note(lab, false, "%s", err.text);
}
