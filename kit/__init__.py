"""The conformance kit: it plays each kind's source, and finds what its connector does wrong.

`stages/` plays the sources, one file per kind; `checks/` asks of a connector what the contract in
`connectors/channels/__init__.py` promises; `run.py` runs the checks of one kind.
"""
