"""Parts that measure seconds and memory."""
