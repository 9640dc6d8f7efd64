# heavytail - GNU make. `make help` lists the targets.
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
VARIANT ?= release
BUILD   ?= build/$(VARIANT)
VERSION := 0.1.0
# Of the shared library: raised when a program built against the one before would not run with it.
ABI     := 1
MAKEFLAGS += --no-builtin-rules $(if $(filter 0,$(MAKELEVEL)),--jobs=$(shell nproc 2>/dev/null || echo 1))
# Terse: `make V=1` shows the commands.
Q := $(if $(V),,@)
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-4s %s\n' $(1) $@)

RUN_PACKAGES  := libncurses-dev libopenblas-dev libpng-dev libcairo2-dev libinih-dev libjansson-dev zlib1g-dev \
                 libprotobuf-c-dev protobuf-c-compiler \
                 pkg-config gcc libc6-dev fonts-dejavu-core
TEST_PACKAGES := libcmocka-dev libvterm-dev parallel python3-numpy
LINT_PACKAGES := clang clang-tidy clang-format cppcheck libclang-rt-14-dev

LIBRARIES := ncursesw openblas libpng cairo inih jansson zlib libprotobuf-c
# clang counts the float constant NAN in a double as a promotion; gcc checks that warning for both.
WARNINGS  := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
             -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef \
             $(if $(findstring clang,$(shell $(CC) --version)),,-Wdouble-promotion -Wno-format-truncation)
OPTIMIZE  ?= -O2 -g
# CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS are the user's, from the environment or the command line, and empty here: he
# adds to ours and cannot drop them. What comes before his he may overrule (an -O level, a warning); what comes after
# is what results depend on: no -ffast-math (NaN and Inf are data), -ffp-contract=off (the same bits from every
# build); and no -march=native: the binary runs on any CPU of its family.
CFLAGS ?=
CPPFLAGS ?=
LDFLAGS ?=
LDLIBS ?=
PKG_CONFIG ?= pkg-config
INSTALL ?= install
cflags_first := $(OPTIMIZE) $(WARNINGS) $(if $(WERROR),-Werror)
# One set of objects for both libraries: with hidden symbols -fPIC costs no speed against the compiler's own -fPIE.
cflags_last  := -std=c17 -ffp-contract=off -fno-math-errno -fPIC -fvisibility=hidden -pthread $(SANITIZE)
pkg_cflags := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) cmocka 2>/dev/null || $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
pkg_libs   := $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null)
cppflags_ours := -D_GNU_SOURCE -DHT_VERSION='"$(VERSION)"' -Iinclude -Isrc -isystem $(BUILD)/made $(pkg_cflags)
# $(call compile,FLAGS): FLAGS are ours, too, and may be overruled.
compile = $(CC) $(cppflags_ours) $(cppflags_tests) $(CPPFLAGS) $(cflags_first) $(1) $(CFLAGS) $(cflags_last)
link    = $(CC) -pthread $(SANITIZE) $(LDFLAGS)
libs    = $(pkg_libs) -lm $(LDLIBS)

# kernel/kernel.h refuses what is not found by name.
FAST_MATH := -Ofast -ffast-math -funsafe-math-optimizations -fassociative-math -freciprocal-math -ffinite-math-only \
             -fno-signed-zeros -fsingle-precision-constant -mdaz-ftz -ffp-model=fast -ffp-model=aggressive
fast_math := $(filter $(FAST_MATH),$(CC) $(OPTIMIZE) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(SANITIZE))
ifneq ($(fast_math),)
$(error $(fast_math) would change results in silence (NaN and Inf are data here, and every build gives the same bits): \
    take it out of CC, OPTIMIZE, CPPFLAGS, CFLAGS and LDFLAGS; -O3 and -march=native are fine)
endif

.DEFAULT_GOAL := all
.PHONY: deps deps-lint
deps: ## install what is missing (Debian, Ubuntu)
	@tools/deps.sh "$(LIBRARIES)" "$(RUN_PACKAGES)" "cmocka vterm" "$(TEST_PACKAGES)"

