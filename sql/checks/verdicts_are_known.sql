-- verdicts_are_known: a verdict is one of the five, so that each counts somewhere
-- grain: 64 rounds of a problem of which some verdict is unknown
-- inputs: verdict_outcomes
-- local by: problem_id
-- parameters: none
select
    problem_id,
    policy_id,
    sampling_id,
    64 * block as first_round,
    sample,
    grader_id,
    gold_id,
    bit_count(drawn) - bit_count(correct | incorrect | unparseable | timeouts | unscorable) as unknown_verdicts
from verdict_outcomes
where drawn <> (correct | incorrect | unparseable | timeouts | unscorable)
