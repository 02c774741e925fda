#!/bin/sh
# Install the Debian packages named that are missing: as root with apt, otherwise say the one line to run.
set -eu
missing=""
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "brytpunkt needs these system packages (Debian names), by whatever installs software here:$missing" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "brytpunkt needs system packages. Run this line as an administrator, then make again:" >&2
    echo "  apt-get update && apt-get install --yes --no-install-recommends$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
# shellcheck disable=SC2086 - a list of words
apt-get install --yes --quiet=2 --no-install-recommends $missing >/dev/null
