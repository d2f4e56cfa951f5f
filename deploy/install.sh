#!/bin/sh
# Installs the compiled binary into Wazuh 4.x, upgrades it, and removes it. `--help` says how.
#
# Wazuh's user may write etc/ and logs/, so this script writes nothing there by name: it makes each new
# file whole in a folder that only root can write, and renames it, since a rename follows no link.
set -eu
umask 027
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

NAME=custom-misp_ssh_bruteforce-publish
UNITS='custom-misp-serve.service custom-misp-follow.service custom-misp-flush.service custom-misp-flush.timer'
HERE=$(cd -P "$(dirname -- "$0")" && pwd -P)

usage() {
  cat <<USAGE
usage: sh deploy/install.sh [--binary FILE] [--misp-url URL] [--systemd serve|follow|flush] …
       sh deploy/install.sh --uninstall [--purge] …

  --binary FILE         the compiled binary; default: dist/$NAME
  --misp-url URL        goes into a new configuration; none: <hook_url> or a feed folder
  --systemd UNIT        installs the unit of serve, follow or flush, too; repeat it for several
  --uninstall           removes binary and units; keeps buffer, configuration, key and log
  --purge               with --uninstall: removes buffer, feed, configuration and key, too
  --dry-run             prints what it would do, and changes nothing
  --root DIR            Wazuh's folder; default: /var/ossec
  --owner USER:GROUP    Wazuh's user and group; default: wazuh:wazuh
  --units DIR           folder of the units; default: /etc/systemd/system

Run it again to upgrade: it replaces the binary at once, and keeps buffer and configuration.
USAGE
}

say() { printf '%s\n' "$*"; }
die() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}
# Prints what is done, or would be; a dry run gives 1, so that the caller does nothing.
step() {
  if [ -n "$dry" ]; then say "would: $*"; return 1; fi
  say "$*"
}
is_there() { [ -e "$1" ] || [ -L "$1" ]; }

root=/var/ossec owner=wazuh:wazuh units_folder=/etc/systemd/system
binary='' misp_url='' systemd='' uninstall='' purge='' dry=''
while [ $# -gt 0 ]; do
  case $1 in
    --binary | --misp-url | --systemd | --root | --owner | --units)
      [ -n "${2:-}" ] || die "$1 needs a value"
      case $1 in
        --binary) binary=$2 ;;
        --misp-url) misp_url=$2 ;;
        --systemd) systemd="$systemd $2" ;;
        --root) root=$2 ;;
        --owner) owner=$2 ;;
        --units) units_folder=$2 ;;
      esac
      shift 2
      ;;
    --uninstall) uninstall=1 && shift ;;
    --purge) purge=1 && shift ;;
    --dry-run) dry=1 && shift ;;
    -h | --help) usage && exit 0 ;;
    *) die "unknown argument \"$1\"; --help lists them" ;;
  esac
done

# The paths go into units and into JSON: paths with characters that mean something there are refused.
for path in "$root" "$units_folder"; do
  case $path in
    *[!A-Za-z0-9._/+@-]* | *..* | [!/]*) die "\"$path\" must be an absolute path of plain characters" ;;
  esac
done
case $misp_url in
  '') ;;
  *[!][A-Za-z0-9._~:/-]*) die "--misp-url \"$misp_url\" must be an address such as https://misp.example.org" ;;
  http://?* | https://?*) ;;
  *) die "--misp-url \"$misp_url\" must begin with https:// or http://" ;;
esac
for unit in $systemd; do
  case $unit in
    serve | follow | flush) ;;
    *) die "--systemd \"$unit\" is not a unit; use serve, follow or flush" ;;
  esac
done
[ -z "$purge" ] || [ -n "$uninstall" ] || die "--purge needs --uninstall"
case $owner in
  *[!A-Za-z0-9._:-]* | :* | *: | *:*:*) die "--owner \"$owner\" is not USER:GROUP" ;;
  *:*) ;;
  *) die "--owner \"$owner\" is not USER:GROUP" ;;
