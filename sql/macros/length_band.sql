-- length_band: the band of a question's length, as text that sorts
-- grain: macro
-- inputs: none
-- parameters: characters of the question; the edges below are ours
create or replace macro length_band(characters) as
    case
        when characters < 50 then '0000 - 0049'
        when characters < 100 then '0050 - 0099'
        when characters < 200 then '0100 - 0199'
        when characters < 400 then '0200 - 0399'
        when characters < 800 then '0400 - 0799'
        else '0800 and more'
    end;
