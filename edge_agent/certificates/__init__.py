"""The certificate that this box shows to the broker: asked for, judged, installed, renewed."""
