-- selection_summary: why a stage that chooses its problems drew them, what it expected of them, and what came
-- grain: stage_id x why x step_bucket (tenth of the stage, 0 first; null: the whole stage)
-- inputs: selections
-- materialized: table
-- parameters: none
-- invariants: the draws of a tenth add up to those of why `all`, those of the tenths to those of the whole stage
-- A stage that goes through its set in an order has no row: it asks nothing. Mastered is a problem that was all right when it was last drawn
-- with hint_dropout a draw is the problem's two groups together: one that was all right with the hint and all wrong without taught nothing, and
-- does not count as such here (stg_group_draws does)
-- columns:
--   why: what it was drawn for: prior (its estimate), explore (among all alike), refill (in place of a group that could not teach), or `all`
--   step_bucket: tenth of the stage, the first is 0; null: the whole stage [number]
--   draws: problems drawn, those that came again counted again [draws]
--   share: part of the draws of this tenth that were drawn for this [share]
--   problems: problems that they are of [problems]
--   judged_draws: draws of which an answer could be judged [draws]
--   learnt_draws: draws that the stage learnt from [draws]
--   p_mean: mean accuracy that the estimate expected of the judged draws [share]
--   accuracy: their mean accuracy [share]
--   expected_zero_signal: share of the judged draws that the estimate expected to be all right or all wrong [share]
--   zero_signal_share: share that were [share]
--   all_right_share: share that were all right [share]
--   mastered_draws: draws of mastered problems [draws]
--   mastered_again_share: of these, those judged, the share that were all right again; null without any [share]
with drawn as (
    select
        *,
        lag(judged > 0 and correct = judged) over (partition by stage_id, problem_id order by step, place) as was_mastered,
        floor(10 * (step - min(step) over stage) / (max(step) over stage - min(step) over stage + 1))::bigint as step_bucket
    from selections
    window stage as (partition by stage_id)
),

kinds as (
    select * from drawn
    union all
    select * replace ('all' as why) from drawn
)

select
    stage_id,
    why,
    step_bucket,
    count(*) as draws,
    count(*) / sum(count(*) filter (where why = 'all')) over (partition by stage_id, step_bucket) as share,
    count(distinct problem_id) as problems,
    count(*) filter (where judged > 0) as judged_draws,
    count(*) filter (where learnt) as learnt_draws,
    avg(p_mean) filter (where judged > 0) as p_mean,
    avg(correct / judged) filter (where judged > 0) as accuracy,
    avg(1 - signal) filter (where judged > 0) as expected_zero_signal,
    avg((correct in (0, judged))::int) filter (where judged > 0) as zero_signal_share,
    avg((correct = judged)::int) filter (where judged > 0) as all_right_share,
    count(*) filter (where was_mastered) as mastered_draws,
    avg((correct = judged)::int) filter (where was_mastered and judged > 0) as mastered_again_share
from kinds
group by grouping sets ((stage_id, why, step_bucket), (stage_id, why))
order by stage_id, why, step_bucket nulls first
