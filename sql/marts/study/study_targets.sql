-- study_targets: what an arm spends until its validation accuracy first reaches a target
-- grain: study_id x arm x target
-- inputs: stg_studies, study_curve
-- materialized: table
-- parameters: none
-- invariants: reached <= seeds
-- tokens, completions and steps are means over the seeds that reach the target; null where none does; tokens are those of study_curve
-- columns:
--   target: accuracy on the validation problems that is to be reached [share]
--   seeds: runs of the arm [seeds]
--   reached: of these, those that reach it [seeds]
--   tokens: mean of the tokens that these had read and written by then, offline too [tokens]
--   completions: mean of their completions by then [samples]
--   steps: mean of their steps by then [steps]
with wanted as (
    select
        study_id,
        arm,
        place,
        seed,
        unnest(targets) as target
    from stg_studies
),

reached as (
    select
        wanted.study_id,
        wanted.arm,
        wanted.place,
        wanted.seed,
        wanted.target,
        min(curve.tokens) as tokens,
        min(curve.completions) as completions,
        min(curve.steps) as steps
    from wanted
    left join study_curve as curve
        on wanted.study_id = curve.study_id
        and wanted.arm = curve.arm
        and wanted.seed = curve.seed
        and curve.accuracy >= wanted.target
    group by all
)

select
    study_id,
    arm,
    any_value(place) as place,
    target,
    count(*) as seeds,
    count(tokens) as reached,
    avg(tokens) as tokens,
    avg(completions) as completions,
    avg(steps) as steps
from reached
group by study_id, arm, target
order by study_id, place, target
