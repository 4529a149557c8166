"""What a stage believes of its problems while it trains: the profile as a prior that every group moves, and what it draws by that.

Pure and typed, NumPy and SciPy alone: no trainer, no lake, no settings. A belief is a function of its prior and of the recorded groups, to
the bit, so a resumed stage replays them, and a finished stage can be forecast anew by any other belief.
"""
