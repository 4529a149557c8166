-- pass_at: the chance that at least one of `draws` samples is right, without bias, from k right ones of n: 1 - C(n-k, draws) / C(n, draws)
-- grain: macro; null where fewer than `draws` samples count
-- inputs: none
-- parameters: k correct of n samples; draws at least 1
-- source: Chen et al., Evaluating Large Language Models Trained on Code, arXiv 2107.03374, section 2.1; by log-gammas, as the binomials overflow
create or replace macro pass_at(k, n, draws) as
    case
        when n < draws then null
        when k = 0 then 0.0::double
        when n - k < draws then 1.0::double
        else 1 - exp(
            lgamma(greatest(n - k, 0) + 1.0) - lgamma(greatest(n - k - draws, 0) + 1.0)
            + lgamma(greatest(n - draws, 0) + 1.0) - lgamma(n + 1.0)
        )
    end;
