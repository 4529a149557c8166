-- histogram_bars: the histogram of every profile without hints, with the name that the policy's recipe gave it
-- grain: dataset x split x policy_id x sampling_id x grader_id x bin
-- inputs: difficulty_histogram, stg_policies
-- parameters: none
select difficulty_histogram.*, stg_policies.name
from difficulty_histogram
left join stg_policies using (policy_id)
where not hints
