"""Speed against other harnesses, in one run, as ratios: `make bench`."""
