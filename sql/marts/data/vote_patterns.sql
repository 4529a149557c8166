-- vote_patterns: how many problems of a profile got which votes, whatever the answers are: what `label_doubts` is made of
-- grain: dataset x split x policy_id x sampling_id x grader_id x options x k x votes
-- inputs: problem_votes
-- materialized: table
-- parameters: none
-- invariants: the problems of a profile add up to those of problem_votes that were given an answer
-- columns:
--   problems: problems with these votes [problems]
select dataset, split, policy_id, sampling_id, grader_id, options, k, votes, count(*) as problems
from problem_votes
where k > 0 or len(votes) > 0
group by all
order by all
