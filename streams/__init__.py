"""What runs, in the order data passes through it."""
