-- beta_binomial: the chance of k right ones of n samples of a problem whose accuracy is drawn from Beta(alpha, beta)
-- grain: macro
-- inputs: none
-- parameters: 0 <= k <= n; alpha and beta above 0
-- source: J. G. Skellam, A probability distribution derived from the binomial distribution, JRSS B 10, 1948
create or replace macro beta_binomial(k, n, alpha, beta) as
    exp(
        lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0)
        + lgamma(k + alpha) + lgamma(n - k + beta) - lgamma(n + alpha + beta)
        - lgamma(alpha) - lgamma(beta) + lgamma(alpha + beta)
    );
