-- forecast_reliability: where a belief expected an accuracy, what came: its groups by tenths of the forecast
-- grain: stage_id x belief x level
-- inputs: forecast
-- materialized: table
-- parameters: none
-- invariants: the groups of the levels add up to scored_groups of forecast_scores
-- columns:
--   level: tenth that p_mean lies in, the first is 0 [number]
--   groups: groups of which a response could be judged [groups]
--   responses: their judged responses [samples]
--   p_mean: mean that the belief expected of these [share]
--   accuracy: share of them that were right [share]
--   accuracy_error: standard error of accuracy, from how much the groups of a problem together are off [share]
with by_problem as (
    select
        stage_id,
        belief,
        least(floor(10 * p_mean), 9)::bigint as level,
        problem_id,
        count(*) as groups,
        sum(group_size) as responses,
        sum(correct) as correct,
        sum(p_mean * group_size) as expected
    from forecast
    where group_size > 0
    group by all
),

levels as (
    select
        *,
        sum(correct) over level / sum(responses) over level as accuracy,
        sum(responses) over level as of_level
    from by_problem
    window level as (partition by stage_id, belief, level)
)

select
    stage_id,
    belief,
    level,
    sum(groups)::bigint as groups,
    sum(responses)::bigint as responses,
    sum(expected) / sum(responses) as p_mean,
    any_value(accuracy) as accuracy,
    case when count(*) > 1 then sqrt(sum((correct - accuracy * responses) ** 2) * count(*) / (count(*) - 1)) / any_value(of_level) end
        as accuracy_error
from levels
group by stage_id, belief, level
order by all
