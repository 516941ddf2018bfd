# shellcheck shell=sh disable=SC2154
# What read-only commands print: their output as it comes, and after it what they say besides.

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
  xp_uptime
  xp_said=${xp_said#* }
  xp_over=${xp_said%% *} xp_said=${xp_said#* }
  [ -z "$xp_said" ] || xp_print "$XP_NEWLINE@$XP_NONCE rest $1$XP_NEWLINE$xp_said"
  [ $((XP_UP - xp_since)) -lt $(($2 * 100)) ] || xp_print "$XP_NEWLINE@$XP_NONCE late $1$XP_NEWLINE"
  xp_end "$1" "${xp_over:-124}"
}

# Who stops it, and its status, each with a blank behind it.
xp_run_and_tell() { # SECONDS ABOVE ENCODING INPUT TEXT
  exec 2>&1 >&6 6>&- # for good: shells keep copies of what they must put back
  xp_start_run "$@"
  xp_print "$xp_timer " >&7
  xp_await_run
  xp_print "$xp_over " >&7
}
