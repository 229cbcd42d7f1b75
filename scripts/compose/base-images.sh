# Sourced by scripts/test-compose: the images that the Dockerfile starts from, made here, since the test's engine reaches
# no registry. They hold the packages that the Dockerfile's steps would download, so that those steps find them there.

# Fills DIRECTORY with what needs a network; does nothing when it is there already.
fill_cache() { # DIRECTORY
  local cache=$1 packages
  packages=$(dockerfile_packages)
  [ -n "$packages" ] || fail 'no apt-get install in lab/docker/Dockerfile'
  debian_tar=$cache/debian-$(hash_of "$packages").tar
  npm_tar=$cache/npm-$(hash_of "$(cat package-lock.json)").tar
  mkdir -p "$cache"
  [ -e "$debian_tar" ] || make_debian "$packages"
  [ -e "$npm_tar" ] || make_npm_cache
}

hash_of() { printf '%s' "$1" | sha256sum | cut -c 1-12; }

# The packages that the Dockerfile installs, in one word for debootstrap.
dockerfile_packages() {
  sed -n 's/.*apt-get install -y --no-install-recommends \([^\\&]*[^\\& ]\).*/\1/p' lab/docker/Dockerfile | tr -s ' ' ','
}

make_debian() { # PACKAGES
  say "making the Debian base (debootstrap, with $1)"
  local tree
  tree=$(mktemp -d "$debian_tar.XXXXXX")
  timeout --foreground 900 debootstrap --variant=minbase "--include=$1" bookworm "$tree" >"$tree.log" 2>&1 ||
    fail 'debootstrap failed:' "$(tail -n 20 "$tree.log")" "$(rm -rf --one-file-system "$tree" "$tree.log")"
  # With no sources "apt-get update" has nothing to do, and "install" finds everything done.
  : >"$tree/etc/apt/sources.list"
  rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/archives/*.deb
  tar -C "$tree" -cf "$debian_tar.new" .
  rm -rf --one-file-system "$tree" "$tree.log"
  rm -f "$(dirname "$debian_tar")"/debian-*.tar
  mv "$debian_tar.new" "$debian_tar"
}

make_npm_cache() {
  say 'filling the npm cache'
  local project
  project=$(mktemp -d)
  cp package.json package-lock.json "$project"
  timeout --foreground 600 npm ci --prefix "$project" --cache "$project/.npm" --include=dev --ignore-scripts \
    --no-audit --no-fund --loglevel=error >"$project/log" 2>&1 || fail 'npm ci failed:' "$(cat "$project/log")"
  tar -C "$project" -cf "$npm_tar.new" .npm
  rm -rf "$project" "$(dirname "$npm_tar")"/npm-*.tar
  mv "$npm_tar.new" "$npm_tar"
}

# Gives the engine debian:bookworm-slim and node:20-bookworm-slim: the latter is the former with this machine's Node.
import_base_images() { # WORK
  say 'importing the base images'
  timeout --foreground 300 docker import - debian:bookworm-slim <"$debian_tar" >/dev/null
  local context=$1/node root=$1/node/root
  mkdir -p "$root/usr/local/bin" "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
  cp "$(node -p process.execPath)" "$root/usr/local/bin/node"
  cp -r "$(npm root -g --loglevel=error)/npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  ln "$npm_tar" "$context/npm.tar" 2>/dev/null || cp "$npm_tar" "$context/npm.tar"
  # npm knows what it has by the address that it came from.
  printf 'offline=true\nregistry=%s\n' "$(npm config get registry --loglevel=error)" >"$root/usr/local/etc/npmrc"
  printf 'FROM debian:bookworm-slim\nCOPY root /\nADD npm.tar /root/\nRUN node --version && npm --version\n' >"$context/Dockerfile"
  timeout --foreground 300 docker build -q -t node:20-bookworm-slim "$context" >"$1/node.log" 2>&1 ||
    fail 'this machine'"'"'s Node does not run in a bookworm image:' "$(cat "$1/node.log")"
  rm -rf "$context"
}
