-- is_drawn: whether a problem belongs to a share of them that only what it is called and a text decide; md5 is the same everywhere
-- grain: macro
-- inputs: none
-- parameters: problem_id; salt a text; share from 0 to 1
create or replace macro is_drawn(problem_id, salt, share) as
    md5_number_upper(problem_id || ':' || salt) / 18446744073709551616.0 < share;
