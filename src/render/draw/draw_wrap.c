#include "render/draw/draw_wrap.h"

bool ht_draw_of_cells(ht_surface *s)
{
    static const char letters[] = "nnnnnnnn";
    return !s || s->ops->measure(s, 0, letters) >= sizeof letters - 1;
}

bool ht_draw_wrap_next(ht_surface *s, const char **text, int width, char line[HT_WRAP_LINE])
{
    const char *from = *text;
    if (ht_draw_of_cells(s)) return ht_wrap_next(text, width, line);
    for (int columns = 2 * width; columns > 0; columns--) {
        *text = from;
        if (!ht_wrap_next(text, columns, line)) return false;
        if (s->ops->measure(s, HT_BOLD, line) <= width) return true;
    }
    return width > 0;
}

int ht_draw_wrap_count(ht_surface *s, const char *text, int width)
{
    char line[HT_WRAP_LINE];
    int count = 0;
    while (ht_draw_wrap_next(s, &text, width, line)) count++;
    return count > 0 ? count : 1;
}
