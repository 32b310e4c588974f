# Candor: one non-recursive GNU Makefile.
#
# ---- The map: which room may link what. `tests/test_walls` holds the binaries against it. -------
# Each folder under daemon/ is a process, a binary and a wall.
#
PKG_supervisor := libconfig libevent_core libsodium libprotobuf-c libseccomp
PKG_intake     := libevent_core libsodium libprotobuf-c libseccomp libutf8proc
PKG_desk       := libevent_core libsodium libprotobuf-c libseccomp
PKG_store      := libevent_core libsodium libprotobuf-c libseccomp sqlite3
PKG_dispatch   := libevent_core libsodium libprotobuf-c libseccomp
PKG_host       := libevent_core libprotobuf-c libseccomp
PKG_cleaner    := libseccomp libsodium libutf8proc libmagic zlib libjpeg libturbojpeg libpng libgif \
	libwebp libwebpmux libtiff-4 libxml-2.0 libqpdf
PKG_client     := libconfig libsodium libprotobuf-c libutf8proc jansson
PKG_email      := libcurl
PKG_webhook    := libcurl libsodium
PKG_syslog     := openssl
PKG_ticket     := libcurl libconfig jansson
#
# (libsodium in store: hashing, signatures and random bytes only; test_walls reads its symbols.)
# --------------------------------------------------------------------------------------------------

ROOMS   := intake desk store dispatch host cleaner
PLUGINS := email webhook ticket command syslog

MODE    ?= debug
B       ?= build/$(MODE)
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wwrite-strings -Wformat=2 -Werror

CC_fuzz := clang
ifneq ($(CC_$(MODE)),)
CC := $(CC_$(MODE))
endif

CFLAGS_debug   := -O1 -g3 -D_FORTIFY_SOURCE=2
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-clash-protection
CFLAGS_asan    := -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DCANDOR_SANITIZED
CFLAGS_fuzz    := -O1 -g3 -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer -DCANDOR_SANITIZED
ifeq ($(CFLAGS_$(MODE)),)
$(error MODE=$(MODE): allowed are debug, release, asan, fuzz)
endif

CPPFLAGS += -D_GNU_SOURCE -Iinclude -I$(B)/gen -Ilib -Idaemon -DCANDOR_VERSION='"$(VERSION)"'
CFLAGS   += -std=c17 $(WARN) $(CFLAGS_$(MODE)) -fPIE -fstack-protector-strong -fcf-protection \
	-ffunction-sections -fdata-sections -fvisibility=hidden
LDFLAGS  += $(filter -fsanitize=%,$(CFLAGS_$(MODE))) -pie -Wl,-z,relro,-z,now,-z,noexecstack \
	-Wl,--gc-sections -Wl,--as-needed

pkg_cflags = $(if $(strip $(1)),$(shell pkg-config --cflags $(1)))
pkg_libs   = $(if $(strip $(1)),$(shell pkg-config --libs $(1)))
src2obj    = $(patsubst %.c,$(B)/%.o,$(1))

