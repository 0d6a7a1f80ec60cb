"""The real processes, killed at random moments while a chain lives through imports, nights, campaigns.

`plan` says what happens, `story` does it, `machine` has the processes and kills them, `visitor` asks
pages meanwhile, `figures` says what is stored in the end, `run` holds it all together.
"""
