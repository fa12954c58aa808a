"""How long a test waits for what must come, on however busy a machine."""

PATIENCE_S = 60
