#include "chart/form.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

ht_row *ht_form_add(ht_form *form, ht_row_kind kind, ht_role role, const char *label,
                    const char *value_format, ...)
{
    if (form->count < HT_FORM_ROWS) form->count++;
    ht_row *row = &form->rows[form->count - 1];
    *row = (ht_row){.kind = kind, .role = role, .id = -1};
    ht_text_copy(row->label, sizeof row->label, label ? label : "");
    if (value_format) {
        char value[4 *
                   sizeof row->value]; /* longer than the row's, so that the cut falls between characters */
        va_list args;
        va_start(args, value_format);
        if (vsnprintf(value, sizeof value, value_format, args) >= 0)
            ht_text_copy(row->value, sizeof row->value, value);
        va_end(args);
    }
    return row;
}
