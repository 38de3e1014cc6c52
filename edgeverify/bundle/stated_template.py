"""A template that the release does not know: its name carries the hash of what it says.

So two owners' templates that are called alike are never taken for each other, and a changed one is
another embedding space.
"""

from __future__ import annotations

from edgeverify.bundle.canonical_json import canonical_json, sha256_of
from edgeverify.feeding.template_kinds import Template

_DIGITS = 12


def stated_name(template: Template) -> str:
    """Return the name that this template must bear: its own word, `@`, and its hash's beginning."""
    word = template.name.partition("@")[0]
    content = template.model_dump(mode="json", exclude={"name"})
    return f"{word}@{sha256_of(canonical_json(content))[:_DIGITS]}"


def named(template: Template) -> Template:
    """Return the template under the name that it must bear."""
    return template.model_copy(update={"name": stated_name(template)})
