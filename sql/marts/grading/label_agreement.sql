-- label_agreement: how far two people who labelled the same responses agree
-- grain: labelled_by x other_by
-- inputs: labels
-- materialized: table
-- parameters: none
-- invariants: labelled_by < other_by, so a pair is there once; agreed <= responses
-- columns:
--   labelled_by: one of the two
--   other_by: the other one
--   responses: responses that both have labelled [samples]
--   agreed: of these, those to which both gave the same label [samples]
--   agreement: agreed / responses [share]
--   kappa: Cohen's kappa, agreement beyond what chance alone gives, 1 is all of it; null where chance alone would agree on all [number]
with last_said as (
    select response_id, labelled_by, label
    from labels
    qualify row_number() over (partition by response_id, labelled_by order by read_at desc, label) = 1
),

pairs as (
    select one.labelled_by, other.labelled_by as other_by, one.label, other.label as other_label
    from last_said as one
    inner join last_said as other on one.response_id = other.response_id and one.labelled_by < other.labelled_by
),

counted as (
    select
        labelled_by,
        other_by,
        count(*) as responses,
        count_if(label = other_label)::bigint as agreed,
        (
            count_if(label = 'right') * count_if(other_label = 'right')
            + count_if(label = 'wrong') * count_if(other_label = 'wrong')
            + count_if(label = 'unsure') * count_if(other_label = 'unsure')
        ) / (count(*) * count(*)) as by_chance
    from pairs
    group by all
)

select
    labelled_by,
    other_by,
    responses,
    agreed,
    agreed / responses as agreement,
    case when by_chance < 1 then (agreed / responses - by_chance) / (1 - by_chance) end as kappa
from counted
order by labelled_by, other_by
