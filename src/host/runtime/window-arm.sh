# shellcheck shell=sh disable=SC2034,SC2153
# (names in capitals are for, or of, other runtime files)
# Arming a confirm window: all that an undo needs is on the disk, and somebody watches, before the
# first change is made. What fails here leaves the host as it was.

xp_arm_here() {
  # shellcheck disable=SC1091 # made with the window
  . ./changes.sh
  xp_need && xp_make_now && xp_prune_windows && xp_save && xp_stage_files && xp_seal && xp_launch
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
    mkdir -m 700 "$xp_place" 2>/dev/null || continue
    if xp_print probe >"$xp_place/out" && [ -s "$xp_place/out" ] && true >"$xp_place/out" &&
      mkfifo -m 600 "$xp_place/wake" "$xp_place/alive" "$xp_place/news" && ln -s "$xp_place" now; then
      return
    fi
    rm -rf "$xp_place"
  done 2>/dev/null
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
  xp_with_files xp_snapshot_files || return
  xp_snapshot_live || return
  xp_install_hook || return
  xp_make_ballast || xp_refuse 'less than 256 KiB are free on /var/lib/xpush: nothing was changed'
}

# What an undo takes on a full disk.
xp_make_ballast() {
  xp_text=0123456789abcdef xp_left=10
  while [ "$xp_left" -gt 0 ]; do
    xp_text=$xp_text$xp_text xp_left=$((xp_left - 1))
  done
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    xp_print "$xp_text" || return
  done >ballast 2>/dev/null
}

# Of effect `boot`: made beside their places, so that a rename is all that is left to do. As many as
# there are are looked at, made and looked at again together.
xp_stage_files() {
  xp_paths='' xp_private=''
  xp_stage_all xp_stage_place || return
  xp_each_of xp_make_private "$xp_private" || return
  xp_each_of xp_file_states "$xp_paths" || xp_refuse 'files could not be read: nothing was changed' || return
  xp_modes='' xp_masked='' xp_paths=''
  xp_stage_all xp_stage_make || return
  xp_set_modes || return
  xp_each_of xp_file_states "$xp_paths" && xp_stage_all xp_stage_check >/dev/null && return
  xp_modes=$xp_masked # where a directory's own ACL overrides umask
  xp_set_modes || return
  xp_each_of xp_file_states "$xp_paths" || xp_refuse 'files could not be read: nothing was changed' || return
  xp_stage_all xp_stage_check
}

xp_make_private() { # PATH...
  mkdir -m 700 "$@"
}

