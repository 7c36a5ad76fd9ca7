"""Parts that measure held-out errors, scores, likelihoods and bytes."""
