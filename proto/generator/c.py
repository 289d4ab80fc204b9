"""protoc-c's C, flattened into one folder."""

import re
import subprocess
from pathlib import Path


def write(protos, files, scratch):
    """Name -> text of the C files for those of `files` that hold messages.

    protoc-c sees copies in which `string` is `bytes`, which is the same on the wire: so C keeps the length of a string
    that holds a NUL, and nothing calls strlen. Swift checks the UTF-8.
    """
    copies, out = scratch / "copies", scratch / "c"
    out.mkdir()
    names = [file.path for file in files if file.messages]
    for name in names:
        copy = copies / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(re.sub(r"^(\s*(?:repeated )?)string (?=\w+ = \d)", r"\1bytes ", (protos / name).read_text(), flags=re.M))
    subprocess.run(["protoc-c", f"-I{copies}", f"--c_out={out}", *names], check=True)
    outputs = {}
    for path in sorted(Path(out).rglob("*.pb-c.[ch]")):
        text = re.sub(r'#include "(?:\w+/)+', '#include "', path.read_text())
        outputs[f"include/{path.name}" if path.suffix == ".h" else path.name] = text
    return outputs
