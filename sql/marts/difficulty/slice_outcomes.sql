-- slice_outcomes: how many problems of each slice had k of n right
-- grain: dataset x split x policy_id x sampling_id x grader_id x slice x value x k x n
-- inputs: problem_counts, problem_features, stg_metadata
-- materialized: table
-- parameters: none
-- invariants: the problems of a named slice add up to those measured
-- problems alike in all named slices and in k and n are counted first: of them there are few, however many the problems
-- columns:
--   slice: as in stg_slices
--   value: the slice's value, as in stg_slices
--   problems: problems with this outcome [problems]
with alike as (
    select
        problem_counts.dataset, problem_counts.split, problem_counts.policy_id, problem_counts.sampling_id, problem_counts.grader_id,
        problem_counts.k, problem_counts.n,
        subject, level, answer_type, n_images, n_choices, length_band(question_length) as length,
        count(*) as problems
    from problem_counts
    inner join problem_features using (problem_id, gold_id, dataset, split)
    where n > 0
    group by all
),

named as (
    select
        dataset, split, policy_id, sampling_id, grader_id, k, n, problems,
        unnest(slices_of(dataset, subject, level, answer_type, n_images, n_choices, length)) as part
    from alike
)

select
    dataset, split, policy_id, sampling_id, grader_id, part.slice as slice, part.value as value, k, n,
    sum(problems)::bigint as problems
from named
group by all
union all
select dataset, split, policy_id, sampling_id, grader_id, 'metadata.' || field as slice, value, k, n, count(*) as problems
from problem_counts
inner join stg_metadata using (problem_id, gold_id, dataset, split)
where n > 0 and field not in ('subject', 'level')
group by all
order by all
