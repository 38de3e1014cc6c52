"""`edgeverify home-assistant`: what Home Assistant is told of a door, and how to take it back."""

from __future__ import annotations

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import ConfigFile

app = typer.Typer(
    help="The door in Home Assistant (home_assistant.discovery).", no_args_is_help=True
)


@app.command()
@plain_errors
def show(config: ConfigFile) -> None:
    """Print the discovery message that this config's door publishes; nothing is sent.

    Example: edgeverify home-assistant show --config front-door.yaml
    """
    import json

    from edgeverify import __version__
    from edgeverify.config import load_config
    from edgeverify.home_assistant import Hub

    settings = load_config(config).settings
    hub = Hub(settings.door, __version__, settings.home_assistant.prefix)
    say(f"{hub.topic} (retained)")
    say(json.dumps(json.loads(hub.message()), indent=2, ensure_ascii=False))


@app.command()
@plain_errors
def withdraw(config: ConfigFile) -> None:
    """Remove the door from Home Assistant: its device and entities go.

    Write `discovery: false` first: a door that announces itself comes back at its next start.

    Example: edgeverify home-assistant withdraw --config front-door.yaml
    """
    from edgeverify import __version__
    from edgeverify.cli.door.broker import open_feed
    from edgeverify.config import load_config
    from edgeverify.errors import ConfigError
    from edgeverify.home_assistant import Hub

    loaded = load_config(config)
    settings = loaded.settings
    if settings.home_assistant.discovery:
        raise ConfigError(
            f"{config}: home_assistant.discovery is true, so the door would announce itself again",
            advice="Write `discovery: false`, restart the service, and run this command again.",
        )
    hub = Hub(settings.door, __version__, settings.home_assistant.prefix)
    with open_feed(loaded, ()) as feed:
        feed.publish(hub.topic, b"", retain=True)
    say(f"{hub.topic}: taken back; Home Assistant removes the device of {settings.door}")
