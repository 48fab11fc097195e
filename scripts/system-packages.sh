#!/usr/bin/env bash
# System packages of Debian 12 that the two commands need. Run as root; installs only what is missing.
# libreoffice-calc-nogui: the tests open workbooks as a reader would (60 packages, no desktop).
# openssl, openssh-client, sqlite3 and zstd: the tests check evidence without our code, as an auditor would.
set -euo pipefail
# postgresql-15: the tests start a server of their own, on a socket, for registers in PostgreSQL.
# chromium: the tests look at the site as people do.
# openssh-sftp-server: the tests fetch files over SFTP from OpenSSH's own server, behind a door that they open themselves.
# libpango, libharfbuzz, fonts-noto: PDF reports; poppler-utils: the tests read them back.
# With the argument backup-tools: those that the tests of tests/live run for real, to pull what they say. msmtp-mta: Bacula wants some mailer, and this one is no service;
# dbconfig-sqlite3: without it Debian's bacula-director cannot be configured.
wanted=(python3-venv git ca-certificates openssl openssh-client sqlite3 zstd libreoffice-calc-nogui
  libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk poppler-utils chromium postgresql-15
  openssh-sftp-server)
if [ "${1:-}" = backup-tools ]; then
  wanted=(restic borgbackup pgbackrest duplicity rsnapshot rsync mariadb-backup mariadb-server-core mariadb-client-core barman
    bacula-director bacula-director-sqlite3 dbconfig-sqlite3 bacula-sd bacula-fd bacula-console msmtp-mta)
fi
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
# No service is started because its package is installed here, and none at the next boot: the tests start servers of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get -o DPkg::Lock::Timeout=600 update -qq
apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
if command -v systemctl >/dev/null; then
  for package in "${missing[@]}"; do
    dpkg --listfiles "$package" | sed -n 's|.*/systemd/system/\([^/]*[^@]\.service\)$|\1|p' | while read -r unit; do
      systemctl --quiet disable "$unit" 2>/dev/null || true
    done
  done
fi
