/* Guards what surrounds the data: the bits of the program that was built, settings of the environment, files
 * that name other files, and text from files that is printed to the terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli/output.h"
#include "e2e/sandbox.h"
#include "data/png.h"
#include "unit/source.h"

/* ---- the bits of this build
 * -------------------------------------------------------------------------------- */

/* A compiler that contracts a · b + c (-ffp-contract=fast) makes other draws from the AVX builds: 4eeb9c34
 * and 6a329e8e. Every build, every instruction set and every compiler makes these. */
static void the_built_program_makes_the_same_noise(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        unsigned long sum;
    } cases[] = {{"iid", 0xae0d4404}, {"isotropic", 0x4db00673}, {"shared", 0x8fb383d5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size;
        assert_status(RUN("noise", "--type", cases[i].type, "--alpha", "1.6", "--shape", "40x300", "--seed",
                          "11", "--step", "3", "--layer", "1", "--out", "noise.npy"),
                      0);
        char *bytes = sandbox_read("noise.npy", &size);
        unsigned long sum = crc32_z(0, (const unsigned char *)bytes, size);
        free(bytes);
        if (sum != cases[i].sum) fail_msg("%s: %08lx, not %08lx", cases[i].type, sum, cases[i].sum);
    }
}

/* ---- settings of the environment -------------------------------------------------------------------------
 */

static void wrong_variables_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {{"HEAVYTAIL_THREADS=abc", "from 1 to 1024"},
                                           {"HEAVYTAIL_THREADS=0", "from 1 to 1024"},
                                           {"HEAVYTAIL_THREADS=-1", "from 1 to 1024"},
                                           {"HEAVYTAIL_THREADS=1000000000", "from 1 to 1024"},
                                           {"HEAVYTAIL_THREADS=2x", "from 1 to 1024"},
                                           {"HEAVYTAIL_THREADS=99999999999999999999", "from 1 to 1024"},
                                           {"HEAVYTAIL_ISA=foo", "portable"},
                                           {"HEAVYTAIL_ISA=sse2", "portable"},
                                           {"HEAVYTAIL_ISA=AVX2", "portable"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char script[256];
        snprintf(script, sizeof script, "%s $H data list", wrong[i][0]);
        const sandbox_result *r = sandbox_shell(script);
        assert_status(r, 2);
        assert_says(r->err, wrong[i][0]);
        assert_says(r->err, wrong[i][1]);
        assert_string_equal(r->out, "");
    }
    static const char *const right[] = {"HEAVYTAIL_THREADS=1", "HEAVYTAIL_THREADS=", "HEAVYTAIL_THREADS=1024",
                                        "HEAVYTAIL_ISA="};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        char script[256];
        snprintf(script, sizeof script, "%s $H data list", right[i]);
        assert_status(sandbox_shell(script), 0);
    }
    assert_status(sandbox_shell("HEAVYTAIL_THREADS=abc $H --help"), 0);
}

/* ---- tables of the tests
 * ----------------------------------------------------------------------------------- */

/* Two columns of numbers and a label 0 or 1; `turn` makes another table. */
static void write_table(const char *path, int turn)
{
    char text[2048];
    size_t used = 0;
    for (int i = 0; i < 24; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d.5,%d.25,%d\n", (i * 7 + turn) % 5,
                                 (i * 3 + 2 * turn) % 4, i % 2);
    sandbox_write(path, text);
}

#define QUICK "--set train.steps=3 --set model.width=20 "

/* ---- a comma in a value
 * ------------------------------------------------------------------------------------ */

static int count_cells(const char *vary)
{
    char script[512];
    snprintf(script, sizeof script,
             "rm -rf out; $H sweep " QUICK "--quiet --out out --vary '%s' && ls out/cells | wc -l", vary);
    const sandbox_result *r = sandbox_shell(script);
    return r->status == 0 ? atoi(r->out) : -r->status;
}

