-- stg_group_draws: problems drawn in the steps of a stage, each with whether any of its groups could teach
-- grain: stage_id x step x problem_id x draw
-- inputs: stg_groups
-- materialized: view
-- parameters: none
-- invariants: a draw is one group, and two with hint_dropout, which asks a problem with its hint and without
-- a part of a group is all right or all wrong more often than a whole one, so shares of groups are higher with hint_dropout. Draws compare
-- with those of other stages, as each has as many responses: of problems with one chance p of success, the hint changing nothing, a draw in two
-- halves of G / 2 teaches nothing at (p^(G/2) + (1 - p)^(G/2))^2, which is that of a whole group and 2 (p (1 - p))^(G/2)
-- columns:
--   draw: tells the draws of a problem in one step apart, the first is 1 [number]
--   groups: its groups [groups]
--   group_size: responses in them together [samples]
--   is_zero_signal: whether none of its groups could teach: each was all right or all wrong, or could not be judged
with placed as (
    select
        stage_id,
        step,
        problem_id,
        group_size,
        is_zero_signal,
        row_number() over (partition by stage_id, step, problem_id, hinted order by correct, group_size) as draw
    from stg_groups
)

select
    stage_id,
    step,
    problem_id,
    draw,
    count(*) as groups,
    sum(group_size)::bigint as group_size,
    bool_and(is_zero_signal) as is_zero_signal
from placed
group by stage_id, step, problem_id, draw
