"""Speed and memory, measured as ratios to a floor taken in the same run; never a timed test."""
