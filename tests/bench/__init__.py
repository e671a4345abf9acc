"""What the hot paths cost, each beside a floor measured in the same run."""
