-- first_bits: the mask of the first so many of 64 bits: in the summaries, of the first rounds of a block
-- grain: macro
-- inputs: none
-- parameters: how_many, 1 or more; 64 and more give all bits
create or replace macro first_bits(how_many) as
    18446744073709551615::ubigint >> (64 - least(how_many, 64))::ubigint;
