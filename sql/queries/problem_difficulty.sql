-- problem_difficulty: how hard a problem is, for every policy that was asked and every grader that judged
-- grain: dataset x split x policy x hints x sampling_id x grader_id
-- inputs: difficulty
-- parameters: $id of the problem
select
    dataset,
    split,
    policy,
    hints,
    sampling,
    grader,
    k || ' of ' || n as solved,
    accuracy,
    accuracy_low,
    accuracy_high,
    band,
    sampling_id,
    grader_id
from difficulty
where problem_id = $id
order by all
