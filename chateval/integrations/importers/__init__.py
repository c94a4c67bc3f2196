"""What other harnesses left on the disk -> Run. Each module reads one harness' files itself, without importing it."""
