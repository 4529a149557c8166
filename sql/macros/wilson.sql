-- wilson_low, wilson_high: Wilson's score interval of a share, k of n, at z standard deviations (1.96 for 95%)
-- grain: macros; null where n is 0
-- inputs: none
-- parameters: k and n counts, z the normal quantile of the confidence
-- source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927)
create or replace macro wilson_centre(k, n, z) as
    (k / n + z * z / (2 * n)) / (1 + z * z / n);

create or replace macro wilson_margin(k, n, z) as
    z / (1 + z * z / n) * sqrt(k / n * (1 - k / n) / n + z * z / (4 * n * n));

-- the ends are exact at k = 0 and k = n, where rounding would leave the interval just short of the share
create or replace macro wilson_low(k, n, z) as
    case
        when n = 0 then null
        when k = 0 then 0.0::double
        else wilson_centre(k, n, z) - wilson_margin(k, n, z)
    end;

create or replace macro wilson_high(k, n, z) as
    case
        when n = 0 then null
        when k = n then 1.0::double
        else wilson_centre(k, n, z) + wilson_margin(k, n, z)
    end;
