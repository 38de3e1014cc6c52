"""A broker for doors: its authority, certificate, logins and rights, made for Mosquitto."""

from edgeverify.broker.access import Login, Role, access_table, logins_of
from edgeverify.broker.chosen import Wanted
from edgeverify.broker.conf import find_plugin
from edgeverify.broker.files import Owners, owners_here
from edgeverify.broker.setup import How, Made, mqtt_section, set_up

__all__ = [
    "How",
    "Login",
    "Made",
    "Owners",
    "Role",
    "Wanted",
    "access_table",
    "find_plugin",
    "logins_of",
    "mqtt_section",
    "owners_here",
    "set_up",
]
