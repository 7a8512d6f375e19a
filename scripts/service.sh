# shellcheck shell=bash
# Photographs, and a server to send them to, for scripts that source this after
# common.sh.

# Released into the public domain (rocket) or under CC0 by their photographers.
photographs=(chelsea.png coffee.png camera.png rocket.jpg)
photograph_dir=$repo/.cache/photographs

# Fills $photograph_dir, unless it is there, from a package that is not
# installed.
fetch_photographs() {
  local package=python3-skimage work=$repo/.cache/download
  local folder=usr/lib/python3/dist-packages/skimage/data
  [[ ! -d $photograph_dir ]] || return 0
  rm -rf "$work" && mkdir -p "$work/tree"
  say "download photographs: the Debian package $package, 21 MB"
  (cd "$work" && apt-get -q -o APT::Sandbox::User="$(id -un)" \
    download "$package") ||
    die "no photographs without a network (or try apt-get update);" \
      "use your own: scripts/${0##*/} PICTURE..."
  dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work/tree" \
    "${photographs[@]/#/./$folder/}" ||
    die "this $package lacks some of ${photographs[*]}"
  rm -rf "$photograph_dir"
  mv "$work/tree/$folder" "$photograph_dir"
  rm -rf "$work"
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
