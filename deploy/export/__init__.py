"""Labels, and texts with their labels, in the forms that people's tools read."""