# ---- what there is -------------------------------------------------------------------------------
LIB_SRC    := $(sort $(wildcard lib/*.c lib/strip/*.c))
LIB_RE     := $(sort $(wildcard lib/strip/*.re))
LIB_OBJ    := $(call src2obj,$(LIB_SRC)) $(patsubst %.re,$(B)/gen/%.o,$(LIB_RE)) \
	$(B)/gen/candor.pb-c.o $(B)/gen/eff_words.o $(B)/gen/lib/strip/words.o \
	$(B)/gen/lib/strip/tags.o
COMMON_OBJ := $(call src2obj,$(sort $(wildcard daemon/common/*.c)))
room_obj    = $(call src2obj,$(sort $(wildcard daemon/$(1)/*.c)))
CLIENT_OBJ := $(call src2obj,$(sort $(wildcard client/*.c)))

BIN     := $(B)/candord $(B)/candor $(ROOMS:%=$(B)/candor-%)
PLUGSO  := $(PLUGINS:%=$(B)/plugins/%.so)
TESTSO  := $(patsubst %.c,$(B)/%.so,$(sort $(wildcard tests/plugins/*.c)))
TESTS   := $(patsubst tests/%.c,$(B)/tests/%,$(sort $(wildcard tests/test_*.c)))
BENCH   := $(patsubst bench/%.c,$(B)/bench/%,$(sort $(wildcard bench/*.c)))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

ALL_PKG := $(sort $(PKG_supervisor) $(PKG_intake) $(PKG_desk) $(PKG_store) $(PKG_dispatch) \
	$(PKG_host) $(PKG_cleaner) $(PKG_client))
CFLAGS  += $(call pkg_cflags,$(ALL_PKG))

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all deps demo test lint format bench fuzz install clean check-deps tests-build

all: check-deps $(BIN) $(PLUGSO)

# A build without its libraries should say so in one line, not in a page of compiler errors.
check-deps:
	@.ci/deps --check

deps:
	@.ci/deps

# ---- rules ---------------------------------------------------------------------------------------
GEN := $(B)/gen/candor.pb-c.h

$(B)/gen/candor.pb-c.c $(B)/gen/candor.pb-c.h &: include/candor/candor.proto
	@mkdir -p $(B)/gen
	protoc-c --proto_path=include/candor --c_out=$(B)/gen $<

# The receipt's word list as one C array.
$(B)/gen/eff_words.c: lib/data/eff_large_wordlist.txt
	@mkdir -p $(@D)
	awk 'BEGIN { print "#include \"eff_words.h\"\n\nconst char *const eff_words[EFF_WORDS] = {" } \
	     { printf "\t\"%s\",\n", $$1 } END { print "};" }' $< > $@

# What the language packs know, a folder of lists each, as one table and as forms for the scanner.
PACKS := $(sort $(wildcard lib/strip/*/*.list))

$(B)/gen/lib/strip/pack: lib/strip/pack/pack.c lib/strip/lexicon.h
	@mkdir -p $(@D)
	$(CC) -std=c17 $(WARN) -O1 -D_GNU_SOURCE -Ilib -o $@ $<

$(B)/gen/lib/strip/words.c: $(B)/gen/lib/strip/pack $(PACKS)
	$< lexicon $(PACKS) > $@

$(B)/gen/lib/strip/forms.re: $(B)/gen/lib/strip/pack $(PACKS)
	$< forms $(PACKS) > $@

$(B)/gen/lib/strip/scan.c $(B)/gen/lib/strip/entity_scan.c: $(B)/gen/lib/strip/forms.re

# The kinds of tokens, from their header, as definitions for re2c: a byte each, in their order.
$(B)/gen/lib/strip/kinds.re: lib/strip/kinds.h
	@mkdir -p $(@D)
	awk 'BEGIN { print "/*!re2c" } END { print "*/" } /^\tE_[A-Z0-9_]+,/ { sub(/^\tE_/, ""); sub(/,.*/, ""); \
	     if (n++ > 0) printf "%s = \"\\x%02x\";\n", $$0, n - 1 }' $< > $@

$(B)/gen/lib/strip/entity_rules.c: $(B)/gen/lib/strip/kinds.re

# With which two tokens a rule of de-identification can begin: tried out with the rules themselves.
$(B)/gen/lib/strip/pairs.h: $(B)/gen/lib/strip/entity_rules.c
	$(CC) -std=gnu17 -O0 -w -DMAKE_PAIRS -D_GNU_SOURCE -Iinclude -Ilib -I$(B)/gen -o $(@:.h=) $<
	$(@:.h=) > $@.part
	mv $@.part $@

$(B)/gen/lib/strip/entity_rules.o: $(B)/gen/lib/strip/pairs.h

# The rules of stripping are data of the language pack: made into re2c's input.
$(B)/gen/classes.re: lib/strip/classes.awk lib/strip/internal.h
	@mkdir -p $(@D)
	awk -f $^ > $@

$(B)/gen/en/%.re: lib/strip/rules.awk lib/strip/en/%
	@mkdir -p $(@D)
	awk -f $^ > $@

$(B)/gen/lib/strip/rules.c: $(B)/gen/classes.re $(B)/gen/en/rules.re
$(B)/gen/lib/strip/phrases.c: $(B)/gen/classes.re $(B)/gen/en/phrases.re

