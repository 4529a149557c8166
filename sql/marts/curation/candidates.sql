-- candidates: the problems that a curation rule may choose from
-- grain: problem_id x policy_id x sampling_id x grader_id
-- inputs: difficulty, stg_problems, gold_conflicts
-- materialized: table
-- local by: problem_id
-- parameters: none
-- invariants: sql/curation/ chooses from here only; n > 0; no problem is in gold_conflicts
-- a problem that lies in several places counts once, by the first in the alphabet; one with two gold answers is left out, never guessed
select
    difficulty.problem_id,
    difficulty.gold_id,
    difficulty.dataset,
    difficulty.split,
    difficulty.policy_id,
    difficulty.sampling_id,
    difficulty.grader_id,
    difficulty.n,
    difficulty.k,
    difficulty.accuracy,
    difficulty.accuracy_low,
    difficulty.accuracy_high,
    difficulty.band,
    problems.metadata
from difficulty
inner join stg_problems as problems using (problem_id, gold_id, dataset, split)
anti join gold_conflicts using (problem_id)
where difficulty.n > 0
qualify
    row_number() over (
        partition by difficulty.problem_id, difficulty.policy_id, difficulty.sampling_id, difficulty.grader_id
        order by difficulty.dataset, difficulty.split
    ) = 1
order by difficulty.problem_id, difficulty.policy_id, difficulty.sampling_id, difficulty.grader_id