xp_stage_place() { # write NUMBER PATH BEFORE ... | remove PATH BEFORE | directory PATH MODE
  case $1 in
  write)
    case $4 in
    directory | special | unreadable) xp_refuse "$3 is no file that can be replaced (it is $4)" || return ;;
    esac
    xp_resolve "$3" || return
    case $XP_REAL in *"$XP_NEWLINE"*) xp_refuse "$3 leads to a name with a newline" || return ;; esac
    xp_directory=${XP_REAL%/*}
    [ -d "$xp_directory/" ] || xp_refuse "the directory $xp_directory does not exist" || return
    xp_private=$xp_private$xp_directory/.xpush-$XP_ID.s$2$XP_NEWLINE
    xp_print "$xp_directory/.xpush-$XP_ID.s$2$XP_NEWLINE" >>beside || return
    xp_paths=$xp_paths$3$XP_NEWLINE
    ;;
  remove) xp_paths=$xp_paths$2$XP_NEWLINE ;;
  directory) xp_stage_directory "$2" "$3" ;;
  esac
}

# cp -a brings owner, mode, ACL, extended attributes and label; nobody else enters where it is made. Where
# umask gives the mode no process must.
xp_stage_make() { # as xp_stage_place
  case $1 in
  write)
    shift
    xp_next_state && xp_expect_state "$2" "$3" && xp_resolve "$2" || return
    xp_new=${XP_REAL%/*}/.xpush-$XP_ID.s$1/new
    if [ "$3" != absent ]; then
      cp -aL "$XP_REAL" "$xp_new" 2>/dev/null || cp -pL "$XP_REAL" "$xp_new" || return
      [ -f "$xp_new" ] || return "$XP_STALE"
    fi
    case $3,$5 in
    *,) ;;
    absent,0644) xp_masked=$xp_masked$5:$xp_new$XP_NEWLINE ;;
    absent,0600)
      xp_masked=$xp_masked$5:$xp_new$XP_NEWLINE
      umask 077
      ;;
    *) xp_modes=$xp_modes$5:$xp_new$XP_NEWLINE ;;
    esac
    xp_input "$6" "$7" >"$xp_new" 
    xp_failure=$?
    umask 022
    [ "$xp_failure" = 0 ] || xp_refuse "$2: could not be written (disk full?)" || return
    xp_paths=$xp_paths$xp_new$XP_NEWLINE
    ;;
  remove) xp_next_state && xp_expect_state "$2" "$3" ;;
  esac
}

xp_stage_check() { # as xp_stage_place
  [ "$1" = write ] || return 0
  xp_next_state || return
  # whose it is, the directory decides
  [ "$4" != absent ] || XP_STATE="${XP_STATE%% *} * * ${XP_STATE#* * * }"
  xp_fits "$5" "$XP_STATE" || xp_refuse "$3 did not come out as meant (disk full? not root?)"
}

xp_expect_state() { # PATH STATE
  xp_fits "$2" "$XP_STATE" || return "$XP_STALE"
}

# One chmod for all of one mode.
xp_set_modes() {
  while [ -n "$xp_modes" ]; do
    xp_mode=${xp_modes%%:*} xp_chosen='' xp_others=''
    xp_each_of xp_choose_mode "$xp_modes"
    xp_modes=$xp_others
    xp_each_of xp_chmod "$xp_chosen" || return
  done
}

xp_choose_mode() { # MODE:PATH...
  for xp_line; do
    case $xp_line in
    "$xp_mode":*) xp_chosen=$xp_chosen${xp_line#*:}$XP_NEWLINE ;;
    *) xp_others=$xp_others$xp_line$XP_NEWLINE ;;
    esac
  done
}

xp_chmod() { # PATH...
  chmod "$xp_mode" "$@"
}

# Those that were missing are named, the deepest first, for an undo to remove.
xp_stage_directory() { # PATH MODE
  [ ! -d "$1/" ] || return 0
  xp_above=$1 xp_list=
  while [ -n "$xp_above" ] && [ ! -d "$xp_above/" ]; do
    xp_list=$xp_list$xp_above$XP_NEWLINE
    xp_above=${xp_above%/*}
  done
  { xp_print "$xp_list" && cat made 2>/dev/null; } >made.new
  mv -f made.new made && xp_make_directory "$@"
}

# On the disk before the first change: then a power cut is a reboot, which takes the live state with it.
xp_seal() {
  xp_boot
  xp_clock
  xp_print "$XP_BOOT$XP_NEWLINE" >boot_id && xp_print "$((XP_NOW + XP_APPLY_SECONDS * 10))$XP_NEWLINE" >now/deadline &&
    true >armed || xp_refuse 'the window could not be written (disk full?): nothing was changed' || return
  set -- run.sh settings.sh changes.sh who boot_id armed manifest beside made hooks ballast generation files/* files . .. ../..
  while IFS= read -r xp_path; do
    set -- "$@" "$xp_path" "${xp_path%/*}/"
    [ ! -e "$xp_path/new" ] || set -- "$@" "$xp_path/new"
  done <beside
  while IFS= read -r xp_path; do set -- "$@" "$xp_path" "${xp_path%/*}/"; done <hooks
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
  [ $# -gt 0 ] || return 0
  timeout 10 sync "$@" 2>/dev/null && return
  xp_bounded 10 sync "$@" 2>/dev/null && return # other words for the same
  for xp_path; do
    [ -d "$xp_path" ] || xp_durable "$xp_path" || return
  done
}

# Who arms leads a session of its own, which those who watch stay in. Its news says that there is
# somebody; its end, that there is nobody.
xp_launch() {
  if xp_has_services; then
    if xp_start watch && xp_wait_for guard && xp_wait_for supervisor; then return 0; fi
  else
    exec 7<>now/news
    xp_keep_guard >/dev/null 2>>log </dev/null 9>&- &
    exec 8<now/news 7>&-
    read -r _ <&8 && exec 8<&- && return
  fi
  xp_refuse 'what watches over the change did not start: nothing was changed'
}

# A service of its own where systemd runs: a session's processes may be killed with it.
xp_has_services() {
  [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1
}

xp_start() { # MODE
  if xp_has_services; then
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
  xp_tell wake
  xp_end_runner
  xp_remove_hook
  xp_drop_beside .
  xp_remove_made
  xp_drop_now "$XP_WINDOW"
}
