"""Training: config → data → network → loss → loop → checkpoint → export.

Needs `rechroma[train]`. Nothing but the command line imports this room.
"""
