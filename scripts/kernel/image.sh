# Makes the guest's disk: sourced by scripts/test-kernel, which has say() and fail().

# What the tests, the lab and the guest's own start call, beside lab/programs.txt.
guest_programs='bash sh env cat cp date dd echo grep head kill kmod ln ls mkdir mount mv nice ps rm sed sleep stat stty
ss sysctl tail tee timeout touch tr umount uname nsenter unshare bridge tc ovs-appctl ovs-dpctl ovs-ofctl ovsdb-client
ovsdb-tool node'

# Of the development's own packages, what no test needs once it has been built.
not_needed=' typescript @typescript @typescript-eslint eslint prettier @esbuild esbuild es-toolkit tshy react-dom
 fast-check dependency-cruiser node-gyp prismjs '

# The folders that are links into /usr on Debian, so that what ldd and the shebangs name is found.
make_skeleton() { # TREE
  mkdir -p "$1"/{dev,etc,proc,run,sys,tmp,root,heddle/dist,var/tmp,usr/{bin,sbin,lib,lib64,share}}
  local folder
  for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$1/$folder"; done
  ln -s /run "$1/var/run"
  cp /etc/{passwd,group,services,protocols} "$1/etc/" 2>/dev/null || true
  [ ! -d /etc/iproute2 ] || cp -r /etc/iproute2 "$1/etc/"
  mkdir -p "$1/etc/openvswitch" "$1/var/log/openvswitch"
}

# Copies a program under its own name, whatever it is a link to, and the libraries that it is linked with.
copy_program() { # TREE PROGRAM
  local path
  path=$(command -v -- "$2") || fail "$2 is missing here"
  case $path in /*) ;; *) path=$(PATH=/usr/bin:/bin:/usr/sbin:/sbin type -P "$2") || fail "$2 is missing here" ;; esac
  cp -L "$path" "$1/usr/bin/${path##*/}"
  echo "$path"
}

copy_libraries() { # TREE, programs on standard input
  local library
  xargs ldd 2>/dev/null | grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r library; do
    [ -e "$1/$library" ] || { mkdir -p "$1/$(dirname "$library")" && cp -L "$library" "$1/$library"; }
  done
}

make_tree() { # TREE KERNEL RELEASE
  local tree=$1 kernel=$2 release=$3 package
  make_skeleton "$tree"
  { awk '{ print $1 }' lab/programs.txt; tr ' ' '\n' <<<"$guest_programs"; } | sort -u |
    while read -r program; do copy_program "$tree" "$program"; done >"$tree/root/programs"
  copy_libraries "$tree" <"$tree/root/programs"
  rm "$tree/root/programs"
  ln -s ../bin/kmod "$tree/usr/sbin/modprobe"
  cp -r --parents /usr/share/openvswitch "$tree"
  # perl's own modules are no libraries of it.
  dpkg -L perl-base | grep '/perl-base/' | while read -r file; do
    [ ! -f "$file" ] || cp --parents "$file" "$tree"
  done
  cp -r "$kernel/lib/modules" "$tree/usr/lib/"
  depmod -b "$tree" "$release"
  cp -r package.json lab dist "$tree/heddle/"
  mkdir "$tree/heddle/node_modules"
  for package in node_modules/*; do
    [[ $not_needed == *" ${package#node_modules/} "* ]] || cp -r "$package" "$tree/heddle/node_modules/"
  done
  cp scripts/kernel/guest-init "$tree/usr/sbin/guest-init"
}

# One that is read, and never written: what the guest writes goes into its memory.
make_disk() { # TREE DISK
  local megabytes
  megabytes=$(($(du -sm "$1" | cut -f 1) * 13 / 10 + 64))
  mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$1" "$2" "${megabytes}M" >/dev/null || fail 'mke2fs could not make the disk'
}

# What finds that disk: Debian's kernel has its drivers as modules.
make_initramfs() { # WORK KERNEL RELEASE INITRAMFS
  local root=$1/initramfs modules=$2/lib/modules/$3/kernel module
  mkdir -p "$root"/{bin,dev,proc,modules,disk,memory,root}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk; do
    cp "$modules/drivers"/*/"$module.ko" "$root/modules/"
  done
  cp "$modules/fs/overlayfs/overlay.ko" "$root/modules/"
  cp scripts/kernel/initramfs-init "$root/init"
  (cd "$root" && find . | cpio --quiet -o -H newc) >"$4"
}
