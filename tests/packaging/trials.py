"""What no service of ours may do, as scripts that run in its place, with its restrictions."""

FORBIDDEN = {
    "write_home": "open('/home/x', 'w')",
    "run_from_tmp": (
        "import shutil, subprocess; shutil.copy('/bin/true', '/tmp/t');"
        " subprocess.run(['/tmp/t'], check=True)"
    ),
    "new_namespace": (
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True);"
        " code = libc.unshare(0x10000000); assert code == 0"
    ),
    "raw_packets": "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "run_what_it_wrote": "import mmap; mmap.mmap(-1, 4096, prot=7)",
    "see_others": "import pathlib; pathlib.Path('/proc/1/cmdline').read_text()",
}
