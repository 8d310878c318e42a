"""The words everything else speaks: camera, frame, zone, sighting, track, finding, alert."""
