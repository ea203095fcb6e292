#!/usr/bin/env bash
# Finds what the tests need beside Go. On Debian, as root, it installs what is missing; elsewhere it says
# what to install.
set -euo pipefail

missing=()

# need COMMANDS PACKAGE WHY: one of the commands must be on PATH; Debian's package has the first of them.
need() {
	local command path
	for command in $1; do
		if path=$(command -v "$command"); then
			echo "need: $command is at $path"
			return
		fi
	done
	echo "need: ${1// / and } not found: $3" >&2
	missing+=("$2")
}

need "redis-server valkey-server" redis-server "the program's store (Fedora: dnf install valkey; macOS: brew install redis), 7 or later"
need "redis-cli valkey-cli" redis-tools "takes the snapshots of docs/operating.md"
need python3 python3 "verifies a webhook as docs/outgoing-webhooks.md does"
if [[ $(uname) == Linux ]]; then
	need strace strace "makes a disk slow, to see who waits for it"
	need systemd-analyze systemd "reads deploy/synchook.service"
	need faketime faketime "sets the clock of a Redis back and forward"
fi
if command -v node >/dev/null; then
	need "chromium chromium-browser google-chrome" chromium "walks through the dashboard"
fi

if [[ ${#missing[@]} == 0 ]]; then
	exit 0
fi
if [[ -e /etc/debian_version && $(id -u) == 0 ]]; then
	echo "need: installing Debian's ${missing[*]}"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
	exit 0
fi
echo "need: install ${missing[*]} (Debian and Ubuntu: sudo apt-get install ${missing[*]})" >&2
exit 1
