-- grader_audit: how wrong each grader is on this data, by what people say of a sample of its verdicts
-- grain: audit_id x grader_id x part x name
-- inputs: audit_estimates, audits
-- materialized: table
-- parameters: none
-- invariants: one audit of a grader counts: the one with the most labels, of equal ones the larger draw
-- the rules with the most wrong verdicts come first by `place`; errors are estimated for all stored verdicts, not only for the drawn
-- columns:
--   in_force: whether it is this grader's audit that difficulty_corrected goes by
--   judged: accuracy as the grader has it [share]
--   errors: wrong verdicts, estimated [samples]
--   place: place among those of the same audit and `part`, the first has the most wrong verdicts [number]
with known as (
    select audit_id, any_value(recipe) as recipe
    from audits
    group by audit_id
),

whole as (
    select
        audit_id,
        grader_id,
        row_number() over (partition by grader_id order by labelled desc, drawn desc, audit_id) = 1 and labelled > 0 as in_force
    from audit_estimates
    where part = 'all'
)

select
    audit_id,
    known.recipe,
    grader_id,
    whole.in_force,
    estimates.* exclude (audit_id, grader_id),
    case when part <> 'verdict' then called_right / verdicts end as judged,
    estimates.wrong * verdicts as errors,
    row_number() over (
        partition by audit_id, grader_id, part
        order by estimates.wrong * verdicts desc nulls last, verdicts desc, name
    ) as place
from audit_estimates as estimates
inner join known using (audit_id)
inner join whole using (audit_id, grader_id)
order by grader_id, audit_id, part, place
