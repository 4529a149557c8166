-- problem_stages: the stages that a problem was trained in, and what became of its groups
-- grain: stage_id x hinted
-- inputs: stg_groups, stg_policies
-- parameters: $id of the problem
select
    policy,
    stage_id,
    hinted,
    count(*) as groups,
    min(step) as first_step,
    max(step) as last_step,
    any_value(stg_groups.prior) as prior,
    avg(stg_groups.accuracy) as accuracy,
    avg(weight) as weight,
    count(*) filter (where is_zero_signal) as without_signal
from stg_groups
left join stg_policies using (stage_id)
where problem_id = $id
group by all
order by all
