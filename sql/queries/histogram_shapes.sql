-- histogram_shapes: whether the histogram of every profile without hints is a U, with the name that the policy's recipe gave it
-- grain: dataset x split x policy_id x sampling_id x grader_id
-- inputs: u_shape, stg_policies, stg_samplings
-- parameters: none
-- draws that only find the bands of hints on held-out problems are left out
select u_shape.*, stg_policies.name
from u_shape
left join stg_policies using (policy_id)
anti join (from stg_samplings where for_bands) as apart using (sampling_id)
where not hints