esac
user=${owner%%:*} group=${owner##*:}
root=${root%/}
target=$root/integrations/$NAME
state=$root/queue/custom-misp
configuration=$root/etc/$NAME.json
secrets=$root/etc/custom-misp
log=$root/logs/integrations.log
ossec=$root/etc/ossec.conf

[ "$(id -u)" -eq 0 ] || [ -n "$dry" ] || die "run it as root: integratord insists on the owners of the files"
# Where Wazuh was uninstalled first, its user is not there.
[ -n "$uninstall" ] || getent passwd "$user" >/dev/null || die "there is no user $user; install Wazuh first, or name its user by --owner USER:GROUP"
[ -n "$uninstall" ] || getent group "$group" >/dev/null || die "there is no group $group; install Wazuh first, or name its group by --owner USER:GROUP"
for tool in setpriv flock timeout; do
  command -v "$tool" >/dev/null || die "the program $tool is missing; install util-linux and coreutils"
done

for folder in "$root" "$root/integrations" "$root/queue" "$root/etc" "$root/logs"; do
  [ -d "$folder" ] || die "there is no folder $folder; install Wazuh first, or name its folder by --root DIR"
done
# Units need no Wazuh, only its folders.
if [ -z "$uninstall$systemd" ] && ! [ -e "$root/bin/wazuh-integratord" ] && ! [ -e "$root/bin/ossec-integratord" ]; then
  die "$root has no bin/wazuh-integratord, which calls integrations in Wazuh 4.x; for Wazuh 5 use --systemd serve"
fi

# Programs that use these paths later would follow a link.
must_be() { # FILE|FOLDER PATH
  is_there "$2" || return 0
  ! [ -L "$2" ] || die "$2 is a link, and this script writes through no link; put the $1 itself there"
  case $1 in
    file) [ -f "$2" ] || die "$2 is not a file" ;;
    folder) [ -d "$2" ] || die "$2 is not a folder" ;;
  esac
}
must_be file "$target"
must_be file "$configuration"
must_be file "$log"
must_be folder "$state"
must_be folder "$secrets"

# Runs the binary as integratord does. A file that was there before gets no more rights than that, and
# runs only when it is a compiled program.
as_user() { setpriv --reuid "$user" --regid "$group" --clear-groups env -i timeout 60 "$@" </dev/null; }
as_caller() { env -i timeout 60 "$@" </dev/null; }
is_elf() { [ "$(head -c 4 "$1" | tr -d '\177')" = ELF ]; }
version_of() { # PATH RUNNER
  is_elf "$1" || return 1
  "$2" "$1" version 2>/dev/null | sed -n "1s/^$NAME \([0-9][0-9A-Za-z.+-]*\)\$/\1/p"
}

# Only one at a time may change files. The lock is on the folder, so that no lock file remains.
exec 9<"$root/integrations"
flock -n 9 || die "another install.sh is at work in $root; wait until it ends"

# A process that has just started still has to read its own file, and asks the kernel for the path. The
# kernel answers with this one when another file has replaced the first.
gone="$target (deleted)"
staging=''
clean_up() {
  [ -z "$staging" ] || rm -rf "$staging"
  [ -n "$dry" ] || rm -f "$gone"
}
trap clean_up EXIT
trap 'exit 1' HUP INT PIPE TERM

real_units() { [ "$units_folder" = /etc/systemd/system ] && [ -d /run/systemd/system ]; }
reload_units() { ! real_units || systemctl daemon-reload || say "systemctl daemon-reload failed; run it by hand"; }

has_block() { [ -f "$ossec" ] && grep -q "<name>[[:space:]]*${NAME}[[:space:]]*</name>" "$ossec"; }

# Removes what a killed installation left behind: nobody else uses it, since this one has the lock.
if [ -z "$dry" ]; then rm -rf "$root"/integrations/.custom-misp-install.* "$gone"; fi
stage() {
  staging=$(mktemp -d "$root/integrations/.custom-misp-install.XXXXXX") ||
    die "$root/integrations cannot be written; nothing was changed"
}

uninstall() {
  changed=''
  for unit in $UNITS; do
    is_there "$units_folder/$unit" || continue
    if step "removes $units_folder/$unit"; then
      ! real_units || systemctl disable --now "$unit" 2>/dev/null || true
      rm -f "$units_folder/$unit"
      changed=1
    fi
  done
  [ -z "$changed" ] || reload_units
  if is_there "$target"; then
    was=$(version_of "$target" as_user) || was=''
    if step "removes $target${was:+, version $was}"; then rm -f "$target"; fi
  else
    say "$target is not there"
  fi
  if [ -n "$purge" ]; then
    for path in "$state" "$configuration" "$secrets"; do
      is_there "$path" || continue
      step "removes $path" || continue
      # A rename first: a publisher that still runs then finds no folder to write to.
      [ -n "$staging" ] || stage
      mv -T "$path" "$staging/gone" || die "$path could not be removed"
      rm -rf "$staging/gone"
    done
    say "keeps $log, since other integrations write it, too"
  else
    for path in "$state" "$configuration" "$secrets" "$log"; do
      ! is_there "$path" || say "keeps $path"
    done
  fi
  ! has_block || say "$ossec still has the block of $NAME; remove it, and restart the manager"
}

if [ -n "$uninstall" ]; then
  uninstall
  exit 0
fi

binary=${binary:-$HERE/../dist/$NAME}
[ -f "$binary" ] || die "there is no binary $binary; make it by \`deno task compile\`, or name it by --binary FILE"
for part in example.json wazuh4/ossec.conf; do
  [ -f "$HERE/$part" ] || die "there is no $HERE/$part; copy the whole folder deploy/"
