"""What somebody may have meant by hours in another spelling: for advice, never for a door."""

from __future__ import annotations

import re

_DAYS = {
    "mon": "Mon mo monday montag lundi",
    "tue": "Tue tu tues di tuesday dienstag mardi",
    "wed": "Wed we mi wednesday mittwoch mercredi",
    "thu": "Thu th thur thurs do thursday donnerstag jeudi",
    "fri": "Fri fr friday freitag vendredi",
    "sat": "Sat sa saturday samstag sonnabend samedi",
    "sun": "Sun su so sunday sonntag dimanche",
}
_NAMES = {
    word.lower(): words.split()[0]
    for short, words in _DAYS.items()
    for word in (short, *words.split())
}
_SPANS = {
    "weekdays": "Mon-Fri",
    "weekday": "Mon-Fri",
    "weekend": "Sat,Sun",
    "weekends": "Sat,Sun",
    "daily": "Mon-Sun",
    "everyday": "Mon-Sun",
    "always": "Mon-Sun 00:00-24:00",
    "24/7": "Mon-Sun 00:00-24:00",
    "24h": "Mon-Sun 00:00-24:00",
}
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
"""What a word processor makes of a hyphen; on a screen all look alike."""
_TIME = r"(\d{1,2})(?:[:.h](\d{2})|:?(\d{2}))?(?::00)?\s*(am|pm|a\.m\.|p\.m\.|uhr|h)?"
_TIMES = re.compile(rf"^{_TIME}\s*(?:-|to|bis|until)\s*{_TIME}$")
_SPLIT = re.compile(r"^(?P<days>[^0-9]*)(?P<times>[0-9].*)$")


def with_hyphens(text: str) -> str:
    """Return the text with each kind of dash as the hyphen that is on a keyboard."""
    return text.translate(dict.fromkeys(map(ord, DASHES), "-"))


def meant(text: str) -> str | None:
    """Return how the hours that `text` may mean are written; None where that is not plain."""
    plain = with_hyphens(text).strip().lower()
    if (whole := _SPANS.get(plain, "")).endswith("24:00"):
        return whole
    parts = _SPLIT.match(plain)
    times = _TIMES.match(parts["times"].strip()) if parts else None
    if parts is None or times is None:
        return None
    days = _days(parts["days"].strip(" :,"))
    begin, end = _time(times.groups()[:4]), _time(times.groups()[4:])
    if not (days and begin and end) or begin == end or (end < begin < "12:00"):
        return None  # the last is nine to five in the afternoon, or a night: who knows
    return f"{days} {begin}-{end}"


def _days(text: str) -> str | None:
    if text in _SPANS:
        return _SPANS[text]
    marks = re.sub(r"\s*(-|to|bis)\s*", "-", re.sub(r"\s*(,|&|;|and|und)\s*|\s+", ",", text))
    marks = re.sub(r",*-,*", "-", marks)
    names = [_NAMES.get(word.strip(".")) for word in re.split(r"[,-]", marks)]
    if None in names:
        return None
    return "".join(
        _NAMES.get(piece.strip("."), piece) for piece in re.split(r"([,-])", marks) if piece
    )


def _time(groups: tuple[str | None, ...]) -> str | None:
    hour, minute = int(groups[0] or 0), int(groups[1] or groups[2] or 0)
    half = (groups[3] or "")[:1]
    if half in {"a", "p"}:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    is_time = minute < 60 and hour * 60 + minute <= 24 * 60
    return f"{hour:02}:{minute:02}" if is_time else None
