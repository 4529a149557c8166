-- runs: every run of a recipe that made or changed something, with the artifacts of its steps
-- grain: run_id
-- inputs: run_steps
-- materialized: table
-- parameters: none
-- invariants: a recipe has one newest run; a regrading is never it
-- a run that found everything done, as the recipe's last one had left it, has no row; nor have runs from before this was kept: running the
-- recipe again, all of it from cache, writes theirs. One that is under way, or broke, has the steps of its flows that ended or published
-- columns:
--   is_newest: whether it is its recipe's newest run; answers may have been judged anew since, see current_profiles
--   steps: steps that made or found an artifact [steps]
--   problems: the sources that were read, their artifacts in the order of the steps
--   profiles: the samplings, or imports
--   graded: the gradings
--   difficulty: the measurements of difficulty
--   sets: the curated sets, `set_id` elsewhere
--   stages: the training stages, `stage_id` elsewhere
--   evaluations: the evaluation, `evaluation_id` elsewhere
--   reports: the report
select
    run_id,
    any_value(recipe) as recipe,
    any_value(flow) as flow,
    any_value(started) as started,
    any_value(flow) <> 'regrade' and row_number() over newest = 1 as is_newest,
    count(*) as steps,
    coalesce(list(artifact_id order by place) filter (where kind = 'problems'), []) as problems,
    coalesce(list(artifact_id order by place) filter (where kind = 'profiles'), []) as profiles,
    coalesce(list(artifact_id order by place) filter (where kind = 'graded'), []) as graded,
    coalesce(list(artifact_id order by place) filter (where kind = 'difficulty'), []) as difficulty,
    coalesce(list(artifact_id order by place) filter (where kind = 'curated'), []) as sets,
    coalesce(list(artifact_id order by place) filter (where kind = 'stages'), []) as stages,
    coalesce(list(artifact_id order by place) filter (where kind = 'evaluations'), []) as evaluations,
    coalesce(list(artifact_id order by place) filter (where kind = 'reports'), []) as reports
from run_steps
group by run_id
window newest as (
    partition by any_value(recipe), any_value(flow) = 'regrade'
    order by any_value(started) desc, run_id
)
order by started, run_id
