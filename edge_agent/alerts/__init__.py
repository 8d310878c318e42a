"""From a finding to an alert with its picture."""
