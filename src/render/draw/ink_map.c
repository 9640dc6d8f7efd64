#include "render/draw/ink_map.h"

#include <math.h>

static bool inside(const ht_ink_map *map, int x, int y)
{
    return x >= 0 && y >= 0 && x < map->area.w && y < map->area.h && x < HT_INK_WIDTH && y < HT_INK_HEIGHT;
}

void ht_ink_add(ht_ink_map *map, int x, int y)
{
    x -= map->area.x;
    y -= map->area.y;
    if (inside(map, x, y)) map->bits[y][x / 8] |= (unsigned char)(1u << x % 8);
}

void ht_ink_line(ht_ink_map *map, double x0, double y0, double x1, double y1)
{
    if (!isfinite(x0 + y0 + x1 + y1)) return;
    double length = fmax(fabs(x1 - x0), fabs(y1 - y0));
    int steps = length < 2000 ? (int)ceil(2 * length) : 4000;
    for (int i = 0; i <= steps; i++) {
        double t = steps ? (double)i / steps : 0, x = x0 + t * (x1 - x0), y = y0 + t * (y1 - y0);
        if (fabs(x) < 1e6 && fabs(y) < 1e6) ht_ink_add(map, (int)floor(x), (int)floor(y));
    }
}

int ht_ink_count(const ht_ink_map *map, ht_rect r)
{
    int count = 0;
    for (int y = r.y - map->area.y; y < r.y - map->area.y + r.h; y++)
        for (int x = r.x - map->area.x; x < r.x - map->area.x + r.w; x++)
            count += inside(map, x, y) && map->bits[y][x / 8] >> x % 8 & 1;
    return count;
}
