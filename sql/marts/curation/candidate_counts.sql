-- candidate_counts: the problems that a curation rule may choose from, by what was counted
-- grain: problem_id x policy_id x sampling_id x grader_id
-- inputs: problem_counts, stg_problems, gold_conflicts
-- materialized: table
-- local by: problem_id
-- parameters: none
-- invariants: sql/curation/ chooses from here only; n > 0; no problem is in gold_conflicts
-- a problem that lies in several places counts once, by the first in the alphabet; one with two gold answers is left out, never guessed
select
    problem_counts.problem_id,
    problem_counts.gold_id,
    problem_counts.dataset,
    problem_counts.split,
    problem_counts.policy_id,
    problem_counts.sampling_id,
    problem_counts.grader_id,
    problem_counts.n,
    problem_counts.k,
    problem_counts.accuracy,
    problem_counts.accuracy_low,
    problem_counts.accuracy_high,
    problem_counts.band,
    problems.metadata
from problem_counts
inner join stg_problems as problems using (problem_id, gold_id, dataset, split)
anti join gold_conflicts using (problem_id)
where problem_counts.n > 0
qualify
    row_number() over (
        partition by problem_counts.problem_id, problem_counts.policy_id, problem_counts.sampling_id, problem_counts.grader_id
        order by problem_counts.dataset, problem_counts.split
    ) = 1
order by problem_counts.problem_id, problem_counts.policy_id, problem_counts.sampling_id, problem_counts.grader_id
