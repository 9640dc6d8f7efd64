/* panel_room.h - what a form may fill. */
#ifndef HT_VIEW_PANEL_ROOM_H
#define HT_VIEW_PANEL_ROOM_H

#include <stdbool.h>

typedef struct ht_room {
    int columns, rows; /* inside the frame */
    bool numbers;      /* no other panel on the screen shows the numbers of the moment */
    /* Columns that text takes on a surface whose letters are narrower than its cells; NULL: one a letter. */
    double (*measure)(void *surface, const char *text);
    void *surface;
} ht_room;

#endif