static void two_files_are_one_value_of_a_sweep(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "x,y"};
    for (int i = 0; i < 3; i++) write_table(names[i], i);
    assert_int_equal(count_cells("data.name=csv:a,b"), 1);
    assert_int_equal(count_cells("data.name=csv:a,b,teacher"), 2);
    assert_int_equal(count_cells("data.name=ecg-synth, csv:a,b, csv:b,a"), 3);
    assert_int_equal(count_cells("data.name=\"csv:a,b\" , \"teacher\""), 2);
    assert_int_equal(count_cells("noise.alpha=\"1.5\",1.7"), 2);
    assert_int_equal(count_cells("data.name=\"csv:a,b"), -2);
    assert_int_equal(count_cells("data.name=\"csv:a\"b,c"), -2);
    assert_int_equal(count_cells("data.name=csv:a,"), -2);
    sandbox_write("s.sweep",
                  "[one]\nset = train.steps=3\nset = model.width=20\nvary = data.name=csv:a,b,teacher\n");
    const sandbox_result *r =
        sandbox_shell("$H sweep --file ./s.sweep --out file --quiet && ls file/one/cells | wc -l");
    assert_status(r, 0);
    assert_int_equal(atoi(r->out), 2);
}

/* Not one row of two seeds. */
static void tables_tell_the_files_of_a_sweep_apart(void **state)
{
    (void)state;
    assert_int_equal(count_cells("data.name=csv:a,b,csv:b,a"), 2);
    const sandbox_result *r = RUN("table", "out", "--format", "csv");
    assert_status(r, 0);
    assert_says(r->out, "\n\"csv:a,b\",1,0,");
    assert_says(r->out, "\n\"csv:b,a\",1,0,");
}

static void a_bar_in_a_name_is_no_column_of_markdown(void **state)
{
    (void)state;
    write_table("a|c", 0);
    assert_int_equal(count_cells("data.name=csv:a,a|c,csv:a,b"), 2);
    const sandbox_result *r = RUN("table", "out", "--format", "markdown");
    assert_status(r, 0);
    assert_says(r->out, "\n| csv:a,a\\|c ");
    assert_says(r->out, "\n| csv:a,b ");
    assert_says(RUN("table", "out", "--format", "text")->out, "csv:a,a|c ");
}

/* ---- a picture of a stranger
 * ------------------------------------------------------------------------------- */

#define REFUSED "name files outside of the data directories"

static void assert_refused(const char *script)
{
    const sandbox_result *r = sandbox_shell(script);
    assert_status(r, 2);
    assert_says(r->err, REFUSED);
    assert_says(r->err, "--set data.name=");
}

/* A picture whose settings name $PWD/data/a and $PWD/data/b. */
static void make_picture(void)
{
    if (sandbox_exists("p.png")) return;
    assert_status(sandbox_shell("mkdir -p data sub"), 0);
    write_table("data/a", 0);
    write_table("data/b", 1);
    assert_status(sandbox_shell("$H train " QUICK
                                "--quiet --run r --set data.name=csv:$PWD/data/a,$PWD/data/b && "
                                "$H snapshot r --out p.png"),
                  0);
    assert_status(sandbox_shell("$H train " QUICK
                                "--quiet --run n --set data.name=csv:data/a,data/../data/b && "
                                "$H snapshot n --out near.png"),
                  0);
}

static void a_strangers_picture_reads_no_files(void **state)
{
    (void)state;
    make_picture();
    assert_refused("$H train --preset p.png --quiet");
    assert_refused("$H train --preset near.png --quiet");
    assert_refused("$H train --preset p.png --quiet --data-dir sub");
    assert_refused("$H train --preset near.png --quiet --data-dir data"); /* climbs on its way */
    assert_refused("$H replay p.png");
    assert_refused("$H compare --preset p.png");
    sandbox_write("p.sweep", "[one]\npreset = p.png\nvary = noise.alpha=1.5,1.6\n");
    assert_refused("$H sweep --file ./p.sweep --out refused");
    assert_refused("$H sweep --preset p.png --vary noise.alpha=1.5,1.6 --out refused");
    assert_false(sandbox_exists("refused"));
}

static void a_picture_reads_what_the_user_names(void **state)
{
    (void)state;
    make_picture();
    static const char *const ways[] = {"train --preset p.png --quiet --set data.name=csv:data/a,data/b",
                                       "train --preset p.png --quiet --data.name csv:data/a,data/b",
                                       "train --preset p.png --quiet --data-dir data",
                                       "replay p.png --data-dir .", "presets p.png"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char script[256];
        snprintf(script, sizeof script, "$H %s", ways[i]);
        assert_status(sandbox_shell(script), 0);
    }
    assert_status(sandbox_shell("HEAVYTAIL_DATA=$PWD/data $H train --preset p.png --quiet"), 0);
    /* Sets without paths need no word. */
    assert_status(sandbox_shell("$H train " QUICK
                                "--quiet --run s && $H snapshot s --out s.png && $H train --preset "
                                "s.png --quiet"),
                  0);
}

