-- band: the band of difficulty of an accuracy p
-- grain: macro; null where p is null
-- inputs: none
-- parameters: p in [0, 1]; the edges low, hard_below, medium_below, high, rising
create or replace macro band(p, low, hard_below, medium_below, high) as
    case
        when p is null then null
        when p < low then 'hopeless'
        when p < hard_below then 'hard'
        when p < medium_below then 'medium'
        when p <= high then 'easy'
        else 'trivial'
    end;
