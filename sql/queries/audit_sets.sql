-- audit_sets: how many problems of the sets that recipes have now change band where the grader's errors are taken out
-- grain: recipe x stage x set_id x grader_id
-- inputs: curated_corrected
-- parameters: none
select
    recipe,
    stage,
    set_id,
    grader_id,
    sum(problems)::bigint as problems,
    coalesce(sum(problems) filter (where band <> corrected_band), 0)::bigint as other_band
from curated_corrected
where is_newest
group by all
order by all
