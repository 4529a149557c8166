-- judged_in_force: the answers that are counted today, given without hints, and the grader whose verdicts count for them
-- grain: recipe x problem_id x gold_id x policy_id x sampling_id x grader_id
-- inputs: current, problem_counts, grader_order, stg_samplings
-- materialized: view
-- parameters: none
-- invariants: a problem that lies in several datasets is of the first in the alphabet
-- of a recipe those of `current`; with an empty recipe all that the lake holds, by the grader that began to judge last of those who have
-- judged them
-- columns:
--   recipe: the recipe, empty for the whole lake
--   dataset: dataset of the problem
with ordered as (
    select problem_counts.*, grader_order.place
    from problem_counts
    anti join (from stg_samplings where hints) as hinted using (sampling_id)
    inner join grader_order using (grader_id)
    qualify grader_order.place = max(grader_order.place) over (partition by problem_id, gold_id, policy_id, sampling_id)
)

select recipe, problem_id, gold_id, policy_id, sampling_id, grader_id, min(dataset) as dataset
from current
group by all
union all
select '' as recipe, problem_id, gold_id, policy_id, sampling_id, grader_id, min(dataset) as dataset
from ordered
group by all
