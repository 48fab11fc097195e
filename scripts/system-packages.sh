#!/usr/bin/env bash
# System packages of Debian 12 that the two commands need. Run as root; installs only what is missing.
# libreoffice-calc-nogui: the tests open workbooks as a reader would (60 packages, no desktop).
# openssl, openssh-client, sqlite3 and zstd: the tests check evidence without our code, as an auditor would.
set -euo pipefail
# postgresql-15: the tests start a server of their own, on a socket, for registers in PostgreSQL.
# chromium: the tests look at the site as people do.
# openssh-sftp-server: the tests fetch files over SFTP from OpenSSH's own server, behind a door that they open themselves.
# restic, borgbackup: the tests make real backups and pull what the tools say of them.
# libpango, libharfbuzz, fonts-noto: PDF reports; poppler-utils: the tests read them back.
wanted=(python3-venv git ca-certificates openssl openssh-client sqlite3 zstd libreoffice-calc-nogui
  libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk poppler-utils chromium postgresql-15
  openssh-sftp-server restic borgbackup)
missing=()
for package in "${wanted[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
  echo "    nothing missing"
  exit 0
fi
echo "    installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=600 update -qq
apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
