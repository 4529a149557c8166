-- mean_low, mean_high: the interval of a mean over problems that come in clusters, from the spread between these, with two clusters more: one
-- as low and one as high as can be. So it holds for five problems, and where all seen are nearly alike, and ends where the usual one does
-- grain: aggregate macros; null without any problem
-- inputs: none
-- parameters: of a cluster its total (the sum over its problems), its size (how many these are; 1 where problems are no versions of each
-- other), times (how often it is there), lowest (what a problem can have at least: 0, or -1 for a difference; at most it is 1), and z, the
-- normal quantile; a cluster of size 0 or null counts for nothing
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

create or replace macro mean_low(total, size, times, lowest, z) as
    case
        when sum(times * size) > 0 then greatest(
            least(
                padded_mean(total, size, times, lowest) - z * padded_error(total, size, times, lowest),
                sum(times * total) / sum(times * size)
            ),
            lowest
        )
    end;

create or replace macro mean_high(total, size, times, lowest, z) as
    case
        when sum(times * size) > 0 then least(
            greatest(
                padded_mean(total, size, times, lowest) + z * padded_error(total, size, times, lowest),
                sum(times * total) / sum(times * size)
            ),
            1
        )
    end;
