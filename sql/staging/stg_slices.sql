-- stg_slices: every slice that a problem belongs to, in long form, so that any question can be asked by any of them
-- grain: problem_id x gold_id x dataset x split x slice
-- inputs: problem_features, stg_metadata
-- materialized: view
-- local by: problem_id
-- parameters: none
-- invariants: a problem is in one value of each of the seven named slices
-- columns:
--   slice: dataset, subject, level, answer_type, images, choices or question_length, or `metadata.` and the name of a field that is no object
--   value: the problem's value in it; `unknown` where the metadata does not tell
with named as (
    select
        problem_id,
        gold_id,
        dataset,
        split,
        unnest(slices_of(dataset, subject, level, answer_type, n_images, n_choices, length_band(question_length))) as part
    from problem_features
)

select problem_id, gold_id, dataset, split, part.slice as slice, part.value as value
from named
union all
select problem_id, gold_id, dataset, split, 'metadata.' || field as slice, value
from stg_metadata
where field not in ('subject', 'level')
