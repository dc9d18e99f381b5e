"""Training the reader: data, negatives, network, checkpoints, export."""
