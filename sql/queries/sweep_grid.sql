-- sweep_grid: what every pair of thresholds would keep of a profile, over all its datasets but what is held out
-- grain: low x high
-- inputs: curation_sweep, curation_noise
-- parameters: $policy_id, $sampling_id and $grader_id of the profile; $estimate and $group_size of the stage; $rounds of a fresh profile
select
    low,
    high,
    sum(kept_now.problems)::bigint as problems,
    sum(kept)::bigint as kept,
    sum(noise.expected_kept) as expected_kept,
    sum(kept_now.problems * noise.switch_share) / sum(kept_now.problems) as switch_share,
    sum(kept_now.problems * misplaced_share) / sum(kept_now.problems) as misplaced_share
from curation_sweep as kept_now
inner join curation_noise as noise using (dataset, split, policy_id, sampling_id, grader_id, low, high, estimate)
where
    policy_id = $policy_id
    and sampling_id = $sampling_id
    and grader_id = $grader_id
    and split <> 'heldout'
    and estimate = $estimate
    and group_size = $group_size
    and rounds = $rounds
group by all
order by low, high
