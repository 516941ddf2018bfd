# shellcheck shell=sh disable=SC2086,SC2154
# What symbolic links say, by one process where readlink takes several.

# Those with these numbers among the paths, or where they lead by -f: lines "NUMBER WORD TEXT". What has a newline in
# it nothing can name.
xp_tell_links() { # ''|-f WORD NUMBERS PATH...
  xp_option=$1 xp_word=${2:+ $2} xp_numbers=$3
  shift 3
  case $xp_numbers in
  *[0-9]' '*)
    xp_links=
    for xp_number in $xp_numbers; do xp_links="$xp_links \"\${$xp_number}\""; done
    eval "xp_texts=\$(readlink $xp_option$xp_links 2>/dev/null && echo x)" && xp_tell_pairs && return
    ;;
  esac
  for xp_number in $xp_numbers; do
    eval "xp_path=\${$xp_number}"
    xp_text=$(readlink $xp_option "$xp_path" && echo x) || continue
    xp_text=${xp_text%?x} # it may end in newlines
    case $xp_text in
    '' | *"$XP_NEWLINE"*) ;;
    *) xp_print "$xp_number$xp_word $xp_text$XP_NEWLINE" ;;
    esac
  done
}

# Fails where a text has a newline in it: then there are more lines than links, or empty ones.
xp_tell_pairs() {
  xp_texts=$XP_NEWLINE${xp_texts%x}
  case $xp_texts in *"$XP_NEWLINE$XP_NEWLINE"*) return 1 ;; esac
  set -f
  IFS=$XP_NEWLINE
  set -- $xp_texts
  IFS=$XP_BLANKS
  set +f
  xp_lines=
  for xp_number in $xp_numbers; do
    [ $# -gt 0 ] || return
    xp_lines="$xp_lines$xp_number$xp_word $1$XP_NEWLINE"
    shift
  done
  [ $# -eq 0 ] && xp_print "$xp_lines"
}
