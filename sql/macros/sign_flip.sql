-- sign_flip: the two-sided p-value of paired differences by the exact sign-flip (permutation) test: the share of all 2^n choices of their
-- signs under which the sum lies at least as far from zero as it does
-- grain: macro; null for an empty list
-- inputs: none
-- parameters: differences, a list of up to 16 numbers
create or replace macro sign_flip(differences) as
    list_avg(
        list_transform(
            range(0, (1 << len(differences))::bigint),
            lambda signs: (
                abs(
                    list_sum(
                        list_transform(
                            differences, lambda difference, place: difference * (1 - 2 * ((signs >> (place - 1)::bigint) & 1))
                        )
                    )
                ) >= abs(list_sum(differences)) - 1e-12
            )::int
        )
    );
