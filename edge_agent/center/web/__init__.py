"""The center's page: newest alerts, what proves them, boxes and alarms. Reads; changes only for operators."""
