"""The doors in: how the outside is read. `channels` bring stories, `counts` bring view counts."""
