# What the install scripts of the tests share: words, Debian's packages, a Go that is new enough. Source it.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s: %s\n' "${title:-tests}" "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

digest() { sha256sum "$@" | sha256sum | cut -d ' ' -f 1; }

# The stamp is written last, so an installation that was interrupted is done again.
is_installed() {
  local stamp=$1 digest=$2 result=$3
  [[ -e $result && -f $stamp && $(<"$stamp") == "$digest" ]]
}

as_administrator() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

apt_update() { as_administrator apt-get update -qq >&2; }

apt_install() {
  as_administrator env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

may_apt_install() {
  command -v apt-get >/dev/null && { [[ $(id -u) == 0 ]] || command -v sudo >/dev/null; }
}

# Go 1.N or newer, where N is what the go.mod of a directory asks for.
needed_go() { sed -n 's/^go 1\.\([0-9]*\).*/\1/p' "$1/go.mod"; }

# Asked beside go.mod, where a Go that may fetch a newer one of itself answers with the newer one's version.
is_recent_go() {
  local go=$1 directory=$2 version
  version=$(cd "$directory" && "$go" env GOVERSION 2>/dev/null) || return
  [[ $version =~ go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= $(needed_go "$directory")))
}

# Debian's versioned packages put nothing on the PATH.
find_go() {
  local directory=$1 go
  for go in "${GO:-go}" /usr/lib/go-1.*/bin/go; do
    if is_recent_go "$go" "$directory"; then
      printf '%s' "$go"
      return
    fi
  done
  return 1
}

newest_go_package() {
  local directory=$1 package
  package=$(apt-cache pkgnames golang-1. | grep -E '^golang-1\.[0-9]+-go$' | sort -V | tail -n 1)
  [[ $package =~ ^golang-1\.([0-9]+)-go$ ]] && ((BASH_REMATCH[1] >= $(needed_go "$directory"))) && printf '%s' "$package"
}

# A Go for the module in a directory; installed where there is none.
choose_go() {
  local directory=$1 package
  find_go "$directory" && return
  if may_apt_install && apt_update && package=$(newest_go_package "$directory"); then
    say "installing $package"
    apt_install "$package" && find_go "$directory" && return
  fi
  fail "Go 1.$(needed_go "$directory") or newer is missing: install it (Debian's backports have golang-1.N-go)" \
    "or name one with GO=/path/to/go, then run it again"
}
