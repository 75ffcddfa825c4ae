"""Read fields of an HDF4 file in a process of its own: ``python hdf4_child.py FILE OUT.npz PATTERN``.

The HDF4 library overwrites its own stack on some damaged files, which would end the whole session; here it ends this
process alone. It imports numpy and pyhdf only, so that it starts in a quarter of a second.
"""

import json
import re
import sys

import numpy as np

MOST_VALUES = 600_000_000
TEXTS = ("StructMetadata.0", "CoreMetadata.0")


def main(path: str, out: str, pattern: str) -> None:
    """Write the fields whose names match, the names of all, and the texts that say where and when."""
    from pyhdf.SD import SD, SDC

    file = SD(path, SDC.READ)
    attrs = file.attributes()
    shapes = {name: info[1] for name, info in file.datasets().items()}
    arrays, left = {}, MOST_VALUES
    for name, shape in shapes.items():
        if not re.search(pattern, name):
            continue
        left -= int(np.prod(np.asarray(shape, np.float64)))
        if left < 0:
            msg = f"{name} of shape {shape} is too large"
            raise ValueError(msg)
        arrays[name] = np.asarray(file.select(name).get())
    texts = {name: str(attrs.get(name, "")) for name in TEXTS}
    about = json.dumps({"names": list(shapes), "fields": list(arrays), "texts": texts})
    np.savez(out, *arrays.values(), about=np.array(about))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:4])
    except Exception as problem:
        sys.stderr.write(f"{type(problem).__name__}: {problem}"[:300])
        sys.exit(1)
