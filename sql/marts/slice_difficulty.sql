-- slice_difficulty: how hard the problems of each slice are
-- grain: dataset x split x policy_id x sampling_id x grader_id x slice x value
-- inputs: difficulty, stg_slices, parameters
-- parameters: parameters.z (confidence of the interval)
-- invariants: sql/checks/slices_add_up: the problems of a named slice are those of the profile
-- a metadata field is a slice only where it groups: at most 64 values, and half as many as problems at most (ours)
-- columns:
--   problems: problems of which a sample counts [problems]
--   accuracy: mean of their accuracies [share]
--   accuracy_low: lower end of its interval, from the spread between problems; 0 for a single problem [share]
--   accuracy_high: upper end of its interval; 1 for a single problem [share]
--   never_share: of them, those never solved [share]
--   always_share: of them, those always solved [share]
--   useful_share: of them, those neither hopeless nor trivial [share]
with sliced as (
    select
        difficulty.dataset, difficulty.split, difficulty.policy_id, difficulty.sampling_id, difficulty.grader_id,
        stg_slices.slice, stg_slices.value,
        difficulty.n, difficulty.k, difficulty.accuracy, difficulty.band
    from difficulty
    inner join stg_slices using (problem_id, gold_id, dataset, split)
    where difficulty.n > 0
),

summed as (
    select
        dataset, split, policy_id, sampling_id, grader_id, slice, value,
        count(*) as problems,
        avg(accuracy) as accuracy,
        mean_margin(accuracy, any_value(z)) as margin,
        avg((k = 0)::int) as never_share,
        avg((k = n)::int) as always_share,
        avg((band not in ('hopeless', 'trivial'))::int) as useful_share
    from sliced
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
    greatest(accuracy - margin, 0) as accuracy_low,
    least(accuracy + margin, 1) as accuracy_high,
    never_share,
    always_share,
    useful_share
from summed
window cut as (partition by dataset, split, policy_id, sampling_id, grader_id, slice)
qualify
    not starts_with(slice, 'metadata.')
    or count(*) over cut <= least(64, sum(problems) over cut / 2)
order by dataset, split, policy_id, sampling_id, grader_id, slice, value
