#include "render/theme.h"

#include <pthread.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "render/surface.h"

enum { THEMES_MAX = 16, NAME_MAX_BYTES = 32, LINE_MAX_BYTES = 200 };

static const char FOLDER[] = "assets/themes/", ENDING[] = ".theme";

/* ---- the compiled-in themes -------------------------------------------------------------------- */

static char theme_names[THEMES_MAX][NAME_MAX_BYTES];
static size_t theme_count;
static pthread_once_t names_once = PTHREAD_ONCE_INIT;

static void find_names(void)
{
    for (size_t i = 0; i < ht_embedded_count && theme_count < THEMES_MAX; i++) {
        const char *path = ht_embedded_files[i].name;
        size_t length = strlen(path), folder = sizeof FOLDER - 1, ending = sizeof ENDING - 1;
        if (length <= folder + ending || length - folder - ending >= NAME_MAX_BYTES) continue;
        if (strncmp(path, FOLDER, folder) != 0 || strcmp(path + length - ending, ENDING) != 0) continue;
        memcpy(theme_names[theme_count++], path + folder, length - folder - ending);
    }
}

size_t ht_theme_names(const char *names[], size_t limit)
{
    pthread_once(&names_once, find_names);
    size_t count = theme_count < limit ? theme_count : limit;
    for (size_t i = 0; i < count; i++) names[i] = theme_names[i];
    return count;
}

static ht_code unknown_theme(const char *name, ht_error *err)
{
    const char *names[THEMES_MAX];
    ht_text known = {0};
    size_t count = ht_theme_names(names, THEMES_MAX);
    for (size_t i = 0; i < count; i++) ht_text_add(&known, "%s%s", i ? ", " : "", names[i]);
    ht_error_set(err, HT_USAGE, "ui.theme: there is no theme \"%.40s\"; known: %s", name,
                 known.data ? known.data : "none");
    ht_text_free(&known);
    return HT_USAGE;
}

ht_code ht_theme_load(const char *name, ht_theme *theme, ht_error *err)
{
    char path[sizeof FOLDER + NAME_MAX_BYTES + sizeof ENDING];
    int length = snprintf(path, sizeof path, "%s%s%s", FOLDER, name, ENDING);
    const ht_embedded *file = length < (int)sizeof path ? ht_embedded_find(path) : NULL;
    if (!file) return unknown_theme(name, err);
    return ht_theme_parse(name, file->data, theme, err);
}

/* ---- the format -------------------------------------------------------------------------------- */

typedef struct parser {
    ht_theme *theme;
    int line;
    bool seen[HT_ROLE_COUNT], background_seen;
    ht_error *err;
} parser;

static ht_code complain(parser *p, const char *key, const char *what, const char *word)
{
    return ht_error_set(p->err, HT_USAGE,
                        "theme %s, line %d, %.40s: %s \"%.40s\"; write: #rrggbb 0..15 [bold] "
                        "[reverse] [underline]",
                        p->theme->name, p->line, key, what, word);
}

static bool parse_hex(const char *word, ht_colour *colour)
{
    unsigned r, g, b;
    int end = 0;
    if (strlen(word) != 7 || strspn(word + 1, "0123456789abcdefABCDEF") != 6) return false;
    if (sscanf(word, "#%2x%2x%2x%n", &r, &g, &b, &end) != 3 || end != 7) return false;
    *colour = (ht_colour){.set = true, .r = (unsigned char)r, .g = (unsigned char)g, .b = (unsigned char)b};
    return true;
}

static bool parse_attribute(const char *word, unsigned *attributes)
{
    static const struct {
        const char *name;
        unsigned bit;
    } table[] = {{"bold", HT_BOLD}, {"reverse", HT_REVERSE}, {"underline", HT_UNDERLINE}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(word, table[i].name) == 0) {
            *attributes |= table[i].bit;
            return true;
        }
    return false;
}

static ht_code parse_colour(parser *p, const char *key, char *value, ht_colour *colour)
{
    char *rest = NULL, *word = strtok_r(value, " \t\r", &rest);
    *colour = (ht_colour){0};
    if (!word) return complain(p, key, "no colour", "");
    if (strcmp(word, "none") != 0 && !parse_hex(word, colour)) return complain(p, key, "not a colour:", word);
    double index;
    word = strtok_r(NULL, " \t\r", &rest);
    if (!word) return complain(p, key, "no index for 16 colours after", "the colour");
    if (!ht_parse_number(word, &index) || !(index >= 0 && index <= 15) || index != (int)index)
        return complain(p, key, "not an index 0..15:", word);
    colour->index16 = (unsigned char)index;
    while ((word = strtok_r(NULL, " \t\r", &rest)) != NULL)
        if (!parse_attribute(word, &colour->attributes)) return complain(p, key, "unknown attribute", word);
    return HT_OK;
}

static ht_code parse_fill(parser *p, const char *value)
{
    bool yes = strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "no") != 0)
        return ht_error_set(p->err, HT_USAGE, "theme %s, line %d, fill: yes or no, not \"%.40s\"",
                            p->theme->name, p->line, value);
    p->theme->fill = yes;
    return HT_OK;
}

