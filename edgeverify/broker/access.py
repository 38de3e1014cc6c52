"""Who may say and hear what: one login per device, each with the topics that its work needs.

A claim is worth what the reader's login is worth: whoever can write to `claim` can lock a card out
(five failures), and nobody can open a door that way without the card's owner before the camera.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

ANY_DOOR = "+"


class Role(str, Enum):
    """What a login is for; the first four are one door's, the others every door's."""

    DOOR = "door"
    READER = "reader"
    LOCK = "lock"
    SCREEN = "screen"
    MONITOR = "monitor"
    OPERATOR = "operator"
    HOME_ASSISTANT = "home-assistant"

    @property
    def is_of_one_door(self) -> bool:
        """Whether each door has a login of its own for it."""
        return self not in {Role.MONITOR, Role.OPERATOR, Role.HOME_ASSISTANT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Names of topics (the last part, after the door's); what is heard includes what lies below.

    `..._elsewhere` are whole topics, of a hub; `{door}` in them is the login's own door.
    """

    hears: tuple[str, ...]
    says: tuple[str, ...]
    hears_elsewhere: tuple[str, ...] = ()
    says_elsewhere: tuple[str, ...] = ()


DOOR_SAYS = ("claim", "event", "answer", "prompt", "status", "audit", "notice")
RIGHTS: dict[Role, Rights] = {
    # The commands on the door's own machine (claim, events, operator) use its login: both sides.
    Role.DOOR: Rights(
        hears=(*DOOR_SAYS, "lock", "command", "exit"),
        says=(*DOOR_SAYS, "command"),
        hears_elsewhere=("homeassistant/status",),
        says_elsewhere=("homeassistant/device/edgeverify-{door}/config",),
    ),
    Role.READER: Rights(hears=("answer", "prompt"), says=("claim", "exit")),
    Role.LOCK: Rights(hears=("event", "status"), says=("lock",)),
    Role.SCREEN: Rights(hears=("answer", "prompt", "status"), says=()),
    Role.MONITOR: Rights(hears=("audit", "status", "lock", "notice"), says=()),
    Role.OPERATOR: Rights(
        hears=("event", "answer", "prompt", "status", "audit", "lock", "notice"),
        says=("claim", "command"),
    ),
    Role.HOME_ASSISTANT: Rights(
        hears=("event", "status", "lock"),
        says=(),
        hears_elsewhere=("homeassistant/#",),
        says_elsewhere=("homeassistant/status",),
    ),
}
"""Nobody but a door may say `event`, `answer`, `prompt`, `status`, `audit` or `notice`."""

EARLIER_RIGHTS: tuple[dict[Role, Rights], ...] = (
    {
        Role.DOOR: Rights(
            hears=("claim", "event", "answer", "prompt", "status", "audit", "lock"),
            says=("claim", "event", "answer", "prompt", "status", "audit"),
        ),
        Role.READER: Rights(hears=("answer", "prompt"), says=("claim",)),
        Role.LOCK: Rights(hears=("event", "status"), says=("lock",)),
        Role.SCREEN: Rights(hears=("answer", "prompt", "status"), says=()),
        Role.MONITOR: Rights(hears=("audit", "status", "lock"), says=()),
        Role.OPERATOR: Rights(
            hears=("event", "answer", "prompt", "status", "audit", "lock"), says=("claim",)
        ),
    },
)
"""What earlier releases gave: a broker that has these is brought up to date, not called changed."""

BELOW = frozenset({"answer"})
"""Topics that have others below them: each claimer may hear its answers on one of its own."""


@dataclass(frozen=True, slots=True)
class Login:
    """A name at the broker, what it is for, and at which door (empty: at every one)."""

    role: Role
    door: str = ""

    @property
    def name(self) -> str:
        """Return the user name."""
        return f"{self.role.value}-{self.door}" if self.door else self.role.value

    def hears(self, rights: Mapping[Role, Rights] = RIGHTS) -> tuple[str, ...]:
        """Return the topic filters that it may subscribe to and be sent."""
        mine = rights[self.role]
        return (*map(self._topic, mine.hears), *map(self._whole, mine.hears_elsewhere))

    def says(self, rights: Mapping[Role, Rights] = RIGHTS) -> tuple[str, ...]:
        """Return the topic filters that it may write to."""
        mine = rights[self.role]
        return (*map(self._topic, mine.says), *map(self._whole, mine.says_elsewhere))

    def _whole(self, topic: str) -> str:
        return topic.format(door=self.door)

    def _topic(self, name: str) -> str:
        below = "/#" if name in BELOW else ""
        return f"edgeverify/{self.door or ANY_DOOR}/{name}{below}"


def logins_of(doors: Iterable[str]) -> tuple[Login, ...]:
    """Return every login that these doors need, the house's own last."""
    own = [Login(role, door) for door in doors for role in Role if role.is_of_one_door]
    return (*own, *(Login(role) for role in Role if not role.is_of_one_door))


def access_table() -> str:
    """Return who may do what as a table of Markdown, for docs/events.md."""
    lines = ["| login | says | hears |", "| --- | --- | --- |"]
    for role in Role:
        name = f"`{role.value}-DOOR`" if role.is_of_one_door else f"`{role.value}`, at every door"
        rights = RIGHTS[role]
        says, hears = (
            ", ".join(f"`{topic.format(door='DOOR')}`" for topic in topics) or "nothing"
            for topics in (
                rights.says + rights.says_elsewhere,
                rights.hears + rights.hears_elsewhere,
            )
        )
        lines.append(f"| {name} | {says} | {hears} |")
    return "\n".join(lines)
