#!/usr/bin/env bash
# Runs the steps of a page as its reader does, in one terminal, and each program that stays in one of its own until
# the page ends: run.sh STEPS. A step is a line: `run FILE`, `stay FILE TEXT`, with what the program prints when it is up,
# or `printed FILE`, with a pattern a line of what the programs that stay have printed by then.
set -euo pipefail
set -m # a terminal of one's own is a process group of one's own, which Ctrl-C reaches
patience=240 # seconds: `make` builds the program while all other tests run
declare -A stays=()

fail() {
	echo "PAGE: $*" >&2
	for log in *.log; do
		[[ -e $log ]] && printf -- '--- the end of %s\n%s\n' "$log" "$(tail -n 30 "$log")" >&2
	done
	exit 1
}

# waits runs a command until it succeeds, and fails when the time is over.
waits() {
	local end=$((SECONDS + patience))
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

gone() { ! kill -0 -- "-$1" 2>/dev/null; }

up_or_gone() { grep -qF -- "$2" "$1.log" || gone "$3"; }

stay() {
	(source "./$1") >"$1.log" 2>&1 &
	stays[$1]=$!
	waits up_or_gone "$1" "$2" "$!" || fail "$1 has not printed \"$2\""
	grep -qF -- "$2" "$1.log" || fail "$1 ended before it printed \"$2\""
}

printed() {
	local pattern
	while IFS= read -r pattern; do
		waits grep -qE -- "$pattern" ./*.log || fail "nothing printed a line like $pattern"
	done <"$1"
}

# ends closes the terminals, the last one first: Ctrl-C in each.
ends() {
	local status=$? name
	trap - EXIT TERM
	for name in $(printf '%s\n' "${!stays[@]}" | sort -r); do
		if gone "${stays[$name]}"; then
			echo "PAGE: $name has ended by itself: $(tail -n 5 "$name.log")" >&2
			status=1
			continue
		fi
		kill -INT -- "-${stays[$name]}"
		waits gone "${stays[$name]}" || {
			echo "PAGE: $name did not end at Ctrl-C" >&2
			kill -KILL -- "-${stays[$name]}"
			status=1
		}
	done
	exit "$status"
}
trap ends EXIT
trap 'exit 1' TERM

while read -r kind file text <&9; do
	echo "== $kind $file" >&2
	case $kind in
	run) source "./$file" 9<&- ;;
	*) "$kind" "$file" "$text" 9<&- ;;
	esac
done 9<"$1"
