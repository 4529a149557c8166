-- estimates_are_sound: estimates are there exactly where samples count, and are probabilities
-- grain: row of difficulty at fault
-- inputs: difficulty
-- parameters: none
select problem_id, policy_id, k, n, p_mean, p_low, p_high
from difficulty
where
    (n > 0) <> (p_mean is not null and p_low is not null and p_high is not null and p_band is not null)
    or not (p_low >= 0 and p_low <= p_high and p_high <= 1 and p_mean between 0 and 1)
    or abs(p_hopeless + p_hard + p_medium + p_easy + p_trivial - 1) > 1e-6
    or signal_8 not between -1e-9 and 1 + 1e-9
