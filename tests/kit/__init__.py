"""The conformance kit: every kind passes it, and every check can fail."""
