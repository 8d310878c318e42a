"""At the fleet's desk: make a pack of a model folder, sign it, make the key for that."""

import argparse
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.packs.pack_file import (
    check_folder,
    make_head,
    open_pack,
    read_parts,
    write_pack,
)
from edge_agent.packs.signature import key_id, make_key, read_key, sign
from edge_agent.packs.trial import try_model


def pack(args: argparse.Namespace, console: Console) -> int:
    """Pack a model folder, after trying it. Raises EdgeAgentError where a box would refuse it."""
    head = make_head(args.folder)
    name = check_folder(args.folder, head)
    console.progress(f"trying {name} …")
    try_model(args.folder, allow_float=args.allow_float)
    if args.key:
        head = sign(head, args.key)
    file = args.out or Path(f"{name}.pack")
    parts = [(args.folder / part.name).read_bytes() for part in (head.card, head.weights)]
    write_pack(file, head, (parts[0], parts[1]))
    by = f"signed by {head.signatures[-1].key_id}" if args.key else "not signed"
    console.ok("model", f"{file}: {name}, {by}")
    return 0


def sign_pack(args: argparse.Namespace, console: Console) -> int:
    """Add a signature to a pack, or renew it. Raises EdgeAgentError."""
    with open_pack(args.pack) as (file, head):
        parts = read_parts(file, head)
    signed = sign(head, args.key)
    write_pack(args.pack, signed, parts)
    console.ok("model", f"{args.pack}: signed by {signed.signatures[-1].key_id}")
    return 0


def key(args: argparse.Namespace, console: Console) -> int:
    """Make a key pair. Raises EdgeAgentError where the file is there already."""
    public = make_key(args.file)
    known = read_key(public)
    assert known  # noqa: S101 (we have just written it)
    console.ok("model", f"{args.file}: the private key {key_id(known)}; keep it off every box")
    console.plain("For agent.toml of the boxes that are to take what it signs:")
    console.plain("[models]")
    console.plain(f'signing_keys = ["{public}"]')
    return 0
