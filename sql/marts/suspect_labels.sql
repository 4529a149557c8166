-- suspect_labels: problems whose gold answer may be wrong: most responses agree with each other and not with it
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: difficulty, stg_problems, answer_votes
-- local by: problem_id
-- parameters: none; suspect means at least 4 scored samples of which 60% or more gave one and the same wrong answer (ours)
with votes as (
    select problem_id, gold_id, policy_id, sampling_id, grader_id, voted, sum(votes)::bigint as votes
    from answer_votes
    group by all
),

winners as (
    select *
    from votes
    qualify row_number() over (partition by problem_id, gold_id, policy_id, sampling_id, grader_id order by votes desc, voted) = 1
)

select
    difficulty.problem_id,
    difficulty.gold_id,
    difficulty.dataset,
    difficulty.split,
    difficulty.policy_id,
    difficulty.sampling_id,
    difficulty.grader_id,
    problems.source_id,
    problems.answer,
    winners.voted,
    winners.votes,
    difficulty.n,
    difficulty.k,
    winners.votes / difficulty.n as vote_share
from difficulty
inner join winners using (problem_id, gold_id, policy_id, sampling_id, grader_id)
inner join stg_problems as problems using (problem_id, gold_id, dataset, split)
where difficulty.n >= 4 and winners.votes / difficulty.n >= 0.6
order by vote_share desc, difficulty.n desc, difficulty.dataset, difficulty.problem_id, difficulty.policy_id, difficulty.sampling_id
