-- grader_order: the graders that have judged, in the order in which they first did
-- grain: grader_id
-- inputs: problem_counts, graders, artifacts
-- materialized: table
-- parameters: none
-- invariants: place counts up from 1; `grader` tells graders apart
-- the time is the one that the lake keeps; of a grader that judged before times were kept, the first that its graded answers tell of
-- (`made_at` in artifacts); one of which nothing is told comes before all others, by its version's number and then by its name
-- columns:
--   grader: our grader's version, or who else judges with the beginning of the id's digest; the whole id where that is not all
--   first_judged: when it first judged, in UTC; null where nothing tells
--   place: place in that order, the first is 1 [number]
--   is_newest: whether no grader began to judge later
with recorded as (
    select grader_id, min(first_judged) as first_judged, arg_min(name, first_judged) as name
    from graders
    group by grader_id
),

told as (
    select manifest ->> '$.grader_id' as grader_id, min(made_at) as first_judged
    from artifacts
    where kind = 'graded'
    group by all
),

known as (
    select
        judged.grader_id,
        coalesce(recorded.first_judged, told.first_judged) as first_judged,
        coalesce(try_cast(regexp_extract(judged.grader_id, '^grader-([0-9]+)', 1) as bigint), 0) as version,
        case
            when starts_with(judged.grader_id, 'verifier-') or regexp_matches(judged.grader_id, '[+](datasets|second)-')
                then coalesce(recorded.name, regexp_extract(judged.grader_id, '^(verifier-)?(.*)-[^-]*$', 2))
                    || ' ' || left(regexp_extract(judged.grader_id, '[^-]*$'), 8)
            else regexp_extract(judged.grader_id, '^[^+]*')
        end as words
    from (select distinct grader_id from problem_counts) as judged
    left join recorded using (grader_id)
    left join told using (grader_id)
)

select
    grader_id,
    case when count(*) over (partition by words) = 1 then words else grader_id end as grader,
    first_judged,
    row_number() over in_time as place,
    row_number() over in_time = count(*) over () as is_newest
from known
window in_time as (order by first_judged nulls first, version, grader_id)
order by place
