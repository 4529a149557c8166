-- histogram_bars: the histogram of every profile without hints, with the name that the policy's recipe gave it
-- grain: dataset x split x policy_id x sampling_id x grader_id x bin
-- inputs: difficulty_histogram, stg_policies, stg_samplings
-- parameters: none
-- draws that only find the bands of hints on held-out problems are left out
select difficulty_histogram.*, stg_policies.name
from difficulty_histogram
left join stg_policies using (policy_id)
anti join (from stg_samplings where for_bands) as apart using (sampling_id)
where not hints
