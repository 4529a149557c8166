-- p_tail, p_precision: the chance that k or more of n further samples of a problem are right, if its true accuracy p has not changed
-- grain: macros
-- inputs: none
-- parameters: k of n further samples; p_mean and p_variance of what is known of p; p_precision is the sum of the parameters of that Beta
-- source: A. Gelman et al., Bayesian Data Analysis, section 2.4: the posterior predictive, here of the Beta with that mean and variance, which
-- is the posterior itself where the prior is one Beta
create or replace macro p_precision(p_mean, p_variance) as
    p_mean * (1 - p_mean) / p_variance - 1;

create or replace macro p_tail(k, n, p_mean, p_variance) as
    list_sum(
        list_transform(
            range(k::bigint, n::bigint + 1),
            lambda hits: exp(
                log_choose(n, hits)
                + log_beta(p_mean * p_precision(p_mean, p_variance) + hits, (1 - p_mean) * p_precision(p_mean, p_variance) + n - hits)
                - log_beta(p_mean * p_precision(p_mean, p_variance), (1 - p_mean) * p_precision(p_mean, p_variance))
            )
        )
    );
