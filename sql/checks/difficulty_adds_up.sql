-- difficulty_adds_up: k of n is possible, and accuracy, interval and band are there exactly where n is
-- grain: row of problem_counts at fault
-- inputs: problem_counts
-- local by: problem_id
-- parameters: none
select *
from problem_counts
where
    k + unparseable > n
    or (n > 0) <> (accuracy is not null and accuracy_low is not null and accuracy_high is not null and band is not null)
    or abs(accuracy * n - k) > 1e-6
