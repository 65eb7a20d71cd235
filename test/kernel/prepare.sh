#!/usr/bin/env bash
# Installs what the kernel tests boot with, and fetches a Debian cloud kernel, which has everything they need built in (cgroup v2 with the
# memory controller, PSI, NVMe, ext4, swap). Prints the path of the kernel image; fails with a reason where that cannot be had.
set -euo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/spillway-kernel
if [ "$(uname -m)" != x86_64 ]; then echo "no kernel package for $(uname -m)" >&2; exit 1; fi
if ! command -v apt-get >/dev/null; then echo 'no apt-get to fetch a kernel with' >&2; exit 1; fi
mkdir -p "$cache"

missing=()
for pair in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if [ ${#missing[@]} -gt 0 ] || [ ! -s "$cache/vmlinuz" ]; then apt-get update -qq >&2; fi
if [ ${#missing[@]} -gt 0 ]; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi

if [ ! -s "$cache/vmlinuz" ]; then
  # The meta package depends on the one with the newest kernel.
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -n 1)
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  (cd "$scratch" && apt-get download -qq "$package" >&2 && dpkg-deb --fsys-tarfile ./*.deb | tar -x --wildcards './boot/vmlinuz-*')
  mv "$scratch"/boot/vmlinuz-* "$cache/vmlinuz"
fi
echo "$cache/vmlinuz"
