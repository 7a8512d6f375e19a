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