# What the tagger goes by is learned from texts in which is marked what tells of the writer. The program
# that learns is made of the stages of stripping before it, and optimised whatever we build.
LEARNED   := $(sort $(wildcard tests/corpus/reporter/*.txt))
LEARN_SRC := tests/support/corpus.c lib/arena.c lib/utf8.c $(filter-out \
	lib/strip/tagger.c lib/strip/entity.c lib/strip/strip.c,$(wildcard lib/strip/*.c)) \
	$(patsubst %,$(B)/gen/lib/strip/%.c,scan phrases rules words)

LEARN_CC  := $(CC) -std=gnu17 -O2 -D_GNU_SOURCE -Iinclude -Ilib

$(B)/gen/lib/strip/learn: lib/strip/pack/learn.c $(LEARN_SRC) lib/strip/internal.h lib/strip/tagger.h
	$(LEARN_CC) $(WARN) -c -o $@.o $<
	$(LEARN_CC) -w -o $@ $@.o $(LEARN_SRC) $(call pkg_libs,libutf8proc)

$(B)/gen/lib/strip/tags.c: $(B)/gen/lib/strip/learn $(LEARNED)
	$< $(LEARNED) > $@.part
	mv $@.part $@

$(B)/gen/%.c: %.re
	@mkdir -p $(@D)
	re2c -W -Wno-nondeterministic-tags --no-generation-date -I $(B)/gen -o $@ $<

# Generated code is not held to our warnings; the sanitizer of undefined behaviour would take minutes
# to build what only compares bytes.
GEN_CFLAGS = $(filter-out $(WARN),$(CFLAGS)) -w $(if $(findstring undefined,$(CFLAGS_$(MODE))),-fno-sanitize=undefined)
$(B)/gen/%.o: $(B)/gen/%.c $(GEN)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(GEN_CFLAGS) -MMD -MP -c -o $@ $<

# A plugin: plugins/NAME.c, what lies in plugins/NAME/, and what it takes of plugins/common.
PLUGIN_CFLAGS   = $(filter-out -fPIE,$(CFLAGS)) -fPIC -Iplugins
PLUGIN_LDFLAGS  = $(filter-out -pie,$(LDFLAGS)) -shared
COMMON_PLUGIN  := $(call src2obj,$(sort $(wildcard plugins/common/*.c)))
plugin_obj      = $(call src2obj,plugins/$(1).c $(sort $(wildcard plugins/$(1)/*.c)))

$(B)/plugins/%.o: plugins/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(PLUGIN_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/plugins/common.a: $(COMMON_PLUGIN)
	@rm -f $@
	$(AR) rcs $@ $^

# Plugins that misbehave, for the tests: built as anybody would build one.
$(B)/tests/plugins/%.so: tests/plugins/%.c include/candor/plugin.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(filter-out -fPIE,$(CFLAGS)) -fPIC -shared -MMD -MP \
	    -MF $(B)/tests/plugins/$*.d $(filter-out -pie,$(LDFLAGS)) -o $@ $<

$(B)/%.o: %.c | $(GEN)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libcandor.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/libroom.a: $(COMMON_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

.SECONDEXPANSION:
$(B)/candord: $$(call room_obj,supervisor) $(B)/libroom.a $(B)/libcandor.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(PKG_supervisor))

$(PLUGSO): $(B)/plugins/%.so: $$(call plugin_obj,$$*) $(B)/plugins/common.a
	$(CC) $(PLUGIN_LDFLAGS) -o $@ $^ $(call pkg_libs,$(PKG_$*))

$(B)/candor: $(CLIENT_OBJ) $(B)/libcandor.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(PKG_client))

$(ROOMS:%=$(B)/candor-%): $(B)/candor-%: $$(call room_obj,$$*) $(B)/libroom.a $(B)/libcandor.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(PKG_$*))

# ---- tests, benches ------------------------------------------------------------------------------
# Criterion's asserts keep their result in a bit-field and strings in a char *; nothing but
# libcriterion refers to its tests, so that the linker would drop them.
$(B)/tests/test_%.o: CFLAGS += -Wno-conversion -Wno-write-strings -Wno-discarded-qualifiers
$(B)/tests/test_%: LDFLAGS += -Wl,--no-gc-sections

TEST_PKG := criterion jansson zlib libzip $(ALL_PKG)
TEST_SUPPORT := $(call src2obj,$(sort $(wildcard tests/support/*.c)))
# What a test needs of a room's own objects, less its main().
STORE_PARTS := $(filter-out %/main.o,$(call room_obj,store))
SUPERVISOR_PARTS := $(filter-out %/main.o,$(call room_obj,supervisor))
DISPATCH_PARTS := $(filter-out %/main.o,$(call room_obj,dispatch))
CLEANER_PARTS := $(filter-out %/main.o,$(call room_obj,cleaner))
CLIENT_PARTS := $(filter-out %/main.o,$(CLIENT_OBJ))

$(B)/tests/%: $(B)/tests/%.o $(TEST_SUPPORT) $$(PARTS_$$*) $(B)/libroom.a $(B)/libcandor.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(TEST_PKG))

$(B)/bench/%: $(B)/bench/%.o $$(PARTS_$$*) $(B)/libroom.a $(B)/libcandor.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(ALL_PKG))

$(B)/fuzz/fuzz_clean_%: $(B)/tests/fuzz/fuzz_clean_%.o $(filter-out %/walls.o,$(CLEANER_PARTS)) $(B)/libcandor.a
	@mkdir -p $(@D)
	$(CC) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(PKG_cleaner))

$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libcandor.a
	@mkdir -p $(@D)
	$(CC) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(ALL_PKG))

# candord carries these as --init writes them.
$(B)/daemon/supervisor/embedded.o: etc/categories.conf $(wildcard etc/plugins.d/*.conf etc/plugins.d/*/*.conf etc/templates.d/*.txt)

# Which test needs which room's parts beside the libraries.
PARTS_test_db       := $(STORE_PARTS)
PARTS_test_ledger   := $(STORE_PARTS)
PARTS_test_periods  := $(STORE_PARTS)
PARTS_test_record   := $(STORE_PARTS)
PARTS_test_people   := $(STORE_PARTS)
PARTS_test_clocks   := $(STORE_PARTS)
PARTS_test_work     := $(STORE_PARTS)
PARTS_test_config   := $(SUPERVISOR_PARTS)
PARTS_test_prompt   := $(CLIENT_PARTS)
PARTS_test_officer  := $(CLIENT_PARTS)
PARTS_test_dispatch := $(DISPATCH_PARTS)
PARTS_test_cleaner  := $(B)/daemon/cleaner/walls.o
PARTS_test_clean_documents := $(CLEANER_PARTS)
PARTS_test_clean_hostile := $(CLEANER_PARTS)
PARTS_test_clean_media := $(CLEANER_PARTS)
PARTS_clocks        := $(STORE_PARTS)
PARTS_strip         := $(B)/tests/support/corpus.o $(B)/tests/support/score.o
PARTS_backlog       := $(STORE_PARTS)
PARTS_desk          := $(STORE_PARTS)
PARTS_test_walls    := $(B)/daemon/intake/walls.o $(B)/daemon/desk/walls.o $(B)/daemon/cleaner/walls.o

tests-build: all $(TESTSO) $(TESTS) $(BENCH)

test:
	@.ci/deps --quiet build tests
	@$(MAKE) --no-print-directory tests-build
	@tests/run $(B) $(ONLY)

demo:
	@.ci/deps --quiet build demo
	@$(MAKE) --no-print-directory all
	@tests/demo $(B)

bench:
	@.ci/deps --quiet build demo
	@$(MAKE) --no-print-directory MODE=release all $(patsubst bench/%.c,build/release/bench/%,$(wildcard bench/*.c)) \
	    build/release/tests/plugins/noop.so >&2
	@bench/run build/release "$(SIZE)" "$(ONLY)"

fuzz: $(FUZZERS)

C_FILES = $(shell git ls-files -co --exclude-standard '*.c' '*.h' 2>/dev/null || find . -name '*.[ch]')

lint:
	@.ci/deps --quiet build lint
	@$(MAKE) --no-print-directory $(GEN)
	@PKG_CFLAGS="$(call pkg_cflags,$(ALL_PKG))" .ci/lint $(B) $(C_FILES)

format:
	clang-format -i $(C_FILES)

# ---- install -------------------------------------------------------------------------------------
install: all
	@.ci/install "$(B)" "$(DESTDIR)" "$(PREFIX)" "$(VERSION)"

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
