"""What an operator types: thin commands over the steps."""

from cli._app import app

__all__ = ["app"]
