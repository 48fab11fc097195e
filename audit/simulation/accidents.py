"""When the accidents happen. What they do to the evidence is in `databases.py` and `servers.py`; what is true of them in `truth.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from audit.simulation.calendar import DAY, HOUR, MINUTE, Calendar, local

Stretch = tuple[datetime, datetime]
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Accidents:
    """The instants (UTC) and local days of every accident of a year. Stretches are half-open."""

    calendar: Calendar

    @property
    def unencrypted(self) -> tuple[date, date]:
        """Copies in Hangzhou of the organisation's backups of these days (the last one exclusive) were not encrypted."""
        monday = self.calendar.monday(2, 1)
        return monday, monday + 2 * WEEK

    @property
    def unencrypted_until(self) -> datetime:
        """When they were found and deleted; those in other repositories stayed."""
        return local(self.unencrypted[1] + 9 * DAY, 15)

    @property
    def no_backups(self) -> Stretch:
        """A whole ISO week in which no backup of a shard of the messages began."""
        monday = self.calendar.monday(3, 2)
        return local(monday), local(monday + WEEK) + HOUR

    @property
    def first_backup_after(self) -> datetime:
        """The full backup, out of turn, with which they began again."""
        return self.no_backups[1] + HOUR

    @property
    def no_copies(self) -> Stretch:
        """No snapshot taken in this time was copied to the cloud."""
        monday = self.calendar.monday(4, 1)
        return local(monday), local(monday + 4 * WEEK)

    @property
    def missing_increment(self) -> datetime:
        """When the increment was taken that is in no listing, and that the next ones need."""
        return local(self.calendar.monday(5, 2) + 2 * DAY, 10)

    @property
    def damaged(self) -> date:
        """The Sunday of the full backup that was found damaged."""
        return self.calendar.monday(6, 2) - DAY

    @property
    def damage_found(self) -> datetime:
        """When it was found."""
        return local(self.damaged + 12 * DAY, 10)

    @property
    def copy_verified(self) -> datetime:
        """When its copy in Hangzhou was read and found good."""
        return self.damage_found + DAY

    @property
    def promised(self) -> datetime:
        """From when the renegotiated policy asks for eight hours."""
        return self.calendar.at(6, 15)

    @property
    def late_by(self) -> datetime:
        """From when the call records were exported often enough for it."""
        return self.calendar.at(7, 1)

    @property
    def no_checks(self) -> Stretch:
        """The copies of Shanghai's files in the cloud were not read in this time: two checks of the month were not made."""
        return self.calendar.at(6, 20), self.calendar.at(8, 20)

    @property
    def kept_too_long(self) -> Stretch:
        """Nothing of the meeting index was deleted from the object storage in this time."""
        return self.calendar.at(7, 1), self.calendar.at(9, 15, 12)

    @property
    def pruned(self) -> tuple[date, date]:
        """Exports of these days (the last one exclusive) were deleted too early. Sunday's was not."""
        monday = self.calendar.monday(8, 1)
        return monday, monday + 6 * DAY

    @property
    def pruned_at(self) -> datetime:
        """When they were deleted."""
        return local(self.pruned[0] + 16 * DAY, 14)

    @property
    def remapped(self) -> date:
        """The Monday from which a subject belongs to another asset."""
        return self.calendar.monday(9, 1)

    @property
    def silent_from(self) -> datetime:
        """From when the conference records' source sends nothing."""
        return local(self.calendar.monday(10, 1)) - 6 * DAY

    @property
    def away(self) -> Stretch:
        """The source in Hangzhou sends nothing in this time, and works on."""
        monday = self.calendar.monday(11, 1)
        return local(monday), local(monday + 6 * DAY)


TOLERANCE = {"15m": 20 * MINUTE, "1h": 70 * MINUTE, "8h": 8 * HOUR + 30 * MINUTE, "files": 9 * HOUR}
"""Target and tolerance of the recovery points that the truth needs, as the model programme has them."""
GRACE = timedelta(days=7)
"""New assets of the organisation's policy are not judged for so long."""
