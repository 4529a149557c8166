-- p_below, p_between: the chance that p lies below x, or from low to high, by the list p_cdf of `posteriors`, linear between its points
-- grain: macros; null where the list is
-- inputs: none
-- parameters: p_cdf, the chances that p is at most 0, 1/200, ... 1; x, low and high in [0, 1]
create or replace macro p_below(p_cdf, x) as
    p_cdf[least(floor(x * 200)::bigint, 199) + 1]
    + (x * 200 - least(floor(x * 200), 199))
    * (p_cdf[least(floor(x * 200)::bigint, 199) + 2] - p_cdf[least(floor(x * 200)::bigint, 199) + 1]);

create or replace macro p_between(p_cdf, low, high) as
    p_below(p_cdf, high) - case when low <= 0 then 0.0::double else p_below(p_cdf, low) end;
