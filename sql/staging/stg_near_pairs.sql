-- stg_near_pairs: pairs of nearly equal problems, each once, whichever look at whichever datasets found them
-- grain: problem_id x other_id
-- inputs: near_pairs
-- materialized: view
-- parameters: none
-- invariants: problem_id < other_id
select problem_id, other_id, kind, text_similarity, image_distance
from near_pairs
qualify row_number() over (partition by problem_id, other_id order by kind = 'near' desc, text_similarity desc, image_distance) = 1
