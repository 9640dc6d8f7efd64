/* lesson.h - lessons as files (assets/lessons, docs/lessons.md): steps of text, keys to press, a stretch of
 * training, and claims that must hold after it. Only read here; the lab plays them (lab/lab_lesson.c). */
#ifndef HT_LESSON_LESSON_H
#define HT_LESSON_LESSON_H

#include "lesson/condition.h"
#include "view/model.h"

enum {
    HT_LESSON_STEPS = 16,
    HT_LESSON_KEYS = 12,
    HT_LESSON_CLAIMS = 6,
    HT_LESSON_TEXT = 1000,
    HT_LESSON_SAID = 160
};

typedef struct ht_claim {
    ht_condition condition;
    char said[HT_LESSON_SAID]; /* for people */
} ht_claim;

typedef struct ht_lesson_step {
    char title[64], text[HT_LESSON_TEXT];
    ht_panel_id panel; /* that gets the frame; HT_PANEL_COUNT: none */
    int keys;          /* to press, in this order */
    char key[HT_LESSON_KEYS][16];
    char press[64];     /* for people; "": nothing is to be pressed */
    ht_condition until; /* what tells that it was done */
    double train;       /* then it trains to this step and waits there; 0: not */
    int claims;
    ht_claim claim[HT_LESSON_CLAIMS];
} ht_lesson_step;

typedef struct ht_lesson {
    char title[64], about[200], preset[64];
    int count;
    ht_lesson_step step[HT_LESSON_STEPS];
} ht_lesson;

/* HT_USAGE on the first bad line, as "name:line: …". */
ht_code ht_lesson_parse(ht_lesson *lesson, const char *name, const char *text, size_t size, ht_error *err);

/* The compiled-in lessons, from 1. HT_USAGE: there is none of this number. */
int ht_lesson_count(void);
ht_code ht_lesson_load(ht_lesson *lesson, int number, ht_error *err);

#endif
