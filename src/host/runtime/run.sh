# shellcheck shell=sh disable=SC2034
# Running a command for a limited time. Nothing in here writes.

# Hundredths of seconds since the boot, in XP_UP.
xp_uptime() {
  read -r XP_UP _ </proc/uptime
  XP_UP=${XP_UP%%.*}${XP_UP#*.}
  XP_UP=${XP_UP#0}
  XP_UP=${XP_UP#0}
}

# Starts a text of ours (command-text.ts) in a subshell. The process in xp_timer stops it, and two seconds
# later all that is below another process of ours, if one is named.
xp_start_run() { # SECONDS ABOVE ENCODING INPUT TEXT
  read -r xp_parent _ </proc/self/stat
  case $3 in
  '') (eval "$5") </dev/null 4>&- 5>&- 6>&- 7>&- & ;;
  text) xp_print "$4" 2>/dev/null 4>&- 5>&- 6>&- 7>&- | (eval "$5") 4>&- 5>&- 6>&- 7>&- & ;;
  *) xp_input "$3" "$4" 2>/dev/null 4>&- 5>&- 6>&- 7>&- | (eval "$5") 4>&- 5>&- 6>&- 7>&- & ;;
  esac
  xp_run=$! xp_timer=
  [ -n "$1" ] || return 0
  (
    exec </dev/null >/dev/null 2>&1 4>&- 5>&- 6>&- 7>&-
    xp_apart xp_stop_after "$1" "$xp_parent" "$2"
  ) &
  xp_timer=$!
}

# Its status, in xp_over.
xp_await_run() {
  wait "$xp_run" 2>/dev/null
  xp_over=$?
}

# mksh has copies of our pipes, which only another program has not.
xp_apart() { # FUNCTION WORDS...
  case ${KSH_VERSION-} in
  *MIRBSD*)
    # shellcheck disable=SC3044 # it has typeset
    exec sh -c "$(typeset -f xp_stop_after xp_stop_late xp_wait_out xp_eldest xp_begun xp_uptime xp_is_child \
      xp_stop_children xp_stop_below)$XP_NEWLINE\"\$@\"" sh "$@"
    ;;
  esac
  "$@"
}

# A word first, two seconds later by force. What is below our parent counts only while that lives: its
# number may be somebody else's by then.
xp_stop_after() { # SECONDS PARENT ABOVE
  xp_wait_out "$@"
  xp_stop_children "$2" TERM
  sleep 2
  xp_stop_children "$2" KILL
  [ -z "$3" ] || xp_stop_below "$3" KILL
}

# The same for each child that our parent has, one after the other, once it is so old.
xp_stop_late() { # SECONDS PARENT
  read -r xp_stat </proc/self/stat
  xp_self=${xp_stat%% *}
  # shellcheck disable=SC2086 # words
  xp_begun ${xp_stat##*) ? }
  xp_uptime
  xp_origin=$((xp_start - XP_UP)) # the uptime may be of a container, the start is not
  xp_age=0 xp_old=$(($1 * 100))
  while :; do
    xp_wait_out $(((xp_old - xp_age + 99) / 100)) "$2" ''
    xp_is_child "$2" || break
    xp_eldest "$2"
    [ "$xp_age" -ge "$xp_old" ] || continue
    xp_stop_children "$2" TERM
    sleep 2
    xp_eldest "$2"
    [ "$xp_age" -lt "$xp_old" ] || xp_stop_children "$2" KILL
    xp_is_child "$2" || break
    xp_age=0
  done
}

# How old the eldest child is besides this process, in hundredths of a second, in xp_age.
xp_eldest() { # PARENT
  xp_age=0
  for xp_file in /proc/[0-9]*/stat; do
    { read -r xp_stat <"$xp_file"; } 2>/dev/null || continue
    # shellcheck disable=SC2086 # words
    xp_begun ${xp_stat##*) ? }
    [ "$xp_above" = "$1" ] || continue
    [ "${xp_stat%% *}" != "$xp_self" ] || continue
    xp_uptime
    xp_start=$((XP_UP + xp_origin - xp_start))
    [ "$xp_start" -le "$xp_age" ] || xp_age=$xp_start
  done
}

# Whose child it is, and when it began; proc(5).
xp_begun() { # WORDS behind the state
  xp_above=$1
  shift 18
  xp_start=$1
}

# A TERM ends it, and this process; from then on that is kept off. One that comes too early may be lost:
# where neither its parent is left nor another one that is named, it ends, too.
xp_wait_out() { # SECONDS PARENT ABOVE
  xp_former=$! xp_left=$1
  # by force: dash's child loses a signal that comes before it has become sleep
  trap '[ "$!" = "$xp_former" ] || kill -KILL "$!"; exit' TERM
  while [ "$xp_left" -gt 0 ]; do
    xp_is_child "$2" || [ -d "/proc/${3:-none}" ] || exit 0
    xp_piece=5
    [ "$xp_left" -gt 5 ] || xp_piece=$xp_left
    sleep "$xp_piece" &
    wait "$!"
    xp_left=$((xp_left - xp_piece))
  done
  trap '' TERM
}

xp_stop_children() { # PARENT SIGNAL
  ! xp_is_child "$1" || xp_stop_below "$@"
}

# Whether this process still has that parent.
xp_is_child() { # PARENT
  read -r xp_stat </proc/self/stat
  xp_stat=${xp_stat##*) ? }
  [ "${xp_stat%% *}" = "$1" ]
}

# All that came of these processes, without this one.
xp_stop_below() { # PROCESS-IDS SIGNAL
  read -r xp_self _ </proc/self/stat
  xp_pairs=
  for xp_file in /proc/[0-9]*/stat; do
    { read -r xp_stat <"$xp_file"; } 2>/dev/null || continue
    xp_pid=${xp_stat%% *}
    xp_stat=${xp_stat##*) ? }
    [ "$xp_pid" = "$xp_self" ] || xp_pairs="$xp_pairs $xp_pid:${xp_stat%% *}"
  done
  xp_below='' xp_found=" $1 " xp_more=yes
  while [ -n "$xp_more" ]; do
    xp_more=
    for xp_pair in $xp_pairs; do
      xp_pid=${xp_pair%%:*}
      case $xp_found in
      *" $xp_pid "*) ;;
      *" ${xp_pair#*:} "*) xp_found="$xp_found$xp_pid " xp_below="$xp_below $xp_pid" xp_more=yes ;;
      esac
    done
  done
  # shellcheck disable=SC2086 # words
  [ -z "$xp_below" ] || kill -s "$2" $xp_below
}
