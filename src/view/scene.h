/* scene.h - from the model and the size of the screen to where everything is. */
#ifndef HT_VIEW_SCENE_H
#define HT_VIEW_SCENE_H

#include "view/layout.h"
#include "view/scene.h"

ht_scene ht_scene_of(const ht_model *model, int columns);

ht_layout ht_layout_make(int columns, int rows, ht_scene scene);

#endif
