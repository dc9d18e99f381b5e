"""The doors: listeners' page, staff's page, terminal, interface for programs."""
