#include "render/same.h"

#include "base/hash.h"

uint64_t ht_same_chart(uint64_t hash, const ht_chart *chart)
{
    hash = ht_hash(hash, chart, sizeof *chart);
    for (int i = 0; i < chart->series_count; i++) {
        const ht_series *s = &chart->series[i];
        bool heat = s->kind == HT_MARK_HEAT, edges = heat || s->kind == HT_MARK_BARS;
        size_t bytes = (size_t)s->count * sizeof(double);
        hash = ht_hash(hash, s->x, bytes + (edges ? sizeof(double) : 0));
        hash = ht_hash(hash, s->high, heat ? bytes * (size_t)s->rows : bytes);
        if (heat) hash = ht_hash(hash, s->y, (size_t)(s->rows + 1) * sizeof(double));
        if (s->low) hash = ht_hash(hash, s->low, bytes);
    }
    return hash;
}

uint64_t ht_same_form(uint64_t hash, const ht_form *form)
{
    hash = ht_hash(hash, form, offsetof(ht_form, rows));
    return ht_hash(hash, form->rows, (size_t)form->count * sizeof form->rows[0]);
}

uint64_t ht_same_gallery(uint64_t hash, const ht_gallery *gallery)
{
    size_t bytes = (size_t)ht_gallery_channels(gallery->kind) * (size_t)gallery->width *
                   (size_t)gallery->height * sizeof(float);
    hash = ht_hash(hash, gallery, sizeof *gallery);
    for (int i = 0; i < gallery->count; i++) hash = ht_hash(hash, gallery->item[i].value, bytes);
    return hash;
}
