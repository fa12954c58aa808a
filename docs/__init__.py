"""What the documents are made with: `python -m docs.generate` writes the reference."""
