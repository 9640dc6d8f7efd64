/* lab_background.c - the width sweep and the comparison of methods, of which one runs at a time: when it has
 * ended, what was asked for meanwhile starts, else the main run goes on if it ran before. */
#include "lab/lab_handlers.h"

static void follow(ht_lab *lab)
{
    ht_action next = lab->follow;
    bool resumes = lab->resumes;
    ht_view view = lab->model->view; /* not when another view was opened meanwhile */
    lab->stopping = false;
    lab->follow = HT_DO_NOTHING;
    if (next == HT_DO_WIDTH && view == HT_VIEW_WIDTH)
        ht_lab_width(lab, next);
    else if (next == HT_DO_COMPARE && view == HT_VIEW_COMPARE)
        ht_lab_compare(lab, next);
    if (lab->width_sweep || lab->compare)
        lab->resumes = lab->resumes || resumes;
    else if (resumes && lab->model->state == HT_STATE_PAUSED)
        ht_lab_send(lab, HT_COMMAND_RUN, 0, 0);
}

bool ht_lab_background_poll(ht_lab *lab)
{
    bool busy = lab->width_sweep || lab->compare;
    bool news = ht_lab_width_poll(lab);
    news = ht_lab_compare_poll(lab) || news;
    if (busy && !lab->width_sweep && !lab->compare) follow(lab);
    return news;
}
