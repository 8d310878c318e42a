"""The parts of this box that a command has to load first: the chosen model, and every library."""

import importlib

from edge_agent.config.settings import Settings
from edge_agent.daemon.model_start import with_chosen_model
from edge_agent.daemon.software import Part, loaded_libraries, models
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import find_card, load_card
from edge_agent.inference.objects import open_detector

# Whoever imports these has what `run` and `add` load; the runtime comes with the first network.
_ROOTS = ("edge_agent.daemon.service", "edge_agent.onvif.session", "edge_agent.inference.runtime")


def loaded_models(settings: Settings) -> list[Part]:
    """Load the chosen model, which loads its runtime, too."""
    try:
        options = with_chosen_model(settings).objects
        card = load_card(find_card(options.model))
        open_detector(options)
    except EdgeAgentError as failure:
        return [Part("model", "model", "", failure.what.partition("\n")[0])]
    return models(card)


def libraries() -> list[Part]:
    """Import what the agent imports, and return what was loaded by that."""
    for root in _ROOTS:
        importlib.import_module(root)
    return loaded_libraries()
