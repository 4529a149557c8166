-- reward_variance: the expected variance p(1 - p) of the reward of one more sample of a problem, over p's posterior
-- grain: macro
-- inputs: none
-- parameters: p_mean and p_variance of the posterior
create or replace macro reward_variance(p_mean, p_variance) as
    p_mean * (1 - p_mean) - p_variance;
