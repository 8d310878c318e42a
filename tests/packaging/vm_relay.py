"""One connection of a virtual machine to a port of loopback: QEMU's end is standard input and output.

python3 -I vm_relay.py PORT
"""

from __future__ import annotations

import os
import select
import socket
import sys

_CHUNK = 65_536


def main() -> None:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as far:
        ways = {0: far.fileno(), far.fileno(): 1}
        while True:
            for source in select.select(list(ways), [], [])[0]:
                data = os.read(source, _CHUNK)
                if not data:
                    return
                while data:
                    data = data[os.write(ways[source], data) :]


if __name__ == "__main__":
    try:
        main()
    except OSError:
        # Whichever end hung up.
        sys.exit(1)
