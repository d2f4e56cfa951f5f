#!/bin/sh
# Puts a CDB list that custom-misp wrote where Wazuh reads it, and has Wazuh read it again.
# Does nothing where the list has not changed. For root, by a timer: docs/lists.md.
#
# usage: put-list.sh [ROOT [NAME]]    by default /var/ossec and honeypot-attackers
# RELOAD: the command that has Wazuh read it; by default it restarts the manager
set -eu

root=${1:-/var/ossec}
name=${2:-honeypot-attackers}
from=$root/queue/custom-misp/lists/$name
to=$root/etc/lists/$name

[ -d "$root/etc/lists" ] || {
  echo "put-list.sh: $root/etc/lists is not a folder; name Wazuh's folder as the first argument" >&2
  exit 1
}

# As the user of that folder: root would follow a link that somebody put there.
owner=$(stat -c %u "$root/etc/lists")
group=$(stat -c %g "$root/etc/lists")
# shellcheck disable=SC2016 # the inner shell expands these
changed=$(setpriv --reuid "$owner" --regid "$group" --clear-groups sh -eu -c '
  if [ -L "$1" ] || [ ! -f "$1" ]; then
    echo "put-list.sh: $1 is not a file; \`status\` says whether the list was written" >&2
    exit 1
  fi
  if grep -Evn "^([0-9.]+|\"[0-9a-f:.]+\"):[0-9]+\$" "$1" >&2; then
    echo "put-list.sh: $1 is not a CDB list of addresses; give the list the format cdb" >&2
    exit 1
  fi
  if cmp -s "$1" "$2"; then exit 0; fi
  rm -f "$2.new"
  cp "$1" "$2.new"
  chmod 660 "$2.new"
  mv "$2.new" "$2"
  echo changed
' sh "$from" "$to")

if [ "$changed" = changed ]; then
  echo "put-list.sh: $to has $(wc -l <"$to") addresses now"
  ${RELOAD:-systemctl restart wazuh-manager}
fi
