-- costs_add_up: the bands of a profile add up to all of it
-- grain: profile at fault
-- inputs: cost
-- parameters: none
select
    dataset, split, policy_id, sampling_id, grader_id,
    sum(problems) filter (where band <> 'all') as problems,
    sum(tokens) filter (where band <> 'all') as tokens
from cost
group by all
having
    sum(problems) filter (where band <> 'all') is distinct from any_value(problems) filter (where band = 'all')
    or sum(tokens) filter (where band <> 'all') is distinct from any_value(tokens) filter (where band = 'all')
