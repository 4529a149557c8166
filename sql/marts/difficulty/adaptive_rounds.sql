-- adaptive_rounds: what stopping early saves, and whether what was held at the stop is borne out by the rounds after it
-- grain: dataset x split x policy_id x sampling_id x grader_id
-- inputs: stopping, stopping_edges, parameters
-- materialized: table
-- parameters: parameters.low, hard_below, medium_below, high (edges of the five bands), z (quantile of the intervals)
-- invariants: stopped_early <= problems; saved_share = 1 - used_completions / fixed_completions; checked_problems <= reference_problems
-- used_completions are those up to each stop (N where none was reached, and of audited problems), fixed_completions N for every problem
-- the reference_problems have all N rounds whatever they gave: every problem where nobody was stopped, else those of the audit
-- same_band_share compares shares of right ones, which both have noise: it says nothing of true accuracies. later_ columns do: the rounds
-- after a stop are fresh draws, so their right ones are as the posterior at the stop foresaw, if that is right
-- columns:
--   problems: problems of the profile [problems]
--   stopped_early: problems that a checkpoint settled [problems]
--   audit_problems: problems that get all rounds whatever the rule says [problems]
--   mean_rounds: rounds a problem needs with stopping [rounds]
--   drawn_completions: responses that are there [samples]
--   used_completions: responses up to each problem's stop [samples]
--   fixed_completions: responses without stopping [samples]
--   saved_share: responses that stopping saves [share]
--   reference_problems: problems of which all rounds are there, to compare with [problems]
--   same_band_share: of these, those whose k/n at the stop is in the band of that of all rounds, by the bands that stopping tells apart [share]
--   same_difficulty_band_share: the same by the five bands of `difficulty` [share]
--   mean_error: mean absolute difference of their k/n at the stop and over all rounds [share]
--   checked_problems: reference problems that would have been stopped, whose later rounds check what was held then [problems]
--   later_difference: mean of k/n of the rounds after the stop, less that of the posterior at it; 0 where the posterior is right [share]
--   later_difference_low: lower end of its interval [share]
--   later_difference_high: upper end [share]
--   later_coverage: how often the right ones after the stop lie in the interval that was foreseen [share]
--   later_coverage_foreseen: how often they should [share]
with stops as (
    select
        stopping.*,
        bool_or(drawn_rounds = decided_rounds) over profile as is_adaptive,
        case when is_audit then max_rounds else coalesce(decided_rounds, max_rounds) end as used_rounds,
        k / nullif(n, 0) as accuracy
    from stopping
    window profile as (partition by dataset, split, policy_id, sampling_id, grader_id)
),

compared as (
    select
        stops.*,
        case when is_audit or not coalesce(is_adaptive, false) then full_k / nullif(full_n, 0) end as full_accuracy,
        case when full_accuracy is not null and decided_rounds is not null and full_n > n then (full_k - k) / (full_n - n) end as later_accuracy
    from stops
),

banded as (
    select
        compared.*,
        z,
        stop_band(accuracy, stopping_edges.edges) = stop_band(full_accuracy, stopping_edges.edges) as is_same_band,
        band(accuracy, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high)
            = band(full_accuracy, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high) as is_same_difficulty_band
    from compared
    cross join parameters
    cross join stopping_edges
)

select
    dataset,
    split,
    policy_id,
    sampling_id,
    grader_id,
    max_rounds,
    count(*) as problems,
    count(decided_rounds) as stopped_early,
    count_if(is_audit)::bigint as audit_problems,
    avg(used_rounds) as mean_rounds,
    sum(drawn_rounds)::bigint as drawn_completions,
    sum(used_rounds)::bigint as used_completions,
    sum(max_rounds)::bigint as fixed_completions,
    1 - sum(used_rounds) / sum(max_rounds) as saved_share,
    count(full_accuracy) as reference_problems,
    avg(is_same_band::int) filter (where full_accuracy is not null) as same_band_share,
    avg(is_same_difficulty_band::int) filter (where full_accuracy is not null) as same_difficulty_band_share,
    avg(abs(accuracy - full_accuracy)) as mean_error,
    count(later_accuracy) as checked_problems,
    avg(later_accuracy - p_mean) as later_difference,
    later_difference - any_value(z) * stddev_samp(later_accuracy - p_mean) / sqrt(checked_problems) as later_difference_low,
    later_difference + any_value(z) * stddev_samp(later_accuracy - p_mean) / sqrt(checked_problems) as later_difference_high,
    avg((full_k - k between later_low and later_high)::int) filter (where later_accuracy is not null and full_n = max_rounds) as later_coverage,
    avg(later_chance) filter (where later_accuracy is not null and full_n = max_rounds) as later_coverage_foreseen
from banded
group by dataset, split, policy_id, sampling_id, grader_id, max_rounds
order by all
