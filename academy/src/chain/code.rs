//! Whether code on a chain is this version's market.

use super::bindings::market_artifact;

/// Whether this is what deploying this version's market leaves on a chain.
pub fn is_our_market(code: &[u8]) -> bool {
    comes_from(code, &market_artifact().creation)
}

const PUSH32: u8 = 0x7f;

/// Whether creation code leaves this code behind. It ends with it, but for immutable values: each stands
/// as the zeros of a `PUSH32` until the constructor sets it.
fn comes_from(code: &[u8], creation: &[u8]) -> bool {
    // Whatever is much shorter than the creation code is some end of it, and not the contract.
    let Some(start) = creation.len().checked_sub(code.len()).filter(|start| *start < code.len()) else {
        return false;
    };
    let mut at = 0;
    while at < code.len() {
        let ours = &creation[start + at..];
        if ours[0] != code[at] {
            return false;
        }
        at += match ours.get(1..33) {
            Some(operand) if ours[0] == PUSH32 && operand.iter().all(|byte| *byte == 0) => 33,
            _ => 1,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_code_with_its_immutables_set() {
        let immutable = |value: u8| [&[1, PUSH32][..], &[value; 32], &[2, 0, 3, 0, 0]].concat();
        let creation = [&[9, 9][..], &immutable(0)].concat();
        assert!(comes_from(&immutable(7), &creation));
        assert!(comes_from(&immutable(0), &creation));
        for (at, what) in [(0, "the code"), (1, "the instruction"), (35, "a zero beside an immutable")] {
            let mut other = immutable(7);
            other[at] ^= 4;
            assert!(!comes_from(&other, &creation), "{what}");
        }
    }

    #[test]
    fn is_not_taken_in_by_a_piece_of_it() {
        let creation = &market_artifact().creation;
        let end = |length: usize| &creation[creation.len() - length..];
        for length in [0, 1, 32, 1000] {
            assert!(!is_our_market(end(length)), "{length}");
        }
        assert!(!is_our_market(&[0; 40]));
        assert!(!is_our_market(&vec![0; creation.len() + 1]));
    }
}