static ht_code parse_role(parser *p, const char *key, char *value)
{
    for (int role = 0; role < HT_ROLE_COUNT; role++) {
        if (strcmp(key, ht_role_name((ht_role)role)) != 0) continue;
        if (p->seen[role])
            return ht_error_set(p->err, HT_USAGE,
                                "theme %s, line %d, %s: this role was set before; keep one of the "
                                "lines",
                                p->theme->name, p->line, key);
        p->seen[role] = true;
        return parse_colour(p, key, value, &p->theme->roles[role]);
    }
    return ht_error_set(p->err, HT_USAGE,
                        "theme %s, line %d: there is no role \"%.40s\"; src/chart/role.h lists them",
                        p->theme->name, p->line, key);
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *s)
{
    s += strspn(s, " \t\r");
    size_t n = strlen(s);
    while (n > 0 && strchr(" \t\r", s[n - 1])) s[--n] = '\0';
    return s;
}

static ht_code parse_line(parser *p, char *line)
{
    char *key = trim(line), *equals = strchr(key, '=');
    if (*key == '\0' || *key == '#') return HT_OK;
    if (!equals)
        return ht_error_set(p->err, HT_USAGE, "theme %s, line %d: \"%.40s\" is not of the form role = colour",
                            p->theme->name, p->line, key);
    *equals = '\0';
    key = trim(key);
    char *value = trim(equals + 1);
    if (strcmp(key, "fill") == 0) return parse_fill(p, value);
    if (strcmp(key, "background") != 0) return parse_role(p, key, value);
    p->background_seen = true;
    return parse_colour(p, key, value, &p->theme->background);
}

static ht_code check_complete(const parser *p)
{
    for (int role = 0; role < HT_ROLE_COUNT; role++)
        if (!p->seen[role])
            return ht_error_set(p->err, HT_USAGE, "theme %s: the role \"%s\" is missing; add a line for it",
                                p->theme->name, ht_role_name((ht_role)role));
    if (!p->background_seen)
        return ht_error_set(p->err, HT_USAGE, "theme %s: the line background = ... is missing",
                            p->theme->name);
    return HT_OK;
}

/* The nearest of the 16: a bit a channel, bright where one is at its end. */
static unsigned char index16_of(const double channel[3])
{
    unsigned bits = 0;
    bool bright = false;
    for (int i = 0; i < 3; i++) {
        bits |= channel[i] >= 0 ? 1u << i : 0;
        bright = bright || channel[i] > 0.75;
    }
    return (unsigned char)(bits == 7 && !bright ? 7 : bits | (bright ? 8u : 0u));
}

static void add_picture_colours(ht_theme *theme)
{
    for (unsigned role = HT_ROLE_RGB; role < HT_ROLE_COLOURS; role++) {
        double channel[3];
        ht_role_channels(role, channel);
        theme->roles[role] = (ht_colour){.set = theme->roles[HT_ROLE_SIGNED].set,
                                         .r = (unsigned char)lround(127.5 * (channel[0] + 1)),
                                         .g = (unsigned char)lround(127.5 * (channel[1] + 1)),
                                         .b = (unsigned char)lround(127.5 * (channel[2] + 1)),
                                         .index16 = index16_of(channel)};
    }
}

ht_code ht_theme_parse(const char *name, const char *text, ht_theme *theme, ht_error *err)
{
    parser p = {.theme = theme, .err = err};
    *theme = (ht_theme){0};
    ht_text_copy(theme->name, sizeof theme->name, name);
    while (*text) {
        char line[LINE_MAX_BYTES];
        size_t length = strcspn(text, "\n");
        p.line++;
        if (length >= sizeof line)
            return ht_error_set(err, HT_USAGE, "theme %s, line %d: longer than %d bytes", theme->name, p.line,
                                LINE_MAX_BYTES - 1);
        memcpy(line, text, length);
        line[length] = '\0';
        if (parse_line(&p, line) != HT_OK) return err->code;
        text += length + (text[length] == '\n');
    }
    add_picture_colours(theme);
    return check_complete(&p);
}

/* ---- 256 colours ------------------------------------------------------------------------------- */

static int distance(ht_colour c, int r, int g, int b)
{
    return (c.r - r) * (c.r - r) + (c.g - g) * (c.g - g) + (c.b - b) * (c.b - b);
}

/* Colour i of xterm's palette: a cube of 6 × 6 × 6, then 24 greys. */
static int palette_distance(ht_colour colour, int i)
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int grey = 8 + 10 * (i - 232), cube = i - 16;
    if (i >= 232) return distance(colour, grey, grey, grey);
    return distance(colour, levels[cube / 36 % 6], levels[cube / 6 % 6], levels[cube % 6]);
}

int ht_colour_256(ht_colour colour)
{
    int best = 16;
    for (int i = 17; i < 256; i++)
        if (palette_distance(colour, i) < palette_distance(colour, best)) best = i;
    return best;
}
