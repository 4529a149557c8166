-- intervals_hold_accuracy: an accuracy lies in its interval, and the interval in [0, 1]
-- grain: row of problem_counts at fault
-- inputs: problem_counts
-- local by: problem_id
-- parameters: none
select problem_id, policy_id, k, n, accuracy, accuracy_low, accuracy_high
from problem_counts
where not (accuracy between accuracy_low - 1e-9 and accuracy_high + 1e-9 and accuracy_low >= 0 and accuracy_high <= 1)
