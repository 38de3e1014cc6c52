"""Every command works on the door that its config means, whoever types it.

Root, the service's own user and somebody else type each command that looks at the state or changes
it, beside the running service and beside the stopped one. What the first two see is the same; the
third is told what to type. Nobody gets a key, a journal or a database of their own by asking.
"""

from __future__ import annotations

import json
import shlex
import tarfile

import pytest

from .container import Container
from .test_service import (  # noqa: F401 - fixtures
    CONFIG,
    PERSON,
    SERVICE,
    STATE,
    claim,
    door,
    installed,
    status,
)

pytestmark = [pytest.mark.systemd, pytest.mark.timeout(900)]

COPY = "/srv/front-door.yaml"
OWN = "/root/.local/state/edgeverify/front-door"
READING = (
    "keys show --pem",
    "keys show --json",
    "references list --json",
    "journal list --json --limit 3",
    "journal check",
)


@pytest.fixture
def beside(request: pytest.FixtureRequest) -> Container:
    """The running service; a visitor; and an empty state of the same door that is root's own."""
    machine: Container = request.getfixturevalue("door")
    if machine.run("id", "visitor", check=False).returncode:
        machine.run("useradd", "--create-home", "visitor")
    machine.run("sh", "-c", f"mkdir -p -m 700 {OWN} && echo front-door > {OWN}/door")
    machine.run("sh", "-c", f"sed 's/broker-password/reader.password/' {CONFIG} > {COPY}")
    return machine


def typed(machine: Container, user: str, words: str, config: str = CONFIG) -> tuple[int, str, str]:
    """Type a command as a user from a login shell's surroundings, as `su -` would leave them."""
    command = shlex.join(["edgeverify", *shlex.split(words), "--config", config])
    done = machine.run("su", "-", user, "-s", "/bin/sh", "-c", command, check=False, seconds=120)
    return done.returncode, done.stdout, done.stderr


def files(machine: Container) -> set[str]:
    """Everything that looks like a state: name and owner."""
    places = f"{STATE} /root/.local /home/visitor /var/lib/edgeverify"
    found = machine.run("find", *places.split(), "-printf", "%p %u %m\n", check=False).stdout
    return {line for line in found.splitlines() if not line.split()[0].endswith(("-wal", "-shm"))}


def acts(machine: Container) -> list[str]:
    """What people have done to the journal, in order."""
    ask = (
        "import json, sqlite3, sys; place = f'file:{sys.argv[1]}?mode=ro';"
        "rows = sqlite3.connect(place, uri=True).execute('SELECT act FROM acts ORDER BY id');"
        "print(json.dumps([act for act, in rows]))"
    )
    program = "/opt/edgeverify/current/bin/python"
    said = machine.run(program, "-c", ask, f"{STATE}/journal.sqlite").stdout
    return [str(act) for act in json.loads(said)]


def test_root_and_the_service_s_user_read_the_same_and_make_nothing(beside: Container) -> None:
    assert claim(beside, "9999999")["outcome"] == "deny"  # so that there is something to read
    before = files(beside)
    for words in READING:
        for config in (CONFIG, COPY):
            root, service = (typed(beside, user, words, config) for user in ("root", "edgeverify"))
            named = typed(beside, "edgeverify", f"{words} --state {STATE}", config)
            assert root[0] == service[0] == named[0] == 0, (words, root, service, named)
            assert root[1] == service[1] == named[1] != "", words
            assert (
                f"using the state in {STATE} (the running daemon's), not that in {OWN}" in root[2]
            )
            assert "using the state" not in service[2]
    assert "BEGIN PUBLIC KEY" in typed(beside, "root", "keys show --pem")[1]
    assert files(beside) == before


def test_a_directory_that_is_named_does_not_hide_the_running_door(beside: Container) -> None:
    before = files(beside)
    right = typed(beside, "root", "keys show --pem")[1]
    for user in ("root", "edgeverify"):
        for words in ("keys show --pem", "unlock 0012345"):
            other = f"{words} --state /srv/elsewhere"
            code, said, problem = typed(beside, user, other, COPY)
            assert code == 0, (user, other, said, problem)
            assert f"using the state in {STATE} (the running daemon's), not that in" in problem
            assert "/srv/elsewhere" in problem
        assert typed(beside, user, "keys show --pem --state /srv/elsewhere")[1] == right
        assert acts(beside)[-1] == "unlock"
    beside.run("edgeverify", "backup", "/root/named.backup", "--config", CONFIG)
    code, _, problem = typed(beside, "root", "restore /root/named.backup --state /srv/elsewhere")
    assert code == 2
    assert f"--state names /srv/elsewhere, and the door 'front-door' has its state in {STATE}" in (
        problem
    )
    code, said, problem = typed(beside, "visitor", "keys show --state /srv/elsewhere")
    assert (code, said) == (78, "")
    assert beside.run("test", "-e", "/srv/elsewhere", check=False).returncode == 1
    assert files(beside) == before


