-- stg_slices: every slice that a problem belongs to, in long form, so that any question can be asked by any of them
-- grain: problem_id x gold_id x dataset x split x slice
-- inputs: problem_features, stg_problems
-- parameters: none; the edges of lengths stand below
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
        unnest([
            {'slice': 'dataset', 'value': dataset},
            {'slice': 'subject', 'value': subject},
            {'slice': 'level', 'value': level},
            {'slice': 'answer_type', 'value': answer_type},
            {'slice': 'images', 'value': n_images::varchar},
            {'slice': 'choices', 'value': n_choices::varchar},
            {
                'slice': 'question_length',
                'value': case
                    when question_length < 50 then '0000 - 0049'
                    when question_length < 100 then '0050 - 0099'
                    when question_length < 200 then '0100 - 0199'
                    when question_length < 400 then '0200 - 0399'
                    when question_length < 800 then '0400 - 0799'
                    else '0800 and more'
                end
            }
        ]) as part
    from problem_features
),

keyed as (
    select problem_id, gold_id, dataset, split, try_cast(metadata as json) as held, unnest(json_keys(try_cast(metadata as json))) as field
    from stg_problems
),

fields as (
    select *, '$."' || field || '"' as path
    from keyed
    where field not in ('subject', 'level') and not contains(field, '"')
)

select problem_id, gold_id, dataset, split, part.slice as slice, coalesce(part.value, 'unknown') as value
from named
union all
select problem_id, gold_id, dataset, split, 'metadata.' || field as slice, json_extract_string(held, path) as value
from fields
where json_type(held, path) not in ('OBJECT', 'ARRAY', 'NULL')
