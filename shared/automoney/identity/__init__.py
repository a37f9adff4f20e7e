"""Who is calling: JSON Web Tokens checked against the issuer's published keys."""

from automoney.identity.verifying import ALGORITHMS, OPS, USER, Identity, Verifier

__all__ = ["ALGORITHMS", "OPS", "USER", "Identity", "Verifier"]
