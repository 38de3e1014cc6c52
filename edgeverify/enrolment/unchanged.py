"""Whose reference still stands on the photos that the config names, before anybody is enrolled.

Enrolling many people takes minutes. Meanwhile nobody may come in on a photo that was replaced, or
on a card that now belongs to somebody else.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgeverify.domain import Reference
from edgeverify.enrolment.inside_folder import PhotoAbsentError, read_inside
from edgeverify.enrolment.photo import digest_of
from edgeverify.errors import ImageError
from edgeverify.references.loading import LoadedReferences
from edgeverify.settings import Settings, StaffEntry


def unchanged(settings: Settings, folder: Path, loaded: LoadedReferences) -> LoadedReferences:
    """Keep the references of people whose photos are, byte for byte, those that were enrolled.

    A photo that is absent now does not count against its owner: enrolment keeps what it gave.
    """
    staff = {entry.card: entry for entry in settings.staff}
    kept = {
        card: reference
        for card, reference in loaded.usable.items()
        if card in staff
        and _stands(staff[card], reference, settings, folder, loaded.photo_digests.get(card))
    }
    return replace(loaded, usable=kept)


def _stands(
    entry: StaffEntry,
    reference: Reference,
    settings: Settings,
    folder: Path,
    enrolled: frozenset[str] | None,
) -> bool:
    if entry.camera_photos and not reference.camera_photo_count:
        return False  # it would be held to the threshold of pictures from elsewhere
    limit = settings.enrolment.max_photo_mebibytes
    for name in entry.photos:
        try:
            digest = digest_of(read_inside(folder, name, max_mebibytes=limit))
        except PhotoAbsentError:
            continue
        except ImageError:
            return False
        if digest not in (enrolled or ()):
            return False
    return True
