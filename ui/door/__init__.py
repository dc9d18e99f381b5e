"""What stands before both pages: connections, requests, files, logins, limits. It refuses; it never answers a question."""
