-- reward_variance: the expected variance p(1 - p) of the reward of one more sample of a problem, over p's posterior
-- grain: macro
-- inputs: none
-- parameters: k correct of n so far; the prior is Jeffreys', Beta(1/2, 1/2), as in zero_signal
create or replace macro reward_variance(k, n) as
    (k + 0.5) * (n - k + 0.5) / ((n + 1.0) * (n + 2.0));
