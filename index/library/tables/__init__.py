"""The tables of a library and the SQL over them. Locks and transactions are held by those who call."""
