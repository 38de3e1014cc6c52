"""Print what NVIDIA's CUDA bindings offer; run in a process of its own by `bindings.py`."""

import json
import sys

from cuda.bindings import driver

functions = {}
for name in sys.argv[1:]:
    signature = getattr(driver, name).__doc__.strip().splitlines()[0]
    inner = signature[signature.index("(") + 1 : signature.rindex(")")]
    each = [part.strip().partition(":")[0].split()[-1] for part in inner.split(",") if part.strip()]
    functions[name] = each
enums = {
    "CUresult": ["CUDA_SUCCESS"],
    "CUstream_flags": ["CU_STREAM_NON_BLOCKING"],
    "CUstreamCaptureMode": ["CU_STREAM_CAPTURE_MODE_THREAD_LOCAL"],
    "CUdevice_attribute": [
        "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR",
        "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR",
    ],
}
values = {
    kind: {name: int(getattr(getattr(driver, kind), name)) for name in names}
    for kind, names in enums.items()
}
sys.stdout.write(json.dumps({"functions": functions, "enums": values}, indent=1, sort_keys=True))
