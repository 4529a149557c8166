-- problem_votes: what a policy answers to a problem: how often the gold answer, and how often each wrong one, however it is spelt
-- grain: problem_id x gold_id x dataset x split x policy_id x sampling_id x grader_id
-- inputs: problem_counts, answer_votes, stg_problems, stg_samplings
-- materialized: table
-- local by: problem_id
-- parameters: none
-- invariants: k and the votes add up to n or less: responses without an answer, and those that name no option, are in neither
-- answers to prompts with hints are left out. A number is the same however it is written, and an option by its letter or its text
-- columns:
--   options: answers that there are to choose from: those listed, 2 for yes and no, 5 for a letter; 0 where the answer is free [options]
--   voted: the wrong answer that was given most often, as it was read most often
--   votes: how often each wrong answer was given, a list, the most first [samples]
with asked as (
    select
        problem_id,
        gold_id,
        any_value(choices) as choices,
        any_value(
            case
                when len(choices) > 0 then len(choices)
                when lower(trim(answer)) in ('yes', 'no', 'true', 'false') then 2
                when regexp_full_match(trim(answer, ' $'), '\(?[A-Z]\)?') then 5
                else 0
            end
        )::bigint as options
    from stg_problems
    group by all
),

spelt as (
    select
        problem_id,
        gold_id,
        policy_id,
        sampling_id,
        grader_id,
        choices,
        voted,
        sum(votes)::bigint as votes,
        lower(regexp_replace(voted, '[\s$]|\.$', '', 'g')) as plain,
        lower(nullif(regexp_extract(trim(voted), '^\(?([A-Za-z])\)?\.?$', 1), '')) as letter
    from answer_votes
    anti join (from stg_samplings where hints) as hinted using (sampling_id)
    inner join asked using (problem_id, gold_id)
    group by all
),

given as (
    select
        * exclude (choices, plain, letter),
        case
            when len(choices) = 0 then coalesce(letter, try_cast(plain as double)::varchar, plain)
            when ascii(letter) - ascii('a') < len(choices) then letter
            else nullif(list_position(list_transform(choices, lambda choice: lower(trim(choice))), lower(trim(voted))), 0)::varchar
        end as said
    from spelt
),

counted as (
    select problem_id, gold_id, policy_id, sampling_id, grader_id, said, arg_max(voted, (votes, voted)) as voted, sum(votes)::bigint as votes
    from given
    where said is not null
    group by problem_id, gold_id, policy_id, sampling_id, grader_id, said
),

listed as (
    select
        problem_id, gold_id, policy_id, sampling_id, grader_id,
        arg_max(voted, (votes, voted)) as voted,
        list(votes order by votes desc) as votes
    from counted
    group by problem_id, gold_id, policy_id, sampling_id, grader_id
)

select
    problem_counts.problem_id,
    problem_counts.gold_id,
    problem_counts.dataset,
    problem_counts.split,
    problem_counts.policy_id,
    problem_counts.sampling_id,
    problem_counts.grader_id,
    asked.options,
    problem_counts.n,
    problem_counts.k,
    listed.voted,
    coalesce(listed.votes, []) as votes
from problem_counts
anti join (from stg_samplings where hints) as hinted using (sampling_id)
inner join asked using (problem_id, gold_id)
left join listed using (problem_id, gold_id, policy_id, sampling_id, grader_id)
where problem_counts.n > 0
order by problem_id, gold_id, dataset, split, policy_id, sampling_id, grader_id
