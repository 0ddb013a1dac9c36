"""Nobody can be recognised outside the vaults: made-up people are sent through everything and looked for everywhere."""
