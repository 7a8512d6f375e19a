# shellcheck shell=bash
# Shared by the scripts beside it, which source it.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# A line with the time, so that a log says what took how long.
say() { printf '[%(%H:%M:%S)T] %s\n' -1 "$*"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Compilers to run at once: one per core, as far as memory goes (a file that
# includes LibTorch takes 1.5 GB).
num_jobs() {
  local cores gigabytes
  cores=$(nproc)
  gigabytes=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
  local jobs=$((gigabytes * 2 / 3))
  ((jobs < cores)) || jobs=$cores
  ((jobs > 0)) || jobs=1
  echo "$jobs"
}

# Configures and builds the preset $1 and runs its tests; ctest's report is then
# build/$1/ctest.xml. Fails when a test does.
build_and_test() {
  local preset=$1 jobs report
  jobs=$(num_jobs)
  report=$repo/build/$preset/ctest.xml
  rm -f "$report"
  say "configure $preset"
  cmake --preset "$preset" || die "$preset cannot be configured"
  say "build $preset, $jobs at a time"
  cmake --build --preset "$preset" -j "$jobs" || die "$preset does not build"
  say "test $preset"
  ctest --preset "$preset" -j "$jobs" --no-tests=error --output-junit "$report"
}
