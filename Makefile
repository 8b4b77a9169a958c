# socat: one static binary. "make help" lists what can be made.
#
# Everything generated goes under build/. On Debian, missing packages are
# installed on the way (ci/setup); settings of your own go into config.mk.

VERSION := 1.8.1+0.1.0
PREFIX  := /usr/local
IMAGE   := socat

-include config.mk

# CROSS=aarch64-linux-gnu- builds for another machine, into build/TRIPLET/.
CROSS   :=
TRIPLET := $(or $(CROSS:%-=%),$(shell uname -m)-linux-gnu)
B       := build$(CROSS:%-=/%)
DEPS    := build/deps/$(TRIPLET)
CC      := $(DEPS)/bin/musl-gcc
# What the platform needs besides, from the table of platforms.
ARCH_CFLAGS := $(shell awk '$$2 == "$(TRIPLET)" { for (i = 5; i <= NF; i++) print $$i }' ci/platforms)
FUZZ_SECONDS := 30

SOURCES := $(sort $(wildcard src/*.c src/*/*.c))
# objects(DIRECTORY): where each source's object file goes.
objects  = $(SOURCES:src/%.c=$(1)/%.o)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
COMMON   := -std=c11 -D_GNU_SOURCE -Isrc $(WARNINGS) -MMD -MP
CFLAGS   := -O2 -ffunction-sections -fdata-sections -fstack-protector-strong \
            -fno-unwind-tables -fno-asynchronous-unwind-tables \
            -falign-functions=1 -falign-jumps=1 -falign-loops=1 -falign-labels=1 \
            -fPIE -ffile-prefix-map=$(CURDIR)/= $(ARCH_CFLAGS)
LDFLAGS  := -static-pie -s -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack \
            -Wl,--build-id=none,--version-script=ci/exports.map \
            -Wl,-z,pack-relative-relocs,-z,noseparate-code
HOT      := $(addprefix addr/,listener client spec peers peer peer_receive peer_send peer_table)
SANITIZE := -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
            -fno-sanitize-recover=undefined
LIBS     := -lbearssl -lcap

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: help all image run test bench unit fuzz asan lint clean distclean \
        dist install uninstall completions FORCE

all: $(B)/socat ## build the static binary build/socat (default)

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

image: ## build the container image (IMAGE=socat), starting an engine if needed
	@ci/engine with ci/image $(IMAGE)

run: ## build the image and show it at work, or run ARGS='ADDRESS ADDRESS' in it
	@IMAGE=$(IMAGE) ci/run-demo $(ARGS)

# The last line on stdout is the tests' own "N passed, N failed".
test: build/.setup-test build/.setup-dist build/.setup-emulate $(B)/socat build/asan/socat ## run all tests
	@tests/run

dist: build/.setup-dist build/version.flags ## build what is published, for all platforms, into build/dist
	@VERSION='$(VERSION)' SOURCE_DATE_EPOCH='$(DATE)' ci/dist

bench: build/.setup-bench $(B)/socat ## compare speed and memory with other relays
	@tests/bench/run

asan: build/asan/socat ## build build/asan/socat, checked by ASan and UBSan

unit: build/.setup-test ## build and run the unit tests, under ASan and UBSan
	@tests/unit/run

fuzz: build/.setup-test ## run each fuzz target for FUZZ_SECONDS=30
	@mkdir -p build && tests/fuzz/run $(FUZZ_SECONDS)

lint: build/.setup-test build/version.flags ## check the sources with clang-tidy and cppcheck
	clang-tidy --quiet --config-file=ci/clang-tidy $(SOURCES) -- \
	    $(filter-out -M%,$(COMMON)) @build/version.flags
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -Isrc \
	    --enable=warning,performance,portability -D_GNU_SOURCE $(SOURCES)

clean: ## remove what was compiled, keep fetched sources, libraries and images
	rm -rf $(B)/socat $(B)/obj build/asan build/tests build/bench build/version.flags

distclean: ## remove build/ altogether, stopping the engine started there
	@[ ! -d build/engine ] || ci/engine stop
	rm -rf build

