-- audit_kinds: the verdicts that can be audited, counted by what an audit is drawn by
-- grain: grader_id x policy_id x dataset x rule x verdict
-- inputs: judged_in_force, verdicts
-- parameters: $recipe, empty for the whole lake
select grader_id, policy_id, dataset, coalesce(rule, '') as rule, verdict, count(*) as verdicts
from verdicts
inner join judged_in_force using (problem_id, gold_id, policy_id, sampling_id, grader_id)
where recipe = $recipe and verdict <> 'unscorable'
group by all
order by all
