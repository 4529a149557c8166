-- slice_difficulty: how hard the problems of each slice are
-- grain: dataset x split x policy_id x sampling_id x grader_id x slice x value
-- inputs: slice_outcomes, posteriors, stg_versions, parameters
-- materialized: table
-- parameters: parameters.z (confidence of the interval), low, hard_below, medium_below, high (edges of the bands)
-- invariants: sql/checks/slices_add_up: the problems of a named slice are those of the profile
-- a metadata field is a slice only where it groups: at most 64 values, and half as many as problems at most (ours)
-- accuracy and the shares are of raw counts: right where every problem has as many samples, bent where rounds are adaptive. p_mean is not bent,
-- but leans towards the mean of the whole dataset, whose prior it has, and the more so the fewer the samples
-- the interval takes problems for unlike each other, so it is null where some of the dataset are versions of one (columns.cluster)
-- columns:
--   problems: problems of which a sample counts [problems]
--   accuracy: mean of their accuracies [share]
--   accuracy_low: lower end of its interval, from the spread between problems (macro mean_interval), which holds for few of them [share]
--   accuracy_high: upper end of its interval [share]
--   p_mean: mean of the estimates of their true accuracies [share]
--   never_share: of them, those never solved [share]
--   always_share: of them, those always solved [share]
--   useful_share: of them, those neither hopeless nor trivial [share]
with summed as (
    select
        dataset, split, policy_id, sampling_id, grader_id, slice, value,
        sum(problems)::bigint as problems,
        sum(problems * k / n) / sum(problems) as accuracy,
        mean_low(k / n, 1, problems, 0, any_value(z)) as accuracy_low,
        mean_high(k / n, 1, problems, 0, any_value(z)) as accuracy_high,
        sum(problems * p_mean) / sum(problems) as p_mean,
        sum(problems) filter (where k = 0) as never,
        sum(problems) filter (where k = n) as always,
        sum(problems) filter (where band(k / n, low, hard_below, medium_below, high) not in ('hopeless', 'trivial')) as useful
    from slice_outcomes
    inner join posteriors using (dataset, split, policy_id, sampling_id, grader_id, n, k)
    cross join parameters
    group by all
)

select
    dataset,
    split,
    policy_id,
    sampling_id,
    grader_id,
    slice,
    value,
    problems,
    accuracy,
    case when is_clustered is null then accuracy_low end as accuracy_low,
    case when is_clustered is null then accuracy_high end as accuracy_high,
    p_mean,
    coalesce(never, 0) / problems as never_share,
    coalesce(always, 0) / problems as always_share,
    coalesce(useful, 0) / problems as useful_share
from summed
left join (select distinct dataset, split, true as is_clustered from stg_versions) as clustered using (dataset, split)
window cut as (partition by dataset, split, policy_id, sampling_id, grader_id, slice)
qualify
    not starts_with(slice, 'metadata.')
    or count(*) over cut <= least(64, sum(problems) over cut / 2)
order by dataset, split, policy_id, sampling_id, grader_id, slice, value