SHARE    := $(DESTDIR)$(PREFIX)/share
EXAMPLES := $(SHARE)/doc/socat/examples
UNITS    := $(notdir $(wildcard docker/systemd/*))

install: all ## install to $(DESTDIR)$(PREFIX): binary, manual, completions, examples
	install -D -m 755 $(B)/socat $(DESTDIR)$(PREFIX)/bin/socat
	install -D -m 644 src/socat.1 $(SHARE)/man/man1/socat.1
	install -D -m 644 src/completions/socat.bash $(SHARE)/bash-completion/completions/socat
	install -D -m 644 src/completions/_socat $(SHARE)/zsh/site-functions/_socat
	install -D -m 644 src/completions/socat.fish $(SHARE)/fish/vendor_completions.d/socat.fish
	install -d $(EXAMPLES)
	for unit in $(UNITS); do sed 's|/usr/local/bin|$(PREFIX)/bin|' docker/systemd/$$unit \
	    >$(EXAMPLES)/$$unit && chmod 644 $(EXAMPLES)/$$unit || exit; done

uninstall: ## remove what "make install" installed
	rm -f $(DESTDIR)$(PREFIX)/bin/socat $(SHARE)/man/man1/socat.1 \
	    $(SHARE)/bash-completion/completions/socat $(SHARE)/zsh/site-functions/_socat \
	    $(SHARE)/fish/vendor_completions.d/socat.fish $(addprefix $(EXAMPLES)/,$(UNITS))
	@rmdir $(EXAMPLES) $(SHARE)/doc/socat 2>/dev/null || true

completions: build/.setup-test $(B)/socat ## write src/completions anew, after changes of options
	python3 src/completions/generate.py $(B)/socat src/completions

# --- the static binary --------------------------------------------------------

$(B)/socat: $(call objects,$(B)/obj) $(B)/obj/.list ci/exports.map ci/check-binary ci/platforms
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
	$(CROSS)objcopy -R .comment $@
	ci/check-binary $@ $(CROSS)readelf $(TRIPLET)

# The same with its symbols, for profiles.
$(B)/bench/socat-symbols: $(B)/socat
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(filter-out -s,$(LDFLAGS)) -o $@ $(call objects,$(B)/obj) $(LIBS)

$(B)/obj/%.o: src/%.c Makefile $(DEPS)/stamp
	@mkdir -p $(@D)
	$(CC) $(COMMON) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

# What runs once per start, or per address, is made small instead of fast.
COLD := $(filter-out $(HOT:%=src/%.c),$(wildcard src/main.c src/cli/*.c src/opt/*.c src/tls/*.c \
        src/addr/*.c $(addprefix src/chan/,editor.c readline.c prompt.c pty.c terminal.c dual.c mq.c) \
        $(addprefix src/loop/,child.c offload.c resolve.c input.c seldom.c scarce.c rate.c) \
        $(addprefix src/relay/,run.c server.c describe.c dump.c workers.c connection_child.c record.c \
        record_write.c close_reason.c session_end.c tally.c steer.c service.c metrics.c \
        metrics_socket.c metrics_text.c metrics_process.c probe_request.c) \
        $(addprefix src/sys/,caps.c error.c text.c utf8.c termios2.c variables.c request.c \
        local_address.c counters.c json.c log.c net.c)))
$(COLD:src/%.c=$(B)/obj/%.o): CFLAGS += -Oz

$(DEPS)/stamp: ci/deps ci/deps.lock ci/platforms | build/.setup-build
	CROSS=$(CROSS) ARCH_CFLAGS="$(ARCH_CFLAGS)" ci/deps

# --- checked by sanitizers: the host's compiler, C library and packages -------

build/asan/socat: $(call objects,build/asan/obj) build/asan/obj/.list
	gcc $(SANITIZE) -o $@ $(filter %.o,$^) $(LIBS)

build/asan/obj/%.o: src/%.c Makefile | build/.setup-test
	@mkdir -p $(@D)
	gcc $(COMMON) $(SANITIZE) $(CPPFLAGS) -c -o $@ $<

# --- what changes without any file changing -----------------------------------

# write-if-changed(TEXT): so that only a new text makes the target newer.
write-if-changed = @mkdir -p $(@D); printf '%s\n' '$(1)' | cmp -s - $@ || \
                   printf '%s\n' '$(1)' >$@

# A removed source file has to be linked out.
%/obj/.list: FORCE
	$(call write-if-changed,$(SOURCES))

# Only version.c knows version and date, so only it is compiled anew for them.
%/sys/version.o: CPPFLAGS += @build/version.flags
$(foreach d,$(B) build/asan,$(d)/obj/sys/version.o): build/version.flags
DATE = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null || \
       stat -c %Y $(SOURCES) | sort -n | tail -n 1))
build/version.flags: FORCE
	$(call write-if-changed,-DSOCAT_VERSION="\"$(VERSION)\"" -DSOCAT_BUILD_DATE="\"$(shell \
	    LC_ALL=C date -u -d @$(DATE) '+%d %b %Y %H:%M:%S')\"")

build/.setup-%: ci/setup
	@ci/setup $* && mkdir -p build && touch $@

-include $(foreach d,$(B)/obj build/asan/obj,$(patsubst %.o,%.d,$(call objects,$(d))))
