-- stg_problems: problems as they were read, each once per place, however often the place was read
-- grain: problem_id x gold_id x dataset x split
-- inputs: problems
-- materialized: view
-- local by: problem_id
-- parameters: none
-- invariants: a place has a problem and gold answer once
select
    problem_id,
    gold_id,
    dataset,
    split,
    row::bigint as row,
    source_id,
    question,
    images,
    choices,
    answer,
    metadata
from problems
qualify row_number() over (partition by problem_id, gold_id, dataset, split order by row, source_id) = 1
