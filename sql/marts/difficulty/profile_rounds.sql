-- profile_rounds: how many rounds each profile was drawn over, N
-- grain: policy_id x sampling_id x grader_id
-- inputs: verdict_outcomes, parameters
-- materialized: table
-- parameters: parameters.max_rounds, the N that a profile in progress is to reach (null: the largest that is there)
-- invariants: max_rounds is at least the rounds of every problem, unless the settings say less
-- columns:
--   max_rounds: rounds that the profile is drawn over, N [rounds]
select
    policy_id,
    sampling_id,
    grader_id,
    coalesce(max(parameters.max_rounds), max(64 * block + length(bin(drawn))))::bigint as max_rounds
from verdict_outcomes
cross join parameters
group by all
order by all
