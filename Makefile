# Vitrine. `make demo` shows a museum, `make test` runs every test, `make` builds build/vitrine.
# Each installs what it needs from Debian (tools/packages.txt) first.
PORT ?= 8080
LISTEN ?= 127.0.0.1
DEMO ?= demo

.PHONY: all deps deps-test build test demo bench check format clean

all: build

deps:
	@tools/deps

deps-test:
	@tools/deps test

build/build.ninja: | deps
	@meson setup build >build.log 2>&1 || { cat build.log; rm -f build.log; exit 1; }
	@rm -f build.log

build: deps build/build.ninja
	@ninja -C build --quiet

# Every test, in a plain build and again under the address and undefined-behaviour sanitizers.
# Ends with a line "N passed, N failed".
test: deps-test build
	@tools/run-tests

demo: build
	@tools/demo "$(DEMO)" "$(LISTEN):$(PORT)"

bench: build
	@tools/run-bench

# What to run before handing in: both compilers, static analysis, format.
check: deps-test
	@tools/check

format:
	@clang-format -i $$(git ls-files 'src/*.c' 'src/*.h' 'tools/*.c' 'bench/*.c')

clean:
	rm -rf build build-sanitize build-clang $(DEMO)
