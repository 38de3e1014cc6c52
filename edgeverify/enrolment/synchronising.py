"""Make the store hold what the config says: nobody more, nobody less, nothing older."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import combinations
from pathlib import Path

from edgeverify.comparison import score
from edgeverify.enrolment.encoding import PhotoJudge, encode_photo
from edgeverify.enrolment.inside_folder import PhotoAbsentError, read_inside
from edgeverify.enrolment.likeness import LookAlike
from edgeverify.enrolment.own_people import find_likenesses
from edgeverify.enrolment.photo import decode_photo, digest_of
from edgeverify.enrolment.report import Change, EnrolmentReport, EntryReport, with_advice
from edgeverify.errors import FaceNotUsableError, ImageError, ReferenceUnusableError
from edgeverify.references import PhotoEmbedding, ReferenceStore, StoredReference
from edgeverify.schedule import is_for
from edgeverify.settings import Settings, StaffEntry

ALL_PAIRS_UP_TO = 5000
"""People among whom every pair is compared each time; beyond, only the new are."""

Progress = Callable[[int, int, str], None]
"""Told before each person: how many are done, how many there are, whose turn it is."""


def synchronise(
    settings: Settings,
    folder: Path,
    store: ReferenceStore,
    judge: PhotoJudge,
    *,
    now: datetime,
    progress: Progress | None = None,
    only: Collection[str] | None = None,
) -> EnrolmentReport:
    """Enrol what is new or changed, keep the rest, remove whoever left the config.

    A photo counts as unchanged by the SHA-256 of its bytes and the model in use. `folder` is the
    config's; `now` is aware; `only` names the cards to look at (and then nobody is removed). One
    bad photo never stops the rest. Raises StateError when the store cannot be written, and
    RuntimeUnavailableError when the model fails.
    """
    reports: list[EntryReport] = []
    removed = _remove_vanished(settings, store) if only is None else []
    people = [entry for entry in settings.staff if only is None or entry.card in only]
    for number, entry in enumerate(people):
        if progress is not None:
            progress(number, len(people), entry.name)
        reports.append(_Person(entry, settings, folder, store, judge).bring_up_to_date(now))
    if progress is not None:
        progress(len(people), len(people), "")
    pairs = _look_alikes(settings, store, judge, reports)
    return EnrolmentReport(entries=(*reports, *removed), look_alikes=pairs)


def _remove_vanished(settings: Settings, store: ReferenceStore) -> list[EntryReport]:
    cards = {entry.card for entry in settings.staff}
    gone = [summary for summary in store.list() if summary.card not in cards]
    for summary in gone:
        store.remove(summary.card)
    return [EntryReport(card=one.card, name=one.name, change=Change.REMOVED) for one in gone]


@dataclass(slots=True)
class _Person:
    entry: StaffEntry
    settings: Settings
    folder: Path
    store: ReferenceStore
    judge: PhotoJudge
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    photos: list[PhotoEmbedding] = field(default_factory=list)
    weaknesses: list[str] = field(default_factory=list)
    is_absent: bool = False

    def bring_up_to_date(self, now: datetime) -> EntryReport:
        stored = self._stored()
        space = self.judge.embedding_space
        is_other_model = stored is not None and stored.summary.embedding_space != space
        known = () if stored is None or is_other_model else stored.photos
        for name in self.entry.photos:
            self._take(name, known)
        self._require_a_picture_from_elsewhere()
        if not self.photos:
            return self._refuse(stored, is_other_model=is_other_model)
        self._doubt_mixtures()
        self._advise_a_second()
        return self._report(self._keep(stored, known, now))

    def _require_a_picture_from_elsewhere(self) -> None:
        if self.settings.enrolment.camera_only or not self.photos:
            return
        if all(photo.is_of_camera for photo in self.photos):
            self.photos.clear()
            self.problems.append(
                "all its usable photos were taken before this door's own camera, where everybody "
                "looks more alike: add one from elsewhere, or set enrolment.camera_only: true"
            )

    def _stored(self) -> StoredReference | None:
        try:
            return self.store.get(self.entry.card)
        except ReferenceUnusableError:
            self.warnings.append("its stored reference could not be opened and is made again")
            return None

    def _take(self, name: str, known: Sequence[PhotoEmbedding]) -> None:
        rules = self.settings.enrolment
        try:
            content = read_inside(self.folder, name, max_mebibytes=rules.max_photo_mebibytes)
            digest = digest_of(content)
            if any(photo.digest == digest for photo in self.photos):
                self.warnings.append(f"{name}: is the same photo as another of this entry")
                return
            same = next((photo for photo in known if photo.digest == digest), None)
            if same is not None:
                self.photos.append(replace(same, photo=name, is_of_camera=self._is_of_camera(name)))
                return
            photo = decode_photo(name, content, max_megapixels=rules.max_photo_megapixels)
            encoded = encode_photo(self.judge.pipeline, photo, rules, self.settings.quality)
        except PhotoAbsentError as error:
            self._take_earlier(name, known, error)
        except (ImageError, FaceNotUsableError) as error:
            self.problems.append(with_advice(error))
        else:
            self.photos.append(
                PhotoEmbedding(
                    photo=name,
                    digest=digest,
                    embedding=encoded.embedding,
                    is_of_camera=self._is_of_camera(name),
                    is_small=encoded.is_small,
                )
            )
            if encoded.warning:
                self.warnings.append(encoded.warning)
            self.weaknesses.extend(encoded.weaknesses)

    def _is_of_camera(self, name: str) -> bool:
        return name in self.entry.camera_photos

    def _take_earlier(
        self, name: str, known: Sequence[PhotoEmbedding], error: PhotoAbsentError
    ) -> None:
        """Keep what an absent photo gave before: leaving the config removes a person, not this."""
        self.is_absent = True
        earlier = next((photo for photo in known if photo.photo == name), None)
        if earlier is None:
            self.problems.append(with_advice(error))
            return
        self.photos.append(replace(earlier, is_of_camera=self._is_of_camera(name)))
        self.warnings.append(f"{error.problem}; what was enrolled from it before is kept")

    def _refuse(self, stored: StoredReference | None, *, is_other_model: bool) -> EntryReport:
        if stored is not None and is_other_model and self.is_absent:
            # Kept, because going back to that model makes it usable again; never compared.
            self.problems.append(
                "its reference was made with another model and cannot be made again without "
                "the photo"
            )
        elif self.store.remove(self.entry.card):
            self.problems.append("its earlier reference was removed: the photos no longer carry it")
        return self._report(Change.REFUSED)

    def _keep(
        self, stored: StoredReference | None, known: Sequence[PhotoEmbedding], now: datetime
    ) -> Change:
        before = [(photo.photo, photo.digest, photo.is_of_camera) for photo in known]
        now_there = [(photo.photo, photo.digest, photo.is_of_camera) for photo in self.photos]
        if before != now_there:
            self.store.put(self.entry.card, self.entry.name, tuple(self.photos), now=now)
            return Change.ENROLLED if stored is None else Change.UPDATED
        if stored is not None and stored.summary.name != self.entry.name:
            self.store.rename(self.entry.card, self.entry.name)
            return Change.UPDATED
        return Change.UNCHANGED

    def _doubt_mixtures(self) -> None:
        """Warn of photos of one entry that the door would not take for one person."""
        point, metric = self.judge.point, self.judge.metric
        if point is None:
            return
        for one, other in combinations(self.photos, 2):
            if score(one.embedding, other.embedding, metric) < point.threshold:
                self.warnings.append(
                    f"{one.photo} and {other.photo} do not look like the same person"
                )

    def _advise_a_second(self) -> None:
        """Two photos help more than any network does; say so where one alone is weak."""
        if len(self.photos) == 1 and self.weaknesses:
            self.warnings.append(
                f"its only usable photo is {' and '.join(self.weaknesses)}: a second one, recent "
                "and in colour, is what helps most"
            )

    def _report(self, change: Change) -> EntryReport:
        return EntryReport(
            card=self.entry.card,
            name=self.entry.name,
            change=change,
            photo_count=len(self.photos),
            camera_photo_count=sum(photo.is_of_camera for photo in self.photos),
            problems=tuple(self.problems),
            warnings=tuple(self.warnings),
        )


def _look_alikes(
    settings: Settings,
    store: ReferenceStore,
    judge: PhotoJudge,
    reports: Sequence[EntryReport],
) -> tuple[LookAlike, ...]:
    if judge.point is None:
        return ()
    loaded = store.load(judge.embedding_space)
    wanted = {entry.card for entry in settings.staff}
    references = [reference for card, reference in loaded.usable.items() if card in wanted]
    fresh = {r.card for r in reports if r.change in {Change.ENROLLED, Change.UPDATED}}
    if len(references) <= ALL_PAIRS_UP_TO:
        fresh = {reference.card for reference in references}
    return find_likenesses(
        references,
        loaded.photo_digests,
        fresh,
        here={entry.card for entry in settings.staff if is_for(entry, settings.door)},
        point=judge.point,
        metric=judge.metric,
        rule=settings.decision.own_people,
    )
