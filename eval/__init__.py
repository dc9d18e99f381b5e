"""Measuring: question sets, runs, reports, studies, and the fitting of what is shipped."""
