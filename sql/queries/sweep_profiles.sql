-- sweep_profiles: the profiles that may be swept, asked without hints; the one of most problems first, of those the one judged last
-- grain: policy_id x sampling_id x grader_id
-- inputs: candidate_counts, grader_order, stg_policies
-- parameters: none
select
    policy_id,
    sampling_id,
    grader_id,
    candidate_counts.policy,
    stg_policies.name,
    count(*) as problems
from candidate_counts
inner join grader_order using (grader_id)
left join stg_policies using (policy_id)
where split <> 'heldout' and not hints
group by policy_id, sampling_id, grader_id, candidate_counts.policy, stg_policies.name, place
order by problems desc, place desc, policy_id, sampling_id
