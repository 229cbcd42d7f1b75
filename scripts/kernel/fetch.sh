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
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" && /^ /{ print $2; exit }')
  [ -n "$package" ] || { apt-get update -q >/dev/null || true
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }'); }
  if [ -z "$package" ]; then
    # Without a network, the one that was fetched before does.
    package=$(ls "$cache" 2>/dev/null | grep '^linux-image-.*-cloud-amd64$' | sort -V | tail -n 1)
    [ -n "$package" ] ||
      fail 'apt knows no package linux-image-cloud-amd64: this needs Debian on amd64, with its package lists'
  fi
  release=${package#linux-image-}
  kernel=$cache/$package
  [ -e "$kernel/boot/vmlinuz-$release" ] && return 0
  say "fetching $package with apt-get: it is unpacked into $cache, not installed"
  rm -rf "$cache/new" && mkdir -p "$cache/new"
  (cd "$cache/new" && apt-get download -q "$package" >/dev/null 2>&1 && dpkg-deb -x ./*.deb tree) ||
    fail "apt-get could not download $package"
  rm -rf "$kernel" && mv "$cache/new/tree" "$kernel" && rm -rf "$cache/new"
}
