"""Print what NVIDIA's bindings offer; run in a process of its own by `bindings.py`."""

import inspect
import json
import re
import sys

import tensorrt_bindings as trt


def parameters(value: object) -> list[str]:
    """Parameter names of each overload, read off pybind11's docstring."""
    text = getattr(value, "__doc__", None) or ""
    overloads = re.findall(r"^(?:\d+\. )?\w+\((self.*)\) ->", text, re.MULTILINE)
    return sorted({" ".join(re.findall(r"(\w+): ", line)) for line in overloads})


surface: dict[str, object] = {"version": trt.__version__}
classes = {}
for name in sys.argv[1:]:
    found = getattr(trt, name, None)
    if found is None:
        continue
    members: dict[str, object] = {}
    for member in sorted(dir(found)):
        if member.startswith("_") and member != "__init__":
            continue
        static = inspect.getattr_static(found, member)
        if isinstance(getattr(found, member, None), found):
            members[member] = "enum"
        elif type(static).__name__ == "property":
            members[member] = "property"
        else:
            members[member] = parameters(static)
    classes[name] = members
surface["classes"] = classes
sys.stdout.write(json.dumps(surface, indent=1, sort_keys=True))
