-- unmastered: the problems between $low and $high but for those that the stage before has mastered while it trained: its later groups say so
-- grain: problem_id
-- inputs: candidates, groups (one row per problem: problem_id, dataset, split, n, k, accuracy, p_mean, p_cdf, …; one row per group of the stage before)
-- parameters: $low, $high and $estimate (macro rule_keeps); $size the most problems to give; $seed of the draw; $by_dataset: the datasets in turn
-- A problem is mastered where of its answers to prompts without a hint, in the later half of the steps, a larger share than $high was right.
-- One that was not drawn then, or of which no answer could be judged, stays, and so does every problem before the first stage. Nothing is
-- sampled for it, so that it goes with a `reprofile` of source first. One group of 8 takes a problem that is solved three times in four for
-- mastered once in three by chance alone
-- source: the idea of POLARIS (2025), which drops problems by a script between its stages
with steps as (
    select min(step) + (max(step) - min(step) + 1) / 2 as later_from
    from groups
),

mastered as (
    select groups.problem_id
    from groups
    cross join steps
    where groups.step >= steps.later_from and not groups.hinted and groups.g > 0
    group by groups.problem_id
    having sum(groups.correct) / sum(groups.g) > $high
)

select
    problem_id,
    row_number() over (order by turn, draw_order(problem_id, $seed), problem_id) as rank,
    rule_words($estimate, $low, $high) || ', not mastered in training' as rule
from (
    select
        *,
        case when $by_dataset then row_number() over (partition by dataset order by draw_order(problem_id, $seed), problem_id) else 0 end as turn
    from candidates
    anti join mastered using (problem_id)
    where rule_keeps($estimate, accuracy, p_cdf, $low, $high)
) as kept
qualify rank <= $size
order by rank
