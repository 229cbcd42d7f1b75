# What the guest is made of, by apt: sourced by scripts/test-kernel, which has say() and fail().

# Programs of this machine that make the guest and run it; each with the Debian package that has it.
kernel_tools='qemu-system-x86_64 qemu-system-x86
mke2fs e2fsprogs
depmod kmod
cpio cpio
busybox busybox-static'

install_tools() {
  local program package missing=()
  while read -r program package; do
    command -v "$program" >/dev/null || missing+=("$package")
  done <<<"$kernel_tools"
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing with apt-get, to make a small virtual machine and run it: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null ||
    { apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}"; } >/dev/null ||
    fail "apt-get could not install: ${missing[*]}. Its message is above."
}

# Debian's kernel for virtual machines, which has Open vSwitch's datapath. It is unpacked, and not installed here.
# Sets kernel (its folder, as the package has it) and release (its name, as uname -r tells it there).
fetch_kernel() { # CACHE
  local cache=$1 package
  package=$(newest_kernel)
  [ -n "$package" ] || { apt-get update -q >/dev/null || true; package=$(newest_kernel); }
  if [ -n "$package" ] && [ ! -e "$cache/$package" ]; then download_kernel "$cache" "$package" || package=; fi
  # Without a network, the one that was fetched before does.
  [ -n "$package" ] || package=$(find "$cache" -maxdepth 1 -name 'linux-image-*' -printf '%f\n' 2>/dev/null | sort -V | tail -n 1)
  [ -n "$package" ] ||
    fail 'apt-get has no linux-image-cloud-amd64: this needs Debian on amd64, with its package lists and a network'
  release=${package#linux-image-}
  kernel=$cache/$package
}

# The package that linux-image-cloud-amd64 stands for; nothing where apt does not know it.
newest_kernel() {
  apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" && !told { print $2; told = 1 }'
}

download_kernel() { # CACHE PACKAGE
  say "fetching $2 with apt-get: it is unpacked into $1, not installed"
  rm -rf "$1/new" && mkdir -p "$1/new"
  (cd "$1/new" && apt-get download -q "$2" >/dev/null 2>&1 && dpkg-deb -x ./*.deb tree && mv tree "../$2") || return 1
  rm -rf "$1/new"
}
