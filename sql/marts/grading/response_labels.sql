-- response_labels: what people say of each response that they were shown, whoever judged it
-- grain: response_id
-- inputs: labels
-- materialized: table
-- parameters: none
-- invariants: people that agree count once; right and wrong by two people is disputed, and counts as no label
-- columns:
--   label: right, wrong, unsure (nobody is sure) or disputed (those who are sure differ)
--   people: how many have labelled it [people]
--   labelled_by: who, by name
--   read_at: when the last label was read, in UTC
with last_said as (
    select response_id, labelled_by, label, read_at
    from labels
    qualify row_number() over (partition by response_id, labelled_by order by read_at desc, label) = 1
)

select
    response_id,
    case
        when bool_or(label = 'right') and bool_or(label = 'wrong') then 'disputed'
        when bool_or(label = 'right') then 'right'
        when bool_or(label = 'wrong') then 'wrong'
        else 'unsure'
    end as label,
    count(*) as people,
    string_agg(labelled_by, ', ' order by labelled_by) as labelled_by,
    max(read_at) as read_at
from last_said
group by response_id
order by response_id