deps-lint: ## install clang, clang-tidy, clang-format, cppcheck
	@tools/deps.sh "" "" "" "$(LINT_PACKAGES)"

after_deps := $(filter-out deps,$(MAKECMDGOALS))
ifneq ($(and $(filter deps,$(MAKECMDGOALS)),$(after_deps)),)
# `make deps run`: what the second make sees (pkg-config) changes with the first.
.PHONY: $(after_deps)
$(after_deps): deps
	@$(MAKE) --no-print-directory $@
else

# The rooms of src, each may include those before it (tests/unit/test_include.c); the first make libheavytail.a.
LIB_ROOMS := base params stable kernel num data nn tail prune certify weights
APP_ROOMS := follow link engine export session chart experiment sweep view lesson render term lab bench cli
room_src   = $(foreach r,$(1),$(wildcard src/$(r)/*.c src/$(r)/*/*.c))
EMBEDDED := $(sort $(wildcard presets/*.ini presets/*/*.ini presets/*/*.sweep assets/themes/* assets/digits/* assets/lessons/*))

# Kernels that are compiled once per instruction set and picked at run time (src/kernel/kernel.c).
ISA_SRC   := src/kernel/kernel_body.c src/kernel/product_body.c src/kernel/functions_body.c \
             src/kernel/conv_body.c src/kernel/conv_direct_body.c src/kernel/conv_samples_body.c \
             src/kernel/conv_sparse_body.c src/kernel/conv_winograd_body.c src/kernel/conv_sums_body.c src/kernel/conv_pool_body.c \
             src/kernel/places_body.c src/kernel/place_sums_body.c src/kernel/attend_body.c src/kernel/smooth_body.c
machine   := $(shell $(CC) -dumpmachine 2>/dev/null)
ISA_NAMES := $(if $(filter aarch64%,$(machine)),neon,portable) $(if $(filter x86_64%,$(machine)),avx2 avx512)
ISA_FLAGS_portable :=
ISA_FLAGS_neon     :=
ISA_FLAGS_avx2     := -mavx2 -mfma
ISA_FLAGS_avx512   := -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512

isa_obj := $(foreach s,$(ISA_SRC),$(ISA_NAMES:%=$(BUILD)/$(s:_body.c=)_%.o))
lib_src := $(filter-out $(ISA_SRC),$(call room_src,$(LIB_ROOMS)))
app_src := $(call room_src,$(APP_ROOMS))
lib_obj := $(lib_src:%.c=$(BUILD)/%.o) $(isa_obj) $(BUILD)/embedded.o
app_obj := $(app_src:%.c=$(BUILD)/%.o) $(BUILD)/made/events.pb-c.o
main_obj := $(BUILD)/src/cli/main.o

unit_src := $(wildcard tests/unit/test_*.c)
e2e_src  := $(wildcard tests/e2e/test_*.c)
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
unit_bin := $(unit_src:%.c=$(BUILD)/%)
e2e_bin  := $(e2e_src:%.c=$(BUILD)/%)
fuzz_bin := $(fuzz_src:%.c=$(BUILD)/%)
helper_obj := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(unit_src) $(e2e_src),$(wildcard tests/unit/*.c tests/e2e/*.c)))
# Statistics over many seeds, hundreds of kills, every allocation failed in turn, every size: what `make check` leaves to
# `make check-all`, which CI runs.
LONG := unit/test_cases_good unit/test_cases_rundir unit/test_cases_tails unit/test_factor unit/test_width_sweep unit/test_noise \
        unit/test_prune_memory unit/test_summary unit/test_tail_cover e2e/test_additions e2e/test_cases_bias_cli e2e/test_cases_lab \
        e2e/test_cases_rundir_cli e2e/test_faults e2e/test_lesson e2e/test_lessons e2e/test_long e2e/test_moment e2e/test_old_runs e2e/test_prune e2e/test_readme \
        e2e/test_screens e2e/test_sweep e2e/test_tail_cli e2e/test_terminals e2e/test_width
# Waits longest, so it begins.
FIRST := e2e/test_pruning_view
# What `make asan` does not run: statistics over many samples, whose code paths test_cases_tails, test_tail and
# test_tail_parts have under the sanitizers, and width sweeps, which TSan has; memory of large networks, where test_prune has small ones; bits of old
# runs, and watching for minutes; and what builds, limits or loads a program without them (Python).
NOT_SANITIZED := unit/test_cases_good unit/test_prune_memory unit/test_tail_cover unit/test_width_sweep e2e/test_additions \
                 e2e/test_cases_lab e2e/test_lessons e2e/test_moment e2e/test_old_runs e2e/test_python e2e/test_readme
# The lab's programs of which CI runs a short `make chaos`: those where threads hand each other most.
CHAOS_SHORT := e2e/test_lab e2e/test_storm e2e/test_width e2e/test_pruning_view
# The parts where threads meet; run under ThreadSanitizer, the longest first.
THREADED := test_looks test_follow test_width_sweep test_engine test_rewind test_scores test_step test_recorder test_jury test_pool test_link test_clock

# Over a hundred programs of the same objects are linked to be tested once: by a quick linker, where there is one.
link_tests := $(if $(shell command -v ld.gold 2>/dev/null),-fuse-ld=gold)

# ./heavytail is the program of the variant that was built last.
.PHONY: heavytail
.PHONY: all shared run check check-plain check-all check-programs check-objects test-threads asan tsan chaos chaos-short fuzz fuzz-run bench lint format screenshots install uninstall clean help
all: heavytail ## build ./heavytail (default)

heavytail: $(BUILD)/heavytail
	@cmp -s $< $@ || cp -f $< $@

$(BUILD)/heavytail: $(app_obj) $(BUILD)/libheavytail.a
	$(call say,LD)
	$(Q)$(link) -o $@ $^ $(libs)

$(BUILD)/libheavytail.a: $(lib_obj)
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $^

# What include/heavytail declares, and no more (HT_PUBLIC_BEGIN). A sanitizer's own symbols come with the program.
shared := $(BUILD)/libheavytail.so.$(ABI)
shared: $(shared) ## build the shared library

$(shared): $(lib_obj) tools/libheavytail.map
	$(call say,LD)
	$(Q)$(link) -shared -Wl,-soname,$(@F) -Wl,--version-script=tools/libheavytail.map $(if $(SANITIZE),,-Wl,-z,defs) \
	    -Wl,--as-needed -o $@ $(lib_obj) $(libs)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(compile) -MMD -MP -c -o $@ $<

# -O3 and no trap flags for the vectorizer (values are unchanged); contraction stays off: the same bits from every set.
# Under UBSan three checks are left out that ASan's check of each access covers: they took a fifth of training's time.
isa_sanitize := $(if $(findstring undefined,$(SANITIZE)),$(addprefix -fno-sanitize=,pointer-overflow object-size null))
define isa_rule
$(BUILD)/src/kernel/%_$(1).o: src/kernel/%_body.c
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$$(call compile,-O3 -fno-trapping-math) $$(ISA_FLAGS_$(1)) $$(isa_sanitize) -DHT_ISA=$(1) -MMD -MP -c -o $$@ $$<
endef
$(foreach n,$(ISA_NAMES),$(eval $(call isa_rule,$(n))))

$(BUILD)/embedded.c: tools/embed.sh $(EMBEDDED)
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)tools/embed.sh $(EMBEDDED) > $@.tmp && mv $@.tmp $@

$(BUILD)/embedded.o: $(BUILD)/embedded.c
	$(call say,CC)
	$(Q)$(compile) -c -o $@ $<

# What TensorBoard reads, by the library's generator; its code is not ours to warn of.
$(BUILD)/made/events.pb-c.c $(BUILD)/made/events.pb-c.h &: src/export/events.proto
	@mkdir -p $(BUILD)/made
	$(call say,GEN)
	$(Q)protoc-c --proto_path=$(<D) --c_out=$(BUILD)/made $(<F)

$(BUILD)/made/events.pb-c.o: $(BUILD)/made/events.pb-c.c
	$(call say,CC)
	$(Q)$(call compile,-w) -c -o $@ $<

$(BUILD)/src/export/events.o $(BUILD)/tests/e2e/test_events.o: | $(BUILD)/made/events.pb-c.h

run: all ## build and open the lab
	./heavytail

# ---- tests ----------------------------------------------------------------------------------------------------
TEST_LIBS = $(shell $(PKG_CONFIG) --libs cmocka vterm) -lutil
$(helper_obj) $(unit_bin:=.o) $(e2e_bin:=.o): cppflags_tests := -Itests
$(unit_bin) $(e2e_bin): $(BUILD)/%: $(BUILD)/%.o $(helper_obj) $(filter-out $(main_obj),$(app_obj)) $(BUILD)/libheavytail.a
	$(call say,LD)
	$(Q)$(link) $(link_tests) -o $@ $^ $(libs) $(TEST_LIBS)

# A fuzz target is a test that replays its corpus, or, under clang, what libFuzzer drives.
fuzz_main := $(if $(filter fuzz,$(VARIANT)),,$(BUILD)/tests/fuzz/replay.o $(BUILD)/tests/unit/source.o)
fuzz_help := $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/sets.o
$(fuzz_bin:=.o) $(fuzz_help) $(fuzz_main): cppflags_tests := -Itests
$(fuzz_bin): $(BUILD)/%: $(BUILD)/%.o $(fuzz_help) $(fuzz_main) $(filter-out $(main_obj),$(app_obj)) $(BUILD)/libheavytail.a
	$(call say,LD)
	$(Q)$(link) $(if $(fuzz_main),$(link_tests),-fsanitize=fuzzer) -o $@ $^ $(libs) $(if $(fuzz_main),$(TEST_LIBS),-lutil)

check-programs: $(unit_bin) $(e2e_bin) $(fuzz_bin) $(BUILD)/heavytail $(shared)

# Compiles all of it, and links the program only.
check-objects: $(unit_bin:=.o) $(e2e_bin:=.o) $(fuzz_bin:=.o) $(helper_obj) $(fuzz_help) $(fuzz_main) $(BUILD)/heavytail

# Those that wait for terminals begin, so that the others run beside them.
test_bin  := $(filter-out $(if $(SANITIZE),$(NOT_SANITIZED:%=$(BUILD)/tests/%)), \
             $(FIRST:%=$(BUILD)/tests/%) $(filter-out $(FIRST:%=$(BUILD)/tests/%),$(e2e_bin)) $(unit_bin) $(fuzz_bin))
quick_bin := $(filter-out $(LONG:%=$(BUILD)/tests/%),$(test_bin))

check: $(quick_bin) $(BUILD)/heavytail $(shared) ## build and run the tests, but for the long ones
	@HT_BINARY=$(abspath $(BUILD)/heavytail) tools/check.sh $(quick_bin)

# CI runs the others of LONG under the sanitizers alone.
plain_bin := $(quick_bin) $(filter-out $(quick_bin),$(NOT_SANITIZED:%=$(BUILD)/tests/%))
check-plain: $(plain_bin) $(BUILD)/heavytail $(shared) ## the tests of `make check` and those that `make asan` leaves out
	@HT_BINARY=$(abspath $(BUILD)/heavytail) tools/check.sh $(plain_bin)

check-all: check-programs ## build and run all tests
	@HT_BINARY=$(abspath $(BUILD)/heavytail) tools/check.sh $(test_bin)

test-threads: $(patsubst %,$(BUILD)/tests/unit/%,$(THREADED)) $(BUILD)/heavytail
	@HT_BINARY=$(abspath $(BUILD)/heavytail) tools/check.sh $(filter-out %/heavytail,$^)

# -g1: lines for the traces, and a fifth less to compile; -O2 runs no faster than -O1 there.
asan: ## the suite under AddressSanitizer and UBSan (all but NOT_SANITIZED)
	$(MAKE) check-all VARIANT=asan SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" OPTIMIZE="-O1 -g1"

tsan: ## the threaded tests under ThreadSanitizer
	$(MAKE) test-threads VARIANT=tsan SANITIZE=-fsanitize=thread OPTIMIZE="-O1 -g1"

chaos: check-programs $(BUILD)/chaos.so ## the lab's tests with its threads held up at random; CHAOS_MS=300 at most
	@LD_PRELOAD=$(abspath $(BUILD)/chaos.so) HT_BINARY=$(abspath $(BUILD)/heavytail) tools/check.sh $(e2e_bin)

chaos-short: $(CHAOS_SHORT:%=$(BUILD)/tests/%) $(BUILD)/heavytail $(BUILD)/chaos.so ## the same of a few, held up for CHAOS_MS=200 at most
	@CHAOS_MS=$${CHAOS_MS:-200} LD_PRELOAD=$(abspath $(BUILD)/chaos.so) HT_BINARY=$(abspath $(BUILD)/heavytail) \
	    tools/check.sh $(CHAOS_SHORT:%=$(BUILD)/tests/%)

$(BUILD)/chaos.so: tests/chaos/chaos.c
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(compile) -shared -fPIC -o $@ $< -ldl

FUZZ_SECONDS ?= 60
fuzz: ## feed every reader hostile bytes (clang's libFuzzer), FUZZ_SECONDS=60 each; FUZZ=png for one of them
	$(MAKE) fuzz-run VARIANT=fuzz CC=$(if $(findstring clang,$(CC)),"$(CC)",clang) OPTIMIZE="-O1 -g" \
	    SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined"

fuzz-run: $(if $(FUZZ),$(FUZZ:%=$(BUILD)/tests/fuzz/fuzz_%),$(fuzz_bin))
	@tools/fuzz.sh $(FUZZ_SECONDS) $^

bench: all ## measure; prints ratios of one run
	./heavytail bench

lint: deps-lint $(BUILD)/made/events.pb-c.h ## clang-format check, clang-tidy, cppcheck
	tools/lint.sh $(CC) '$(cppflags_ours) $(CPPFLAGS)'

format: ## clang-format every source in place
	clang-format -i $$(git ls-files '*.c' '*.h')

screenshots: check-programs ## remake assets/screenshots
	HT_BINARY=$(abspath $(BUILD)/heavytail) $(BUILD)/tests/e2e/test_screens --save assets/screenshots

# ---- installation -------------------------------------------------------------------------------------------------
# The script has them from the environment, where blanks and other odd characters need no care.
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR    ?= $(PREFIX)/share
PYTHON     ?= python3
# Of Python packages; empty: where $(PYTHON) looks for them below PREFIX (tools/install.sh).
PYTHONDIR  ?=
install uninstall: export PREFIX := $(PREFIX)
install uninstall: export DESTDIR := $(DESTDIR)
install uninstall: export BINDIR := $(BINDIR)
install uninstall: export LIBDIR := $(LIBDIR)
install uninstall: export INCLUDEDIR := $(INCLUDEDIR)
install uninstall: export DATADIR := $(DATADIR)
install uninstall: export PYTHON := $(PYTHON)
install uninstall: export PYTHONDIR := $(PYTHONDIR)
install uninstall: export INSTALL := $(INSTALL)
install uninstall: export ABI := $(ABI)

install: $(BUILD)/heavytail $(shared) ## install under PREFIX (default /usr/local): program, libraries, headers, Python, manual, completions
	$(Q)BUILD='$(BUILD)' VERSION='$(VERSION)' tools/install.sh install

uninstall: ## remove what install put there
	$(Q)tools/install.sh uninstall

clean: ## remove everything built
	rm -rf build heavytail

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PRECIOUS: $(BUILD)/%.o
endif