def test_both_speak_to_the_running_daemon(beside: Container) -> None:
    before = files(beside)
    for user in ("root", "edgeverify"):
        code, said, _ = typed(beside, user, "status --json")
        assert code in (0, 1)
        assert json.loads(said)["door"] == "front-door"
        assert "running, " in typed(beside, user, "doctor")[1]
        for words in ("unlock 0012345", "clock accept", "reload", "enrol"):
            code, said, problem = typed(beside, user, words)
            assert code == 0, (user, words, said, problem)
        assert acts(beside)[-2:] == ["unlock", "clock accept"]
        for words in ("references remove 7777777", "restore /srv/nothing.backup"):
            assert typed(beside, user, words)[0] == 2
        assert "in use by process" in typed(beside, user, "references remove 7777777")[2]
    assert files(beside) == before


def test_a_backup_is_of_the_running_door_and_whole(beside: Container) -> None:
    beside.run("install", "-d", "-o", "edgeverify", "/srv/edgeverify")
    places = (("root", "/root"), ("edgeverify", "/srv/edgeverify"), ("visitor", "/home/visitor"))
    for user, folder in places:
        file = f"{folder}/{user}.backup"
        code, said, problem = typed(beside, user, f"backup {file}", COPY)
        if user == "visitor":
            assert (code, said) == (2, "")
            assert "may not read" in problem
            continue
        assert code == 0, problem
        with tarfile.open(beside.files / file.lstrip("/")) as archive:
            names = set(archive.getnames())
        assert {"journal.sqlite", "references.sqlite", "signing-keys.json"} <= names
        assert beside.run("stat", "-c", "%U %a", file).stdout == f"{user} 600\n"


def test_somebody_else_is_told_what_to_type(beside: Container) -> None:
    before = files(beside)
    changing = ("unlock 0012345", "clock accept", "keys rotate", "references remove 7777777")
    for words in (*READING, *changing, "status", "reload", "report last"):
        code, said, problem = typed(beside, "visitor", words, COPY)
        assert (code, said) == (2, ""), (words, said, problem)
        assert "visitor may not " in problem
        assert f"Type: sudo edgeverify {words} --config {COPY}" in problem
        code, said, problem = typed(beside, "visitor", words)
        assert (code, said) == (78, "")
        assert "Put sudo before the command" in problem
    assert files(beside) == before


def test_beside_the_stopped_service_root_leaves_nothing_of_its_own(beside: Container) -> None:
    beside.run("systemctl", "stop", SERVICE)
    try:
        before = files(beside)
        for words in READING:
            root, service = (typed(beside, user, words) for user in ("root", "edgeverify"))
            assert root[0] == service[0] == 0, (words, root, service)
            assert root[1] == service[1] != ""
            assert f"{STATE} (the installed service's), not that in {OWN}" in root[2]
        assert "not running" in typed(beside, "root", "doctor")[1]
        for words in ("unlock 0012345", "clock accept"):
            assert typed(beside, "root", words)[0] == 0
        assert acts(beside)[-2:] == ["unlock", "clock accept"]
        assert files(beside) == before
    finally:
        beside.run("systemctl", "start", SERVICE)


NAMELESS = "/srv/nameless"
LEAST = f"""door: side-door
camera: {{source: door.mp4, loop: true, stalled_seconds: 15}}
liveness: "off"
decision: {{threshold: 0.40}}
clock: {{allow_unsynced: true}}
mqtt: {{host: localhost, port: 1}}
staff:
{PERSON}"""


def test_a_user_without_name_and_home_is_told_to_name_a_state_on_a_read_only_root(
    beside: Container,
) -> None:
    beside.run("mkdir", "-p", f"{NAMELESS}/state", f"{NAMELESS}/data/edgeverify")
    beside.run("cp", "-r", "/var/lib/edgeverify/models", f"{NAMELESS}/data/edgeverify/models")
    for file in ("door.mp4", "obama.jpg"):
        beside.run("cp", f"/etc/edgeverify/{file}", NAMELESS)
    beside.write(f"{NAMELESS}/side.yaml", LEAST)
    beside.run("chown", "-R", "54321:54321", NAMELESS)
    shut_in = (
        "systemd-run", "--quiet",
        "--property=ReadOnlyPaths=/", f"--property=ReadWritePaths={NAMELESS}",
        f"--setenv=XDG_DATA_HOME={NAMELESS}/data",
    )  # fmt: skip
    # systemd itself takes no user without a name.
    run = (
        "setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "env", "--unset=HOME",
        "edgeverify", "run", "--config", f"{NAMELESS}/side.yaml",
    )  # fmt: skip
    homeless = beside.run(*shut_in, "--wait", "--pipe", *run, check=False, seconds=120)
    assert homeless.returncode == 2
    assert "has no home and no entry in /etc/passwd" in homeless.stderr
    assert "Name it with --state DIR." in homeless.stderr
    assert "Traceback" not in homeless.stderr
