-- mean_low, mean_high: the interval of a mean over problems that come in clusters, from the spread between these, with two clusters more: one
-- as low and one as high as can be; mean_between says between what. So it holds for five problems, and where all seen are nearly alike, and ends where the usual one does
-- grain: aggregate macros; null without any problem
-- inputs: none
-- parameters: of a cluster its total (the sum over its problems), its size (how many these are; 1 where problems are no versions of each
-- other), times (how often it is there), lowest (what a problem can have at least: 0, or -1 for a difference; at most it is 1), and z, the
-- normal quantile; a cluster of size 0 or null counts for nothing
-- where a cluster holds several problems, z gives way to the quantile of Student's t with one degree of freedom less than there are clusters,
-- as few clusters, and unlike ones, know their own spread badly (A. Cameron and D. Miller, A practitioner's guide to cluster-robust inference,
-- 2015); and where all problems are versions of one, nothing tells the spread: null
-- source: ours, after A. Agresti and B. Coull, Approximate is better than exact (1998), and D. Bonett and R. Price, Adjusted Wald intervals for
-- a difference of paired proportions (2012); the spread is that of a ratio of totals to sizes
create or replace macro padded_mean(total, size, times, lowest) as
    (sum(times * total) + (1 + lowest) * sum(times * size) / sum(times) filter (where size > 0))
    / (sum(times * size) * (1 + 2 / sum(times) filter (where size > 0)));

create or replace macro padded_squares(total, size, times, lowest, mean) as
    sum(times * total * total) - 2 * mean * sum(times * total * size) + mean * mean * sum(times * size * size)
    + (sum(times * size) / sum(times) filter (where size > 0)) ** 2 * ((lowest - mean) ** 2 + (1 - mean) ** 2);

create or replace macro padded_error(total, size, times, lowest) as
    sqrt(
        greatest(padded_squares(total, size, times, lowest, padded_mean(total, size, times, lowest)), 0)
        * (1 + 1 / (1 + sum(times) filter (where size > 0)))
    ) / (sum(times * size) * (1 + 2 / sum(times) filter (where size > 0)));

-- Student's t by the normal quantile z (M. Abramowitz and I. Stegun, 26.7.5): right to 0.2% from 3 degrees of freedom, 11% too small with one,
-- where the interval is all that can be anyway
create or replace macro t_of(z, degrees) as
    z
    + (z ** 3 + z) / (4 * degrees)
    + (5 * z ** 5 + 16 * z ** 3 + 3 * z::double) / (96 * degrees ** 2)
    + (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z::double) / (384 * degrees ** 3)
    + (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z::double) / (92160 * degrees ** 4);

-- how many errors wide half the interval is; null where it cannot be told
create or replace macro mean_quantile(size, times, z) as
    case
        when max(size) <= 1 then z
        when sum(times) filter (where size > 0) > 1 then t_of(z, sum(times) filter (where size > 0) - 1)
    end;

-- what the interval is between: 'problems', 'clusters', or 'one cluster' where there is none; null without any problem
create or replace macro mean_between(size, times) as
    case
        when sum(times * size) > 0 then
            case when max(size) <= 1 then 'problems' when sum(times) filter (where size > 0) > 1 then 'clusters' else 'one cluster' end
    end;

create or replace macro mean_low(total, size, times, lowest, z) as
    case
        when sum(times * size) > 0 and mean_quantile(size, times, z) is not null then greatest(
            least(
                padded_mean(total, size, times, lowest) - mean_quantile(size, times, z) * padded_error(total, size, times, lowest),
                sum(times * total) / sum(times * size)
            ),
            lowest
        )
    end;

create or replace macro mean_high(total, size, times, lowest, z) as
    case
        when sum(times * size) > 0 and mean_quantile(size, times, z) is not null then least(
            greatest(
                padded_mean(total, size, times, lowest) + mean_quantile(size, times, z) * padded_error(total, size, times, lowest),
                sum(times * total) / sum(times * size)
            ),
            1
        )
    end;
