
# Called by git's own completion for `git rollback <TAB>`: hands over to the function above,
# which expects the command as one word.
_git_rollback() {
    local at=1
    while [ "$at" -lt "$COMP_CWORD" ] && [ "${COMP_WORDS[at]}" != rollback ]; do
        at=$((at + 1))
    done
    local -a COMP_WORDS=(git-rollback "${COMP_WORDS[@]:at + 1}")
    local COMP_CWORD=$((COMP_CWORD - at))
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}"
    _clap_function git-rollback "$word" "$before"
    case "${COMP_WORDS[1]},$before,$word" in
        *,-*,* | *,*,-*) ;;
        to,to,* | show,show,*) _git_rollback_points "$word" ;;
    esac
    case "${COMP_WORDS[1]},$before" in
        restore,--from) _git_rollback_points "$word" ;;
    esac
}

# Points, branches and tags. Names come from the repository: they are compared and never expanded (`compgen -W`
# would run what a branch called `$(...)` says), and those that a shell would read as more than a word are left out.
_git_rollback_points() {
    local name
    COMPREPLY=()
    while IFS= read -r name; do
        case "$name" in
            *[![:alnum:]._/@+=-]*) ;;
            "$1"*) COMPREPLY+=("$name") ;;
        esac
    done < <(
        printf 'baseline\nlast\n'
        git for-each-ref --format='%(refname:lstrip=3)' refs/rollback/points 2>/dev/null
        git for-each-ref --format='%(refname:lstrip=2)' refs/heads refs/tags 2>/dev/null
    )
}