/* ---- text of strangers
 * ------------------------------------------------------------------------------------- */

/* Nothing that a terminal would obey: no control character but the line end, no DEL, no C1 (as a character,
 * or as a byte by itself: then the text would not be UTF-8), no mark that turns the direction of writing. */
static void assert_harmless(const char *what, const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < size; i++) {
        bool lead = p[i] >= 0xc2, follows = i > 0 && p[i - 1] >= 0x80;
        bool control = (p[i] < 0x20 && p[i] != '\n') || p[i] == 0x7f || (p[i] >= 0x80 && !lead && !follows) ||
                       (p[i] == 0xc2 && p[i + 1] < 0xa0);
        bool turns = p[i] == 0xe2 && ((p[i + 1] == 0x80 && p[i + 2] >= 0xa8 && p[i + 2] <= 0xae) ||
                                      (p[i + 1] == 0x81 && p[i + 2] >= 0xa6 && p[i + 2] <= 0xa9));
        if (control || turns)
            fail_msg("%s: byte %zu is %02x in: %.400s", what, i, p[i], text + (i > 40 ? i - 40 : 0));
    }
}

static void assert_harmless_run(const char *script)
{
    const sandbox_result *r = sandbox_shell(script);
    if (r->status > 3) fail_msg("%s: exit %d: %s", script, r->status, r->err);
    if (r->out_size + r->err_size == 0) fail_msg("%s: says nothing", script);
    assert_harmless(script, r->out, r->out_size);
    assert_harmless(script, r->err, r->err_size);
}

/* Title, clear, C1 as a byte and as a character, DEL, bell, right-to-left. */
#define EVIL                                                                                                 \
    "\033]0;x\a\033[2J\x9b"                                                                                  \
    "1m\xc2\x9b"                                                                                             \
    "2J\x7f\xe2\x80\xae"

/* One tensor (32 × 8) named so, and metadata named so; JSON holds what is no UTF-8 as \u escapes only. */
static void write_tensors(const char *path)
{
    enum { ROWS = 32, COLUMNS = 8, BYTES = ROWS * COLUMNS * 4 };
    static const char evil[] = "\\u001b]0;x\\u0007\\u001b[2J\\u009b2J\\u007f\\u202e\\n";
    char header[1024];
    int length = snprintf(
        header, sizeof header,
        "{\"__metadata__\":{\"heavytail.step\":\"%s\",\"%s\":\"%s\"},\"%s\":{\"dtype\":\"F32\",\"shape\":"
        "[%d,%d],\"data_offsets\":[0,%d]},\"%s2\":{\"dtype\":\"F32\",\"shape\":[2,%d],"
        "\"data_offsets\":[%d,%d]},\"%s3\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[%d,%d]}}",
        evil, evil, evil, evil, ROWS, COLUMNS, BYTES, evil, ROWS, BYTES, BYTES + 64 * 4, evil, BYTES + 64 * 4,
        BYTES + 64 * 4 + 1);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    uint64_t size = (uint64_t)length;
    fwrite(&size, 1, 8, f);
    fwrite(header, 1, (size_t)length, f);
    for (int i = 0; i < ROWS * COLUMNS + 64; i++) {
        float value = (float)((i * 37) % 101 - 50) / 25;
        fwrite(&value, 1, 4, f);
    }
    fputc(0, f);
    assert_int_equal(fclose(f), 0);
}

/* `text` with EVIL in place of every "%s". */
static void write_evil(const char *path, const char *text)
{
    char to[4096] = "";
    for (const char *gap; (gap = strstr(text, "%s")); text = gap + 2) {
        strncat(to, text, (size_t)(gap - text));
        strcat(to, EVIL);
    }
    strcat(to, text);
    sandbox_write(path, to);
}

