#!/bin/sh
# Writes the hosts that a released binary may connect to into a copy of it. `--help` says how.
#
# A program cannot widen its own permissions. A released binary is compiled for one host that does not
# exist (`host_slot`), whose name is long enough to leave space. This script puts the real hosts in its
# place, and fills up with blanks outside of the strings, so that the copy has the same length. The copy
# is then as strict as one that was compiled for these hosts.
set -eu
LC_ALL=C
export LC_ALL

HERE=$(cd -P "$(dirname -- "$0")" && pwd -P)

usage() {
  cat <<'USAGE'
usage: sh allow_hosts.sh BINARY OUTPUT [HOST|HOST:PORT …]

  BINARY    a released binary
  OUTPUT    the copy that may connect to these hosts; without hosts it may connect to none
USAGE
}
die() {
  printf 'allow_hosts.sh: %s\n' "$*" >&2
  exit 1
}

case ${1:-} in
  -h | --help) usage && exit 0 ;;
esac
[ $# -ge 2 ] || { usage >&2; exit 2; }
binary=$1 output=$2
shift 2
[ -f "$binary" ] || die "there is no binary $binary"
slot=$(cat "$HERE/host_slot")

# The runtime reads a list of JSON strings, and `version` shows one string with commas.
HOST='([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?'
list='' shown=''
for host in "$@"; do
  # These characters have no meaning in sed's replacement either. grep looks at one line after another.
  refused=''
  case $host in
    *[!][A-Za-z0-9._:-]*) refused=1 ;;
    *) printf '%s\n' "$host" | grep -Eqx "$HOST" || refused=1 ;;
  esac
  [ -z "$refused" ] || die "\"$host\" is not a valid HOST or HOST:PORT; leave out https:// and the path"
  list="$list,\"$host\"" shown="$shown,$host"
done
shown="$shown\""
in_list=",\"$slot\"" in_shown=",$slot\""
left=$((${#in_list} - ${#list}))
[ "$left" -ge 0 ] || die "the names of these hosts are longer than ${#slot} characters; allow fewer"
list=$list$(printf "%${left}s" '')
shown=$shown$(printf "%$((${#in_shown} - ${#shown}))s" '')

places() { grep -aoF -e "$1" "$binary" | wc -l; }
if [ "$(places "$in_list")" -ne 1 ] || [ "$(places "$in_shown")" -ne 1 ]; then
  die "$binary has no place for hosts; it was compiled for its own, which \`version\` shows"
fi
sed -e "s/$in_list/$list/" -e "s/$in_shown/$shown/" "$binary" >"$output" || die "$output could not be written"
[ "$(wc -c <"$output")" -eq "$(wc -c <"$binary")" ] || die "$output has another length than $binary"
chmod 755 "$output"
