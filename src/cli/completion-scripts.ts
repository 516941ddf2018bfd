import type { CompletionOptions } from './completion.ts';

/**
 * What each shell runs to have `xpush __complete` complete a word. It is given the words up to the cursor,
 * and answers in lines: a word, a tab and what it means; or `:files`, for names of files.
 */
export const completionScripts: Readonly<Record<CompletionOptions['shell'], string>> = {
  // bash parts words at = and :, and so gets the line as it is
  bash: `_xpush() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    [ "$line" = :files ] && return 0
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" __complete bash "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  case \${COMPREPLY[0]-} in *[=@]) compopt -o nospace ;; esac
}
complete -o bashdefault -o default -F _xpush xpush
`,
  zsh: `#compdef xpush
_xpush() {
  local -a lines found
  local line
  lines=("\${(@f)$("\${words[1]}" __complete zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "$lines[1]" == :files ]]; then
    _files
    return
  fi
  for line in $lines; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe xpush found
}
if [[ "$funcstack[1]" == _xpush ]]; then
  _xpush "$@"
else
  compdef _xpush xpush
fi
`,
  fish: `function __xpush_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] __complete fish $words[2..-1] 2>/dev/null)
    if test "$lines[1]" = :files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $lines
    end
end
complete -c xpush -f -a '(__xpush_complete)'
`,
};
