-- recipe_artifacts: which recipes an artifact belongs to, and whether it is of now
-- grain: artifact_id
-- inputs: run_steps, runs
-- materialized: table
-- parameters: none
-- invariants: every artifact of a recipe's run is here once
-- columns:
--   recipe: the recipes whose runs made it or found it, by name, one after another
--   is_newest: whether a recipe's newest run has it; null, like the recipe, where no run that is kept does
select
    run_steps.artifact_id,
    string_agg(distinct run_steps.recipe, ', ' order by run_steps.recipe) as recipe,
    bool_or(runs.is_newest) as is_newest
from run_steps
inner join runs using (run_id)
where run_steps.recipe <> ''
group by all
order by all
