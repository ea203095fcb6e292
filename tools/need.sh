#!/usr/bin/env bash
# Finds a Redis server for the tests. On Debian, as root, it installs one; elsewhere it says what to install.
set -euo pipefail

for server in redis-server valkey-server; do
	if path=$(command -v "$server"); then
		echo "need: $server is at $path"
		exit 0
	fi
done

if [[ -e /etc/debian_version && $(id -u) == 0 ]]; then
	echo "need: no redis-server and no valkey-server: installing Debian's package redis-server"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server
	exit 0
fi

cat >&2 <<'TXT'
need: the tests need redis-server 7 or later (or valkey-server) on PATH. Install it by one of
  sudo apt-get install redis-server
  sudo dnf install valkey
  brew install redis
TXT
exit 1
