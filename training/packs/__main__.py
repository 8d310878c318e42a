"""`python -m training.packs nanodet --models ../shared/data/models`: one detector, one pack."""

import argparse
import sys
import tempfile
from pathlib import Path

from edge_agent.cli.console import Console
from edge_agent.cli.model_desk import pack
from edge_agent.errors import EdgeAgentError
from training.packs.recipes import RECIPES, lay_out


def main() -> int:
    """Lay the model out in a folder that vanishes, and pack it as `edge-agent model pack` does."""
    parser = argparse.ArgumentParser(prog="training.packs", description=__doc__)
    parser.add_argument("family", choices=RECIPES)
    parser.add_argument("--models", type=Path, default=Path("../shared/data/models"))
    parser.add_argument("--out", metavar="FILE", type=Path, help="NAME-VERSION.pack here")
    parser.add_argument("--key", metavar="FILE", type=Path, help="sign it with this private key")
    args = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            args.folder = lay_out(args.family, args.models, Path(folder))
            args.allow_float = RECIPES[args.family].is_float
            return pack(args, Console.on(sys.stdout))
    except EdgeAgentError as failure:
        print(failure.report(), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
