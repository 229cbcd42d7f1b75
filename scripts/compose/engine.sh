# Sourced by scripts/test-compose: a container engine that touches nothing of this machine. It has its own mount,
# network and process namespaces and a /run of its own, so whatever it starts goes with it, even when it is killed.

engine_pid=''
engine_cgroup=heddle-compose-$$

# Starts dockerd with all its files below DIRECTORY, and points docker and docker-compose at it.
engine_start() { # DIRECTORY
  local directory=$1
  export DOCKER_HOST=unix://$directory/docker.sock DOCKER_CONFIG=$directory/config
  # Without the buildx plugin neither client can use BuildKit.
  export DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} COMPOSE_DOCKER_CLI_BUILD=${COMPOSE_DOCKER_CLI_BUILD:-0}
  mkdir -p "$directory/etc" "$directory/data" "$DOCKER_CONFIG"
  echo '{}' >"$directory/daemon.json"
  [ -d /etc/docker ] || { mkdir /etc/docker && touch "$directory/made-etc-docker"; }
  # shellcheck disable=SC2016 # expanded by the inner shell
  setpriv --pdeathsig KILL unshare --mount --net --pid --fork --kill-child --mount-proc sh -c '
    ip link set lo up
    mount -t tmpfs tmpfs /run
    mount --bind "$1/etc" /etc/docker
    [ "$3" = disk ] || mount -t tmpfs -o size=5g tmpfs "$1/data"
    exec dockerd --config-file "$1/daemon.json" --data-root "$1/data" --exec-root "$1/exec" \
      --pidfile "$1/dockerd.pid" -H "unix://$1/docker.sock" --storage-driver overlay2 \
      --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$2"
  ' sh "$directory" "$engine_cgroup" "$(where_images_go)" >"$directory/dockerd.log" 2>&1 &
  engine_pid=$!
  local tries=0
  until docker info >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 150 ] || ! kill -0 "$engine_pid" 2>/dev/null; then
      fail 'the engine did not start:' "$(tail -n 30 "$directory/dockerd.log")"
    fi
    sleep 0.2
  done
  say "the engine runs: $(docker version -f '{{.Server.Version}}')"
}

# Images have thousands of small files, which only live for minutes: in memory, unless it is short.
where_images_go() { awk '/^MemAvailable/ { print ($2 > 8 * 1024 * 1024 ? "memory" : "disk") }' /proc/meminfo; }

engine_stop() { # DIRECTORY
  [ -n "$engine_pid" ] || return 0
  local daemon tries=0
  daemon=$(cat "/proc/$engine_pid/task/$engine_pid/children" 2>/dev/null || true)
  # shellcheck disable=SC2086 # one number and a blank
  [ -z "$daemon" ] || kill -TERM $daemon 2>/dev/null || true
  while kill -0 "$engine_pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.2
  done
  # --kill-child ends the daemon with its parent, and as the first of its process namespace that one ends all others.
  kill -KILL "$engine_pid" 2>/dev/null || true
  wait "$engine_pid" 2>/dev/null || true
  engine_pid=''
  find /sys/fs/cgroup -depth -type d -path "*/$engine_cgroup*" -exec rmdir {} + 2>/dev/null || true
  [ ! -e "$1/made-etc-docker" ] || rmdir /etc/docker
}
