-- p_zero_signal: the expected chance that all of g more samples of a problem agree (all right or all wrong), so that its GRPO group
-- teaches nothing
-- grain: macro; null where the lists are
-- inputs: none
-- parameters: p_none and p_all, lists of `posteriors`; g the size of a group, at most 128
create or replace macro p_zero_signal(p_none, p_all, g) as
    p_none[g] + p_all[g];
