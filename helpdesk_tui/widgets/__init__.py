"""The widgets: one thing each."""
