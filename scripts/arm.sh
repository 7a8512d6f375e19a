# shellcheck shell=bash
# Arm libraries to build against on x86-64, for scripts that source this after
# common.sh.

# apt-get as it would run on an Arm machine with nothing installed, all of its
# state below the folder $1: this machine's packages stay as they are.
arm_apt_get() {
  local root=$1
  shift
  apt-get -q -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \
    -o APT::Architecture=arm64 -o APT::Architectures::=arm64 \
    -o Dir::State="$root" -o Dir::State::status="$root/status" \
    -o Dir::Cache="$root" "$@"
}

# Makes links of the folder $1 that name an absolute path stay inside it.
keep_links_inside() {
  local tree=$1 link target
  while IFS= read -r -d '' link && IFS= read -r -d '' target; do
    ln -sfnr "$tree$target" "$link" || return
  done < <(find "$tree" -type l -lname '/*' -printf '%p\0%l\0')
}

# Unpacks the packages $2... and what they depend on into .cache/$1, unless they
# are there. Nothing of them is installed, and none of their scripts runs.
fetch_sysroot() {
  local sysroot=$repo/.cache/$1 work=$repo/.cache/$1-packages
  shift
  [[ $(cat "$sysroot/packages" 2> /dev/null) != "$*" ]] || return 0
  rm -rf "$work" "$sysroot"
  mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/tree/usr/lib"
  touch "$work/status"
  say "download Arm libraries: $* (and what they depend on)"
  arm_apt_get "$work" update || return
  arm_apt_get "$work" install -y --download-only --no-install-recommends "$@" ||
    return
  say "unpack them into ${sysroot#"$repo/"}"
  ln -s usr/lib "$work/tree/lib"
  local package
  for package in "$work"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" |
      tar -x --keep-directory-symlink -C "$work/tree" || return
  done
  keep_links_inside "$work/tree" || return
  echo "$*" > "$work/tree/packages"
  mv "$work/tree" "$sysroot" || return
  rm -rf "$work"
}
