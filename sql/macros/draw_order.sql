-- draw_order: the place of a problem in a draw that only the seed decides; md5 is the same in every version and on every machine
-- grain: macro
-- inputs: none
-- parameters: problem_id; seed an integer
create or replace macro draw_order(problem_id, seed) as
    md5(problem_id || ':' || seed::varchar);