static void text_of_files_never_reaches_the_terminal_raw(void **state)
{
    (void)state;
    write_evil("names.csv", "%s,two,label\n1,2,%s\n3,4,b\n5,6,%s\n7,8,b\n1.5,2,b\n2.5,1,b\n");
    write_evil("cells.csv", "one,two,label\n1,2,a\n%s,4,b\n5,6,a\n7,8,b\n");
    write_evil("notes.arff",
               "@relation %s\n@attribute '%s' numeric\n@attribute c {a,'%s'}\n@data\n1,a\n2,'%s'\n3,a\n");
    assert_status(sandbox_shell("mkdir -p set"), 0);
    write_evil("set/set_TRAIN.tsv", "%s\t1\t2\nb\t3\t4\n");
    write_evil("set/set_TEST.tsv", "%s\t1\t2\nb\t3\t%s\n");
    write_evil("evil.ini", "[preset]\ntitle = %s\nabout = %s\n[train]\nsteps = 3\n[%s]\n%s = %s\n");
    write_evil("title.ini", "[preset]\ntitle = t\ntitle2 = %s\n[train]\nsteps = 3\n");
    write_evil("evil.sweep", "[%s]\nset = %s\n");
    write_evil("set.sweep", "[one]\nset = data.name=%s\nvary = noise.alpha=%s\n");
    write_evil("evil.script", "wait %s\n%s\n");
    write_tensors("evil.safetensors");
    static const char *const scripts[] = {
        "$H data info csv:names.csv,names.csv",
        "$H data info csv:cells.csv,cells.csv",
        "$H data info csv:notes.arff,notes.arff",
        "$H data info ucr:set --data-dir .",
        "$H data info npy:\"$CASES\"/15-npy/hostile",
        "$H train --data.name npy:\"$CASES\"/15-npy/hostile " QUICK,
        "$H train --data.name csv:names.csv,names.csv " QUICK "--json",
        "$H train --preset ./evil.ini",
        "$H train --preset ./title.ini",
        "$H presets ./evil.ini",
        "$H sweep --file ./evil.sweep --out o",
        "$H sweep --file ./set.sweep --out o",
        "$H tail evil.safetensors",
        "$H tail evil.safetensors --json",
        "$H prune evil.safetensors --data teacher",
        "$H prune evil.safetensors --data teacher:8x2 --json",
        "$H certify evil.safetensors --data teacher:8x2",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) assert_harmless_run(scripts[i]);
}

static void names_of_files_never_reach_the_terminal_raw(void **state)
{
    (void)state;
    assert_status(sandbox_shell("mkdir -p evil"), 0);
    assert_int_equal(setenv("EVIL", "evil/" EVIL, 1), 0);
    static const char *const scripts[] = {
        "$H train " QUICK "--run \"$EVIL\"",
        "$H train " QUICK "--run \"$EVIL\"", /* resumed */
        "$H snapshot \"$EVIL\" --out \"$EVIL\"/x.png; $H replay \"$EVIL\"",
        "$H replay \"$EVIL\" --json",
        "$H replay \"$EVIL\"/x.png",
        "$H tail \"$EVIL\"",
        "$H tail \"$EVIL\"/none.npy",
        "$H prune \"$EVIL\"",
        "$H prune \"$EVIL\" --json",
        "$H certify \"$EVIL\"",
        "$H sweep " QUICK "--seeds 1..2 --out \"$EVIL\"-sweep; $H table \"$EVIL\"-sweep \"$EVIL\"-sweep",
        "$H table \"$EVIL\"-sweep --format csv",
        "$H table \"$EVIL\"-sweep --format json",
        "$H sweep " QUICK "--seeds 1..2 --out \"$EVIL\"-sweep --list",
        "$H data info \"csv:$EVIL,$EVIL\"",
        "$H data info \"$EVIL\"",
        "$H train --data-dir \"$EVIL\" --data.name mnist",
        "$H train --data.name \"csv:$EVIL,x\"",
        "HEAVYTAIL_THREADS=\"$EVIL\" $H data list",
        "HEAVYTAIL_ISA=\"$EVIL\" $H data list",
        "$H noise --type \"$EVIL\" --out x.npy",
        "$H \"$EVIL\"",
        "$H help \"$EVIL\"",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) assert_harmless_run(scripts[i]);
}

