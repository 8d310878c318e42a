"""From the files a technician wrote to frozen settings."""
