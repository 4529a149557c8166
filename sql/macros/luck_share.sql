-- luck_share: how often luck alone shares the right answers of two out so unequally or more, where both are alike: Fisher's exact test, one-sided
-- grain: macro, a share
-- inputs: none
-- parameters: k of n right of the one that has many, and other_k of other_n of the other one
-- source: R. A. Fisher, Journal of the Royal Statistical Society 98 (1935)
create or replace macro luck_share(k, n, other_k, other_n) as
    list_sum([
        exp(
            lgamma(n + 1) - lgamma(j + 1) - lgamma(n - j + 1)
            + lgamma(other_n + 1) - lgamma(k + other_k - j + 1) - lgamma(other_n - k - other_k + j + 1)
            - lgamma(n + other_n + 1) + lgamma(k + other_k + 1) + lgamma(n + other_n - k - other_k + 1)
        )
        for j in range(k, least(n, k + other_k) + 1)
    ]);
