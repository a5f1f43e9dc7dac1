//! An insert-only hash table that is read without a lock.
//!
//! A tree of cells that are set once: each step down takes two more bits of the hash. Nothing moves and nothing
//! is freed before the table is, so a reader needs no protection but the load of each cell.

use std::sync::OnceLock;

type Cell<V> = OnceLock<Box<Node<V>>>;

const CHILDREN: usize = 4;

#[derive(Debug)]
pub(super) struct Table<V, const ROOTS: usize> {
    roots: [Cell<V>; ROOTS],
}

#[derive(Debug)]
struct Node<V> {
    hash: u64,
    value: V,
    children: [Cell<V>; CHILDREN],
}

// ===== impl Table =====

impl<V, const ROOTS: usize> Table<V, ROOTS> {
    pub(super) fn new() -> Self {
        const { assert!(ROOTS.is_power_of_two()) };
        Self { roots: std::array::from_fn(|_| Cell::new()) }
    }

    #[inline(always)]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(&V) -> bool) -> Option<&V> {
        // Most are where they are looked for first.
        let first = self.root(hash).get()?;
        if first.hash == hash && is_it(&first.value) {
            return Some(&first.value);
        }
        self.walk(hash, is_it).ok()
    }

    /// Inserts `value`, or returns the one that another thread inserted first.
    pub(super) fn insert(&self, hash: u64, value: V, is_it: impl Fn(&V) -> bool) -> &V {
        let mut node = Box::new(Node { hash, value, children: std::array::from_fn(|_| Cell::new()) });
        loop {
            match self.walk(hash, &is_it) {
                Ok(found) => return found,
                Err(free) => match free.set(node) {
                    Ok(()) => return &free.get().expect("it was set one line above").value,
                    Err(back) => node = back,
                },
            }
        }
    }

    /// Hands every value to `f`.
    pub(super) fn for_each<'a>(&'a self, mut f: impl FnMut(&'a V)) {
        let mut cells: Vec<&Cell<V>> = self.roots.iter().collect();
        while let Some(cell) = cells.pop() {
            if let Some(node) = cell.get() {
                f(&node.value);
                cells.extend(&node.children);
            }
        }
    }

    #[inline]
    fn root(&self, hash: u64) -> &Cell<V> {
        &self.roots[hash as usize & (ROOTS - 1)]
    }

    /// Goes down to the value, or to the free cell where it belongs.
    #[inline(never)]
    fn walk(&self, hash: u64, is_it: impl Fn(&V) -> bool) -> Result<&V, &Cell<V>> {
        let mut cell = self.root(hash);
        let mut rest = hash >> ROOTS.trailing_zeros();
        while let Some(node) = cell.get() {
            if node.hash == hash && is_it(&node.value) {
                return Ok(&node.value);
            }
            cell = &node.children[rest as usize & (CHILDREN - 1)];
            rest >>= CHILDREN.trailing_zeros();
        }
        Err(cell)
    }
}

impl<V, const ROOTS: usize> Default for Table<V, ROOTS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{CHILDREN, Table};

    #[test]
    fn every_value_is_found_again_also_under_one_hash() {
        let table = Table::<u64, 2>::new();
        for value in 0..500 {
            table.insert(value % 7, value, |it| *it == value);
        }
        for value in 0..500 {
            assert_eq!(table.find(value % 7, |it| *it == value), Some(&value));
            assert_eq!(table.find(value % 7 + 1, |it| *it == value), None);
        }
        let mut all = Vec::new();
        table.for_each(|value| all.push(*value));
        all.sort_unstable();
        assert_eq!(all, Vec::from_iter(0..500));
    }

    /// Each step down takes other bits of the hash.
    #[test]
    fn four_thousand_values_are_a_few_steps_away() {
        let hash = |value: u64| value.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
        let table = Table::<u64, 64>::new();
        let mut compared = 0;
        for value in 0..4_000 {
            table.insert(hash(value), value, |it| *it == value);
        }
        for value in 0..4_000 {
            let mut cell = &table.roots[hash(value) as usize % 64];
            let mut rest = hash(value) >> 6;
            while let Some(node) = cell.get().filter(|node| node.value != value) {
                compared += 1;
                cell = &node.children[rest as usize % CHILDREN];
                rest /= CHILDREN as u64;
            }
            assert!(cell.get().is_some(), "it stands where its bits lead");
        }
        assert!(compared < 4_000 * 6, "{compared} steps");
    }

    #[test]
    fn threads_that_insert_the_same_value_get_the_same_cell() {
        let table = Table::<u64, 4>::new();
        let seen: Vec<Vec<usize>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let address = |value: u64| {
                            std::ptr::from_ref(table.insert(value % 16, value, |it| *it == value)).addr()
                        };
                        (0..1_000).map(address).collect()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
        });
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
