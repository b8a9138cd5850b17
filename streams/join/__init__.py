"""From a verdict on sanitized text to labels in raw coordinates, without a raw value."""
