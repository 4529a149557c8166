-- zero_signal: the chance that all of g fresh samples of a problem agree (all right or all wrong), so that its GRPO group teaches nothing
-- grain: macro
-- inputs: none
-- parameters: k correct of n so far; g the size of a group
-- k/n itself would promise signal from lucky counts, so p is averaged over its posterior under Jeffreys' prior Beta(1/2, 1/2)
create or replace macro rising(a, g) as
    exp(lgamma(a + g) - lgamma(a));

create or replace macro zero_signal(k, n, g) as
    (rising(k + 0.5, g) + rising(n - k + 0.5, g)) / rising(n + 1.0, g);
