//! Which few conditions, read from the top, say the same as all cells?

use super::cells::{Cell, DIMENSIONS};

/// "This dimension has this value", or has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) dimension: usize,
    pub(super) value: usize,
    pub(super) holds: bool,
}

/// A set of cells, one bit each.
type Bits = Vec<u64>;

/// More conditions than this make no readable row.
const MOST: usize = 5;

/// Rows of conditions with the index of their outcome. The first row that fits holds; the last one has no condition.
pub(super) fn list(cells: &[(Cell, usize)]) -> Vec<(Vec<Condition>, usize)> {
    let cells = &relevant(cells);
    let outcomes = cells.iter().map(|(_, outcome)| outcome + 1).max().unwrap_or_default();
    let where_it_is: Vec<Bits> = (0..outcomes).map(|outcome| bits(cells, |(_, found)| *found == outcome)).collect();
    let conditions: Vec<(Condition, Bits)> =
        conditions().into_iter().map(|condition| (condition, bits(cells, |(cell, _)| condition.fits(cell)))).collect();
    let mut left = bits(cells, |_| true);
    let mut rows = Vec::new();
    while let Some(first) = first_of(&left) {
        let outcome = cells[first].1;
        if without(&left, &where_it_is[outcome]).iter().all(|word| *word == 0) {
            rows.push((Vec::new(), outcome));
            break;
        }
        let (row, covered, outcome) =
            (1..=MOST).find_map(|most| widest(&left, &conditions, &where_it_is, cells, most)).expect("cells differ");
        left = without(&left, &covered);
        rows.push((row, outcome));
    }
    rows
}

/// The cells without the dimensions that decide nothing in them.
fn relevant(cells: &[(Cell, usize)]) -> Vec<(Cell, usize)> {
    let mut cells = cells.to_vec();
    for dimension in 0..DIMENSIONS.len() {
        let mut flat: Vec<(Cell, usize)> = cells.clone();
        for (cell, _) in &mut flat {
            cell[dimension] = 0;
        }
        flat.sort_unstable();
        flat.dedup();
        if flat.windows(2).all(|pair| pair[0].0 != pair[1].0) {
            cells = flat;
        }
    }
    cells
}

fn conditions() -> Vec<Condition> {
    let mut out = Vec::new();
    for (dimension, (_, values)) in DIMENSIONS.iter().enumerate() {
        out.extend((0..values.len()).map(|value| Condition { dimension, value, holds: true }));
        if values.len() > 2 {
            out.extend((0..values.len()).map(|value| Condition { dimension, value, holds: false }));
        }
    }
    out
}

impl Condition {
    fn fits(self, cell: &Cell) -> bool {
        (cell[self.dimension] == self.value) == self.holds
    }
}

/// The row of `most` conditions whose cells all have one outcome and that covers the most of what is left.
fn widest(
    left: &Bits,
    conditions: &[(Condition, Bits)],
    where_it_is: &[Bits],
    cells: &[(Cell, usize)],
    most: usize,
) -> Option<(Vec<Condition>, Bits, usize)> {
    let mut best: Option<(Vec<Condition>, Bits, usize)> = None;
    let mut open: Vec<(Vec<Condition>, Bits, usize)> = vec![(Vec::new(), left.clone(), 0)];
    while let Some((row, covered, next)) = open.pop() {
        if row.len() == most {
            let Some(first) = first_of(&covered) else { continue };
            let outcome = cells[first].1;
            let one = without(&covered, &where_it_is[outcome]).iter().all(|word| *word == 0);
            let wider = |other: &Bits| count(&covered) > count(other);
            if one && best.as_ref().is_none_or(|(_, other, _)| wider(other)) {
                best = Some((row, covered, outcome));
            }
            continue;
        }
        for (index, (condition, bits)) in conditions.iter().enumerate().skip(next).rev() {
            let known = row.iter().any(|other: &Condition| other.dimension == condition.dimension);
            let both: Bits = covered.iter().zip(bits).map(|(one, other)| one & other).collect();
            if !known && both.iter().any(|word| *word != 0) && both != covered {
                let row = row.iter().copied().chain([*condition]).collect();
                open.push((row, both, index + 1));
            }
        }
    }
    best
}

fn bits(cells: &[(Cell, usize)], wanted: impl Fn(&(Cell, usize)) -> bool) -> Bits {
    cells.chunks(64).map(|chunk| chunk.iter().enumerate().fold(0, |word, (bit, cell)| word | (u64::from(wanted(cell)) << bit))).collect()
}

fn without(bits: &Bits, others: &Bits) -> Bits {
    bits.iter().zip(others).map(|(one, other)| one & !other).collect()
}

fn count(bits: &Bits) -> u32 {
    bits.iter().map(|word| word.count_ones()).sum()
}

fn first_of(bits: &Bits) -> Option<usize> {
    bits.iter().enumerate().find(|(_, word)| **word != 0).map(|(index, word)| index * 64 + word.trailing_zeros() as usize)
}