done
[ -z "$systemd" ] || [ -d "$units_folder" ] || die "there is no folder $units_folder; name the folder of the units by --units DIR"

if [ -z "$dry" ]; then
  stage
  # Wazuh's user must reach the binary in it, to try it.
  chgrp "$group" "$staging"
  chmod 750 "$staging"
  copy=$staging/$NAME
  if ! cp -- "$binary" "$copy" || ! sync "$copy"; then
    rm -f "$copy"
    free=$(df -hP "$root/integrations" | awk 'NR == 2 { print $4 }')
    die "$binary needs $(du -h "$binary" | cut -f 1), and $root/integrations has $free free; make space there; nothing was changed"
  fi
  chown "root:$group" "$copy"
  chmod 750 "$copy"
else
  copy=$binary
fi
is_elf "$copy" || die "$binary is not a program for Linux; nothing was changed"
# Without this check, sh would run it as a script.
machine_of() { head -c 20 "$1" | tail -c 2 | od -An -tx1; }
[ "$(machine_of "$copy")" = "$(machine_of /bin/sh)" ] ||
  die "$binary is for another processor, and this machine has $(uname -m); nothing was changed"
# A dry run has no copy that Wazuh's user can reach.
try=as_user
[ -z "$dry" ] || try=as_caller
is=$(version_of "$copy" "$try") || is=''
if [ -z "$is" ]; then
  why=$("$try" "$copy" version 2>&1 | tail -n 1) || true
  die "$binary does not run here as $user: ${why:-it prints nothing}; nothing was changed"
fi
# The folder that it may use is built in; `config` prints the paths below it.
meant=$("$try" "$copy" config 2>&1 | grep -o "/[^ ]*/etc/$NAME\.json" | head -n 1) || true
[ -n "$meant" ] || die "$binary does not print the folder that it was compiled for; compile it again; nothing was changed"
[ "$meant" = "$configuration" ] ||
  die "$binary was compiled for ${meant%/etc/*}; compile it with --root $root; nothing was changed"

