"""What makes evidence checkable by outsiders: vault, canonical form, hash chain, Merkle tree, signed checkpoints.
docs/evidence-format.md is its page.
"""
