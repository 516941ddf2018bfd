# shellcheck shell=sh disable=SC2034,SC2154
# What read-only commands print: their output as it comes, and after it what they say besides.

# Of commands that leave nothing behind, one after the other: they share a process that stops what takes too
# long, and what they say besides comes behind them all.
xp_outputs() { # SECONDS (ID TEXT)...
  xp_flush
  {
    xp_said=$(
      exec 2>&1 >&5 5>&- # for good: shells keep copies of what they must put back
      xp_run_each "$@"
    )
  } 5>&1
  shift
  xp_first=$1 xp_nothing=
  while [ $# -gt 0 ]; do
    xp_nothing="$xp_nothing$XP_NEWLINE$XP_NONCE $1$XP_NEWLINE"
    XP_COUNT=$((XP_COUNT + 1))
    shift 2
  done
  [ "$xp_said$XP_NEWLINE" != "$xp_nothing" ] || return 0
  xp_add_begin "$xp_first.errors"
  xp_add "$XP_NONCE$xp_said"
  xp_add_end "$xp_first.errors" 0
}

xp_run_each() { # SECONDS (ID TEXT)...
  read -r xp_parent _ </proc/self/stat
  (
    exec </dev/null >/dev/null 2>&1
    xp_apart xp_stop_late "$1" "$xp_parent"
  ) &
  xp_timer=$! xp_seconds=$1
  shift
  while [ $# -gt 0 ]; do
    xp_print "$XP_NEWLINE$XP_NONCE $1$XP_NEWLINE" >&2
    xp_begin "$1"
    xp_uptime
    xp_since=$XP_UP
    (eval "$2") </dev/null &
    xp_run=$!
    xp_await_run
    xp_tell_late "$1" "$xp_seconds"
    xp_add_end "$1" "$xp_over"
    shift 2
  done
  xp_flush
  kill "$xp_timer" 2>/dev/null
}

xp_tell_late() { # ID SECONDS
  xp_uptime
  [ $((XP_UP - xp_since)) -lt $(($2 * 100)) ] || xp_add "$XP_NEWLINE@$XP_NONCE late $1$XP_NEWLINE"
}

# Where the time is over it may hang on a process that it left behind: then its readers end too.
xp_output() { # ID SECONDS LIMIT ENCODING INPUT TEXT
  xp_begin "$1"
  xp_uptime
  xp_since=$XP_UP
  {
    xp_said=$(
      read -r xp_above _ </proc/self/stat
      {
        {
          xp_err=$(xp_run_and_tell "$2" "$xp_above" "$4" "$5" "$6" | head -c 65536)
          xp_print "$xp_err" >&7
        } 6>&1 | head -c "$3" >&5
      } 7>&1
    )
  } 5>&1
  xp_timer=${xp_said%% *}
  [ -z "$xp_timer" ] || kill "$xp_timer" 2>/dev/null
  xp_said=${xp_said#* }
  xp_over=${xp_said%% *} xp_said=${xp_said#* }
  [ -z "$xp_said" ] || xp_print "$XP_NEWLINE@$XP_NONCE rest $1$XP_NEWLINE$xp_said"
  xp_tell_late "$1" "$2"
  xp_end "$1" "${xp_over:-124}"
}

# Who stops it, and its status, each with a blank behind it.
xp_run_and_tell() { # SECONDS ABOVE ENCODING INPUT TEXT
  exec 2>&1 >&6 6>&- # for good, as above
  xp_start_run "$@"
  xp_print "$xp_timer " >&7
  xp_await_run
  xp_print "$xp_over " >&7
}
