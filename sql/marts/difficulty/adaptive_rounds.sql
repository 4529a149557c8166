-- adaptive_rounds: what stopping early saves, and what it costs in truth against all N rounds
-- grain: dataset x split x policy_id x sampling_id x grader_id
-- inputs: stopping, stopping_edges, parameters
-- materialized: table
-- parameters: parameters.low, hard_below, medium_below, high (edges of the five bands)
-- invariants: stopped_early <= problems; saved_share = 1 - used_completions / fixed_completions
-- used_completions are those up to each stop (N where none was reached), fixed_completions N for every problem; the errors are over the
-- reference_problems, those of which all N rounds were drawn: same_band_share by the bands that stopping tells apart,
-- same_difficulty_band_share by the five of `difficulty`; mean_error is the mean absolute difference of accuracy
-- columns:
--   problems: problems of the profile [problems]
--   stopped_early: problems that a checkpoint settled [problems]
--   mean_rounds: rounds a problem needs with stopping [rounds]
--   drawn_completions: responses that are there [samples]
--   used_completions: responses up to each problem's stop [samples]
--   fixed_completions: responses without stopping [samples]
--   saved_share: responses that stopping saves [share]
--   reference_problems: problems of which all rounds are there, to compare with [problems]
--   same_band_share: of these, those whose band at the stop is that of all rounds, by the bands that stopping tells apart [share]
--   same_difficulty_band_share: the same by the five bands of `difficulty` [share]
--   mean_error: mean absolute difference of their accuracy at the stop and over all rounds [share]
with stops as (
    select
        stopping.*,
        coalesce(decided_rounds, max_rounds) as used_rounds,
        k / nullif(n, 0) as accuracy,
        full_k / nullif(full_n, 0) as full_accuracy
    from stopping
),

banded as (
    select
        stops.*,
        stop_band(accuracy, stopping_edges.edges) = stop_band(full_accuracy, stopping_edges.edges) as is_same_band,
        band(accuracy, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high)
            = band(full_accuracy, parameters.low, parameters.hard_below, parameters.medium_below, parameters.high) as is_same_difficulty_band
    from stops
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
    avg(used_rounds) as mean_rounds,
    sum(drawn_rounds)::bigint as drawn_completions,
    sum(used_rounds)::bigint as used_completions,
    sum(max_rounds)::bigint as fixed_completions,
    1 - sum(used_rounds) / sum(max_rounds) as saved_share,
    count(full_accuracy) as reference_problems,
    avg(is_same_band::int) filter (where full_accuracy is not null) as same_band_share,
    avg(is_same_difficulty_band::int) filter (where full_accuracy is not null) as same_difficulty_band_share,
    avg(abs(accuracy - full_accuracy)) as mean_error
from banded
group by all
order by all
