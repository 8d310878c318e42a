"""The update server's files: a signed apt repository, made by reprepro, that any web server can serve.

Each release of Debian has a suite for each ring: `bookworm-canary`, `bookworm-stable`, and so on. A
version comes to the canaries first; what is promoted are the same bytes.
"""
