-- histogram_shapes: whether the histogram of every profile without hints is a U, with the name that the policy's recipe gave it
-- grain: dataset x split x policy_id x sampling_id x grader_id
-- inputs: u_shape, stg_policies
-- parameters: none
select u_shape.*, stg_policies.name
from u_shape
left join stg_policies using (policy_id)
where not hints
