-- log_beta, log_choose: the logarithms of the Beta function, and of the number of ways to choose k of n
-- grain: macros
-- inputs: none
-- parameters: a and b above 0; n and k counts, k at most n
create or replace macro log_beta(a, b) as
    lgamma(a::double) + lgamma(b::double) - lgamma((a + b)::double);

create or replace macro log_choose(n, k) as
    lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