# Whether the binary may connect there: a host is compiled in alone or with its port.
may_connect() { # URL
  host=${1#*://}
  host=${host%%/*}
  case $1 in https:*) port=443 ;; *) port=80 ;; esac
  case $host in *:* | *]) ;; *) host=$host:$port ;; esac
  case $host in *]) host=$host:$port ;; esac
  "$try" "$copy" version --json 2>/dev/null | tr ',"=' '\n' |
    grep -qxF -e "$host" -e "${host%:*}"
}
if [ -n "$misp_url" ] && ! may_connect "$misp_url"; then
  say "warning: $binary may not connect to $host; compile it with --misp-host ${host%:*}"
fi
# The address in the configuration that is there, as the binary reads it.
known_url() {
  "$try" "$copy" config --json 2>/dev/null | grep -A 1 '"key": "misp.url"' |
    sed -n 's/^ *"value": "\(.*\)",*$/\1/p'
}

put() { # STAGED PATH OWNER:GROUP MODE: for a path where nothing is yet
  # mv -n succeeds even where it did not move the file.
  if ! { sync "$1" && chown "$3" "$1" && chmod "$4" "$1" && mv -nT "$1" "$2"; } || is_there "$1"; then
    die "$2 could not be made"
  fi
}
make_folder() { # PATH OWNER:GROUP
  if ! is_there "$1"; then
    step "makes $1 ($2 0750)" || return 0
    mkdir "$staging/folder" || die "$1 could not be made"
    put "$staging/folder" "$1" "$2" 750
  elif [ "$(stat -c '%U:%G %a' "$1")" != "$2 750" ]; then
    step "sets $1 to $2 0750" || return 0
    # From inside, and only when the path is still this one: a new link there leads elsewhere.
    (
      cd -P "$(dirname "$1")" && above=$(pwd -P) && cd -P "$1" &&
        [ "$(pwd -P)" = "$above/$(basename "$1")" ] && chown "$2" . && chmod 750 .
    ) || die "$1 could not be set to $2 0750"
  fi
}
make_folder "$state" "$user:$group"
make_folder "$secrets" "root:$group"

if is_there "$configuration"; then
  was=''
  [ -z "$misp_url" ] || was=$(known_url) || was=''
  if [ -z "$misp_url" ] || [ "$was" = "$misp_url" ]; then
    say "keeps $configuration"
  else
    say "keeps $configuration and its misp.url ${was:-(none)}; to replace it: $target setup --misp-url $misp_url"
  fi
elif step "makes $configuration (root:$group 0640)"; then
  # Without an address there is no misp section: <hook_url> and <api_key> of ossec.conf then count.
  if [ -n "$misp_url" ]; then
    sed -e "s|https://misp\.example\.org|$misp_url|" -e "s|/var/ossec|$root|" "$HERE/example.json"
  else
    sed -e '/"misp": {/,/},/d' "$HERE/example.json"
  fi >"$staging/configuration" || die "$configuration could not be made"
  put "$staging/configuration" "$configuration" "root:$group" 640
fi
if ! is_there "$log" && step "makes $log ($user:$group 0640)"; then
  : >"$staging/log"
  put "$staging/log" "$log" "$user:$group" 640
fi

# The binary comes last: integratord never finds a program without its folders.
was='' keep='' how="installs $target (root:$group 0750), version $is"
if is_there "$target"; then
  was=$(version_of "$target" as_user) || was=''
  if cmp -s "$copy" "$target"; then
    how="$target is version $is already"
  elif [ -n "$was" ]; then
    how="upgrades $target from version $was to $is"
    [ "$was" != "$is" ] || how="replaces $target, version $was, by another build of $is"
  elif is_elf "$target"; then
    how="replaces $target, which does not run here, by version $is"
  else
    how="replaces $target, another program, by version $is; it is kept as $target.original"
    keep=1
  fi
fi
if step "$how"; then
  # A second name, so that the first always has a file.
  if [ -n "$keep" ] && ! is_there "$target.original"; then
    ln -T "$target" "$target.original" || die "$target could not be kept"
  fi
  # Calls that start right now need it.
  [ -z "$was" ] || ln -T "$target" "$gone" || die "$target could not be replaced"
  mv -fT "$copy" "$target" || die "$target could not be replaced"
fi

changed=''
install_unit() { # NAME
  unit=$units_folder/$1
  must_be file "$unit"
  staged=${staging:-/nowhere}/$1
  made=$(sed -e "s|/var/ossec|$root|g" -e "s|^User=.*|User=$user|" -e "s|^Group=.*|Group=$group|" "$HERE/systemd/$1")
  if [ -f "$unit" ] && [ "$(cat "$unit")" = "$made" ]; then
    say "keeps $unit"
    return
  fi
  if [ -f "$unit" ]; then
    step "replaces $unit; the old unit is kept as $1.before" || return 0
    mv -fT "$unit" "$unit.before"
  else
    step "makes $unit (root:root 0644)" || return 0
  fi
  # Only root can write systemd's folder, and it is mostly on another disk than Wazuh's.
  printf '%s\n' "$made" >"$staged" || die "$unit could not be made"
  put "$staged" "$unit" root:root 644
  changed=1
}
for name in $systemd; do
  for unit_name in "custom-misp-$name.service" "custom-misp-$name.timer"; do
    ! [ -f "$HERE/systemd/$unit_name" ] || install_unit "$unit_name"
  done
done
[ -z "$changed" ] || reload_units

[ -z "$dry" ] || exit 0

say ""
if [ -n "$was" ]; then
  still_there() {
    for process in /proc/[0-9]*; do
      [ "$(readlink "$process/exe" 2>/dev/null || true)" != "$gone" ] || printf '%s ' "${process#/proc/}"
    done
  }
  # A call takes a fraction of a second, and may start a background publisher with the old file.
  for _ in 1 2 3 4 5; do
    [ -n "$(still_there)" ] || break
    sleep 1
  done
  # The lines below are for services.
  for process in $(still_there); do
    say "process $process still runs the old binary; a background publisher ends when no report waits"
  done
fi
for unit in $UNITS; do
  [ -f "$units_folder/$unit" ] || continue
  case $unit in
    custom-misp-flush.service) ;;
    *) say "systemctl enable $unit && systemctl restart $unit" ;;
  esac
done
if [ -z "$systemd" ]; then
  if has_block; then
    say "$ossec has the block of $NAME."
    [ -n "$was" ] || say "Restart the manager, since integratord looks for programs when it starts."
  else
    say "Add to $ossec, then restart the manager:"
    say ""
    # Its comments are for those who read the file itself.
    sed -e '/<!--.*-->/d' "$HERE/wazuh4/ossec.conf"
  fi
fi
if ! grep -q '"url"' "$configuration"; then
  say ""
  say "$configuration names no MISP, so events go to the one of <hook_url>, or else into $state/feed."
fi
if grep -q '"api_key_file"' "$configuration" && ! [ -e "$secrets/api-key" ]; then
  say ""
  say "Put the key of a MISP user into $secrets/api-key:"
  say "  install -o root -g $group -m 640 /dev/stdin $secrets/api-key   # paste the key, Ctrl-D"
fi
say ""
say "Answer questions about MISP and your honeypots, or see whether it works:"
say "  $target setup"
say "  setpriv --reuid $user --regid $group --clear-groups $target doctor"
