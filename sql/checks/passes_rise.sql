-- passes_rise: one of more samples is right at least as often as one of fewer
-- grain: row of difficulty at fault
-- inputs: difficulty
-- parameters: none
select problem_id, policy_id, k, n, p_mean, pass_2, pass_4, pass_8, pass_16
from difficulty
where
    pass_2 < p_mean - 1e-9
    or pass_4 < pass_2 - 1e-9
    or pass_8 < pass_4 - 1e-9
    or pass_16 < pass_8 - 1e-9
    or greatest(pass_2, pass_4, pass_8, pass_16) > 1 + 1e-9
