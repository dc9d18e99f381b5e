"""Single measurements, each run by its name: `python -m eval NAME`."""
