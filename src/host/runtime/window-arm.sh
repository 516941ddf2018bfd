# shellcheck shell=sh disable=SC2034,SC2153
# (names in capitals are for, or of, other runtime files)
# Arming a confirm window: all that an undo needs is on the disk, and somebody watches, before the
# first change is made. What fails here leaves the host as it was.

xp_arm_here() {
  # shellcheck disable=SC1091 # made with the window
  . ./changes.sh
  xp_need && xp_make_now && xp_prune_windows && xp_save && xp_stage_all && xp_seal && xp_launch
  xp_failure=$?
  [ "$xp_failure" = 0 ] || xp_disarm
  return "$xp_failure"
}

xp_need() {
  [ -n "$XP_NOT" ] || return 0
  case $(ip -V 2>&1) in
  *BusyBox*) xp_refuse "this 'ip' (busybox) can not tell a rule that says 'not' from one that does not, so it could not be put back: install iproute2" ;;
  esac
}

# What is read while the disk may be full lies in memory: an empty list of what is there now would
# make the undo do nothing.
xp_make_now() {
  for xp_place in /run /dev/shm /var/run "$XP_WINDOW"; do
    xp_place=$xp_place/xpush-$XP_ID
    (umask 077 && mkdir "$xp_place") 2>/dev/null || continue
    if xp_put "$xp_place/probe" probe && [ -s "$xp_place/probe" ] && ln -s "$xp_place" now; then
      true >now/out && return
    fi
    rm -rf "$xp_place"
  done
  xp_refuse 'there is no space to work in, on /run nor on /var/lib/xpush: nothing was changed'
}

# Of windows that are over, the newest are kept for people to read.
xp_prune_windows() {
  set --
  for xp_window in ../*/; do
    xp_window=${xp_window%/}
    case ${xp_window##*/} in "$XP_ID" | '*') continue ;; esac
    if xp_token "$xp_window"; then continue; fi
    set -- "$@" "$xp_window"
  done
  while [ $# -gt 3 ]; do
    xp_drop_beside "$1"
    xp_drop_now "$1"
    rm -rf "$1"
    shift
  done
}

xp_save() {
  mkdir files live || return
  xp_with_files xp_snapshot_files || return
  xp_with_parameters xp_snapshot_live || return
  xp_install_hook || return
  # what an undo takes on a full disk
  dd if=/dev/zero of=ballast bs=65536 count=4 2>/dev/null
  [ "$(wc -c <ballast)" -eq 262144 ] || xp_refuse 'less than 256 KiB are free on /var/lib/xpush: nothing was changed'
}

# Of effect `boot`: made beside its place, so that a rename is all that is left to do.
xp_stage_write() { # NUMBER PATH BEFORE AFTER MODE ENCODING CONTENT
  xp_number=$1
  shift
  case $2 in
  directory | special | unreadable) xp_refuse "$1 is no file that can be replaced (it is $2)" || return ;;
  esac
  xp_expect_file "$1" "$2" && xp_resolve "$1" || return
  xp_directory=${XP_REAL%/*}
  [ -d "$xp_directory/" ] || xp_refuse "the directory $xp_directory does not exist" || return
  xp_private=$xp_directory/.xpush-$XP_ID.s$xp_number
  xp_print "$xp_private$XP_NEWLINE" >>beside && (umask 077 && mkdir "$xp_private") || return
  xp_make_new "$@" && xp_expect_file "$1" "$2"
}

xp_stage_remove() { # PATH BEFORE
  xp_expect_file "$1" "$2"
}

# Those that were missing are named, the deepest first, for an undo to remove.
xp_stage_directory() { # PATH MODE
  xp_above=$1 xp_list=
  while [ -n "$xp_above" ] && [ ! -d "$xp_above/" ]; do
    xp_list=$xp_list$xp_above$XP_NEWLINE
    xp_above=${xp_above%/*}
  done
  { xp_print "$xp_list" && cat made 2>/dev/null; } >made.new
  mv -f made.new made && xp_make_directory "$@"
}

# On the disk before the first change: then a power cut is a reboot.
xp_seal() {
  xp_boot
  xp_put boot_id "$XP_BOOT" && xp_until $((XP_APPLY_SECONDS * 10)) && true >armed ||
    xp_refuse 'the window could not be written (disk full?): nothing was changed' || return
  set -- ./* files/* live/* . .. ../..
  while IFS= read -r xp_path; do
    set -- "$@" "$xp_path" "${xp_path%/*}/"
    [ ! -e "$xp_path/new" ] || set -- "$@" "$xp_path/new"
  done <beside
  xp_durable_all "$@" || xp_refuse 'the disk did not take what an undo needs: nothing was changed'
}

# One sync(1) for all of them where it takes names; a dead mount must not hold it up.
xp_durable_all() { # PATH...
  xp_left=$#
  while [ "$xp_left" -gt 0 ]; do
    xp_path=$1
    shift
    xp_left=$((xp_left - 1))
    if [ -e "$xp_path" ] && [ ! -L "$xp_path" ]; then set -- "$@" "$xp_path"; fi
  done
  xp_bounded 10 sync "$@" 2>/dev/null && return
  for xp_path; do
    [ -d "$xp_path" ] || xp_durable "$xp_path" || return
  done
}

# The guard first: there is no moment without anybody who watches.
xp_launch() {
  xp_start guard && xp_start supervise || xp_refuse 'nothing could be started to watch over the change: nothing was changed' || return
  if xp_wait_for guard && xp_wait_for supervisor; then return 0; fi
  xp_refuse 'what watches over the change did not start within 10 s: nothing was changed'
}

# A service of its own where systemd runs: a session's processes may be killed with it.
xp_start() { # MODE
  if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1; then
    xp_shell=$(command -v sh)
    for xp_extra in '--collect -p OOMScoreAdjust=-1000 -p IgnoreSIGPIPE=no' ''; do
      # shellcheck disable=SC2086 # words
      xp_bounded 10 systemd-run --quiet --unit "xpush-$XP_ID-$1" $xp_extra -p KillMode=process \
        -p TimeoutStopSec=2 "$xp_shell" "$XP_WINDOW/run.sh" "$1" >/dev/null 2>>log </dev/null && return
    done
  fi
  XPUSH_NONCE='' setsid sh "$XP_WINDOW/run.sh" "$1" >/dev/null 2>>log </dev/null 9>&- &
}

xp_wait_for() { # guard|supervisor
  xp_tries=200
  until [ -s "now/$1" ]; do
    xp_tries=$((xp_tries - 1))
    [ "$xp_tries" -gt 0 ] || return
    xp_nap
  done
}

# The host as it was: nothing was changed yet.
xp_disarm() {
  rm -f armed
  xp_end_runner
  xp_remove_hook
  xp_drop_beside .
  xp_remove_made
  xp_drop_now "$XP_WINDOW"
}
