#include "weights/net/netform.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = sizeof((ht_netform *)0)->tensor / sizeof(struct ht_form_tensor) };

void ht_netform_add_vector(ht_netform *form, const ht_weights *file, size_t number, int tensor)
{
    ht_tensor_info info;
    ht_error ignored; /* it has been read */
    if (form && ht_weights_describe(file, number, &info, &ignored) == HT_OK)
        ht_netform_add(form, file, number, tensor, info.shape[0] == 1);
}

void ht_netform_add(ht_netform *form, const ht_weights *file, size_t number, int tensor, bool turned)
{
    ht_tensor_info info;
    ht_error ignored; /* it has been read */
    if (!form || ht_weights_describe(file, number, &info, &ignored) != HT_OK) return;
    if (form->count >= MOST) {
        form->tensor[0].name[0] = '\0';
        return;
    }
    struct ht_form_tensor *t = &form->tensor[form->count++];
    *t = (struct ht_form_tensor){.number = number, .tensor = tensor, .turned = turned, .ndim = info.ndim};
    if (strlen(info.name) < sizeof t->name) strcpy(t->name, info.name);
}

static int by_number(const void *a, const void *b)
{
    const struct ht_form_tensor *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

void ht_netform_finish(ht_netform *form, const char *path, ht_notes *notes)
{
    if (!form) return;
    qsort(form->tensor, (size_t)form->count, sizeof form->tensor[0], by_number);
    for (int i = 0; i < form->count; i++)
        if (!form->tensor[i].name[0]) {
            ht_notes_add(notes, "%s: a tensor's name has more than %d bytes: a copy will have names of ours",
                         path, HT_TENSOR_NAME - 1);
            form->count = 0;
        }
}

ht_sides ht_netform_sides(const ht_tensor *tensor)
{
    bool vector = !(tensor->flags & (HT_TENSOR_WEIGHT | HT_TENSOR_TABLE));
    return (ht_sides){(size_t)tensor->rows,
                      vector ? 0 : (size_t)tensor->columns,
                      {(size_t)tensor->window[0], (size_t)tensor->window[1]}};
}
