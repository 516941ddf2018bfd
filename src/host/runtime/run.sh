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
    xp_stop_apart "$1" "$xp_parent" "$2"
  ) &
  xp_timer=$!
}

# Its status, in xp_over.
xp_await_run() {
  wait "$xp_run" 2>/dev/null
  xp_over=$?
}

# mksh has copies of our pipes, which only another program has not.
xp_stop_apart() { # SECONDS PARENT ABOVE
  case ${KSH_VERSION-} in
  *MIRBSD*)
    # shellcheck disable=SC3044 # it has typeset
    exec sh -c "$(typeset -f xp_stop_after xp_stop_children xp_stop_below)${XP_NEWLINE}xp_stop_after $1 $2 '$3'"
    ;;
  esac
  xp_stop_after "$@"
}

# A word first, two seconds later by force. What is below our parent counts only while that lives: its
# number may be somebody else's by then.
xp_stop_after() { # SECONDS PARENT ABOVE
  xp_former=$!
  # by force: dash's child loses a signal that comes before it has become sleep
  trap '[ "$!" = "$xp_former" ] || kill -KILL "$!"; exit' TERM
  sleep "$1" &
  wait "$!"
  trap '' TERM
  xp_stop_children "$2" TERM
  sleep 2
  xp_stop_children "$2" KILL
  [ -z "$3" ] || xp_stop_below "$3" KILL
}

xp_stop_children() { # PARENT SIGNAL
  read -r xp_stat </proc/self/stat
  xp_stat=${xp_stat##*) ? }
  [ "${xp_stat%% *}" != "$1" ] || xp_stop_below "$@"
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
