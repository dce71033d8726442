"""What the formats for people share: harmless strings, layout, paper, the pages of `explain`."""
