# shellcheck shell=sh
# Where paths are once symbolic links are followed: lines "NUMBER at|to PATH" of those that are elsewhere,
# the name itself and what it leads to.

xp_aliases() ( # PATH...
  xp_count=0 xp_links=
  for xp_path; do
    xp_count=$((xp_count + 1))
    xp_place=${xp_path%/*} xp_rest=
    until [ -z "$xp_place" ] || cd -P "$xp_place" 2>/dev/null; do
      xp_rest=/${xp_place##*/}$xp_rest
      xp_place=${xp_place%/*}
    done
    [ -n "$xp_place" ] || cd / || return
    xp_at=${PWD%/}$xp_rest/${xp_path##*/}
    if [ "$xp_at" != "$xp_path" ]; then
      case $xp_at in
      *"$XP_NEWLINE"*) ;; # nothing can name that
      *) xp_print "$xp_count at $xp_at$XP_NEWLINE" ;;
      esac
    fi
    [ ! -L "$xp_path" ] || xp_links="$xp_links $xp_count"
  done
  xp_tell_links -f to "$xp_links" "$@"
)
