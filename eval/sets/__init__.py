"""Question sets -> questions with gold, and their documents as libraries."""
