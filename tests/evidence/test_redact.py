from __future__ import annotations

import pytest

from audit.evidence.redact import redact


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("restic -r /backup/main snapshots --json", "restic -r /backup/main snapshots --json"),
        ("restic --password-command 'echo hunter2' snapshots", "restic --password-command *** snapshots"),
        ("restic --from-password-command='echo hunter2' copy", "restic --from-password-command=*** copy"),
        ("env RESTIC_PASSWORD=hunter2 restic backup /srv", "env RESTIC_PASSWORD=*** restic backup /srv"),
        ('AWS_SECRET_ACCESS_KEY="a b" restic backup', "AWS_SECRET_ACCESS_KEY=*** restic backup"),
        ("restic -r rest:https://bob:hunter2@host/repo snapshots", "restic -r rest:https://bob:***@host/repo snapshots"),
        ("tool --api-key k123 --token=t456 run", "tool --api-key *** --token=*** run"),
        ("restic backup /srv/passwords", "restic backup /srv/passwords"),
        ("restic -p hunter5 snapshots", "restic -p *** snapshots"),
        ("mysqldump -phunter10 --all-databases", "mysqldump -p*** --all-databases"),
        ("curl -u bob:hunter8 https://host/x", "curl -u bob:*** https://host/x"),
        ("curl -H 'Authorization: Bearer hunter7' https://host", "curl -H 'Authorization: ***' https://host"),
        ("sh -c 'curl https://host/?token=hunter9'; ls", "sh -c 'curl https://host/?token=***'; ls"),
        ("rsync -a --progress /srv host:/srv", "rsync -a --progress /srv host:/srv"),
    ],
)
def test_secrets_go_and_everything_else_stays(command: str, kept: str) -> None:
    assert redact(command) == kept
