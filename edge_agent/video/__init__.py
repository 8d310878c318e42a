"""From the camera's packets to frames."""
