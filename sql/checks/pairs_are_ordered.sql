-- pairs_are_ordered: a pair of nearly equal problems is there once, the smaller id first
-- grain: pair at fault
-- inputs: near_pairs
-- parameters: none
select problem_id, other_id, kind, text_similarity, image_distance
from near_pairs
where problem_id >= other_id or text_similarity not between 0 and 1 or image_distance not between 0 and 1
