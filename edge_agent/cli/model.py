"""`edge-agent model`: which models this box has, which one it uses, and how a new one comes in."""

import argparse
from pathlib import Path

from edge_agent.cli.console import Console


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add what one can do with models: first on a box, then at the fleet's desk."""
    verbs = parser.add_subparsers(
        metavar="list|show|install|use|verify|bench|remove|pack|sign|key", dest="act", required=True
    )
    listing = verbs.add_parser("list", help="list the models of this box, and which one is used")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    show = verbs.add_parser("show", help="show what a model's card says")
    show.add_argument("model", metavar="NAME", help="a model of `list`, or a folder's path")
    show.add_argument("--json", action="store_true", help="print it as JSON")
    install = verbs.add_parser("install", help="bring a pack in, after trying it")
    install.add_argument("pack", metavar="FILE", type=Path)
    _allow_float(install)
    use = verbs.add_parser("use", help="choose the model that the agent uses from its next start")
    use.add_argument("model", metavar="NAME")
    verify = verbs.add_parser("verify", help="check files, signatures and answers again")
    verify.add_argument("models", metavar="NAME|FILE", nargs="*", help="all, without any")
    _set_up_bench(verbs.add_parser("bench", help="measure what a look costs on this box"))
    remove = verbs.add_parser("remove", help="remove an installed model")
    remove.add_argument("model", metavar="NAME")
    _set_up_desk(verbs)


def _set_up_bench(parser: argparse.ArgumentParser) -> None:
    from edge_agent.cli import model_bench  # noqa: PLC0415 (only where it is asked)

    model_bench.add_arguments(parser)


def _set_up_desk(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    pack = verbs.add_parser("pack", help="make a pack of a model folder")
    pack.add_argument("folder", metavar="FOLDER", type=Path)
    pack.add_argument("--out", metavar="FILE", type=Path, help="where to (NAME-VERSION.pack here)")
    pack.add_argument("--key", metavar="FILE", type=Path, help="sign it with this private key")
    _allow_float(pack)
    sign = verbs.add_parser("sign", help="sign a pack with the fleet's private key")
    sign.add_argument("pack", metavar="FILE", type=Path)
    sign.add_argument("--key", metavar="FILE", type=Path, required=True, help="the private key")
    key = verbs.add_parser("key", help="make a private key, and print its public one")
    key.add_argument("file", metavar="FILE", type=Path)


def _allow_float(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-float", action="store_true", help="also if it computes with floats: slower"
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what was asked; 1 where something is wrong with a model."""
    if args.act == "bench":
        from edge_agent.cli import model_bench  # noqa: PLC0415 (only where it is asked)

        return model_bench.bench(args, console)
    from edge_agent.cli import model_change, model_desk, model_list  # noqa: PLC0415 (as above)

    acts = {
        "list": model_list.list_models,
        "show": model_list.show_model,
        "install": model_change.install,
        "use": model_change.use,
        "verify": model_change.verify,
        "remove": model_change.remove,
        "pack": model_desk.pack,
        "sign": model_desk.sign_pack,
        "key": model_desk.key,
    }
    return acts[args.act](args, console)
