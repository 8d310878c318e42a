"""The ground that knows nothing about cameras: clock, stop, mailbox, worker, logs, files."""