/* A picture's settings and journal are text of unknown origin. */
static void text_in_pictures_never_reaches_the_terminal_raw(void **state)
{
    (void)state;
    static const char *const presets[] = {"[train]\nsteps = 3\n[" EVIL "]\nx = 1\n",
                                          "[data]\nname = " EVIL "\n",
                                          "[preset]\ntitle = " EVIL "\n[train]\nsteps = 3\n"};
    unsigned char rgb[4 * 4 * 3] = {0};
    ht_error err;
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        const ht_png_text texts[] = {{"heavytail:preset", presets[i]},
                                     {"heavytail:journal", "{\"event\":\"" EVIL "\"}\n" EVIL "\n"}};
        if (ht_png_write("evil.png", 4, 4, rgb, texts, 2, &err) != HT_OK) fail_msg("%s", err.text);
        assert_harmless_run("$H presets evil.png; $H train --preset evil.png; $H replay evil.png");
    }
}

/* The output filter itself: whatever a command prints, with whatever function. */
static void the_output_filter_lets_nothing_through(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"plain\n", "plain\n"},
                                           {"\033[2Jx\a\r\x7f", "?[2Jx???"},
                                           {"a\tb", "a b"},
                                           {"α ± κ ‖w‖ 日本", "α ± κ ‖w‖ 日本"},
                                           {"\x9b"
                                            "1m \xc2\x9bm",
                                            "?1m ?m"},
                                           {"caf\xe9 \xe2\x80\xae", "caf? ?"},
                                           {"\xf0\x9f\x98\x80\xff", "\xf0\x9f\x98\x80?"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t step = 1; step <= strlen(cases[i][0]); step++) {
            unsigned char rest[4] = {0};
            char out[128];
            size_t used = 0, size = strlen(cases[i][0]);
            for (size_t at = 0; at < size; at += step) /* cut anywhere, also within a character */
                used += ht_output_clean(cases[i][0] + at, size - at < step ? size - at : step, false, rest,
                                        out + used);
            out[used] = '\0';
            assert_string_equal(out, cases[i][1]);
        }
    unsigned char rest[4] = {0};
    char out[32];
    size_t used = ht_output_clean("\r5 of 9\033[K\033[2J", 14, true, rest, out);
    assert_int_equal(used, 14);
    assert_memory_equal(out, "\r5 of 9\033[K?[2J", 14);
}

/* No source writes to the terminal past the filter, but the one that draws the lab. */
static void no_output_bypasses_the_filter(void **state)
{
    (void)state;
    char script[1024];
    snprintf(script, sizeof script,
             "cd '%s' && grep -rnE --include='*.c' "
             "'(dprintf|fdopen)\\(|write\\((1|2|STDOUT_FILENO|STDERR_FILENO)|/dev/(tty|std)' "
             "src | grep -vE '^src/(term/|cli/output.c)' | grep -v fdopendir",
             source_top());
    const sandbox_result *r = sandbox_shell(script);
    assert_string_equal(r->out, "");
}

/* $CASES is where the inputs are. */
static int enter(void **state)
{
    char cases[4096];
    if (!source_top()) return -1;
    snprintf(cases, sizeof cases, "%s/tests/cases", source_top());
    return setenv("CASES", cases, 1) == 0 ? sandbox_enter(state) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_program_makes_the_same_noise),
        cmocka_unit_test(wrong_variables_are_refused),
        cmocka_unit_test(two_files_are_one_value_of_a_sweep),
        cmocka_unit_test(tables_tell_the_files_of_a_sweep_apart),
        cmocka_unit_test(a_bar_in_a_name_is_no_column_of_markdown),
        cmocka_unit_test(a_strangers_picture_reads_no_files),
        cmocka_unit_test(a_picture_reads_what_the_user_names),
        cmocka_unit_test(text_of_files_never_reaches_the_terminal_raw),
        cmocka_unit_test(names_of_files_never_reach_the_terminal_raw),
        cmocka_unit_test(text_in_pictures_never_reaches_the_terminal_raw),
        cmocka_unit_test(the_output_filter_lets_nothing_through),
        cmocka_unit_test(no_output_bypasses_the_filter),
    };
    return cmocka_run_group_tests(tests, enter, sandbox_leave);
}
