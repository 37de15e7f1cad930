//! Sorting that is compiled once for all types: what is sorted are places, through a comparison behind a pointer.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Below this, elements are put in their places one by one.
const FEW: usize = 16;

/// Sorts `items`; those that are equal stay in their order.
pub(crate) fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    if items.len() > FEW {
        let order = order(items.len(), &|a, b| compare(&items[a], &items[b]));
        return arrange(order, &mut |a, b| items.swap(a, b));
    }
    for end in 1..items.len() {
        let mut i = end;
        while i > 0 && compare(&items[i - 1], &items[i]).is_gt() {
            items.swap(i - 1, i);
            i -= 1;
        }
    }
}

/// Sorts `items`.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// The places `0..n` in the order of what stands there.
fn order(n: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}

/// Brings what stands at `order[i]` to place `i`, for each `i`.
fn arrange(mut order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        let mut i = start;
        loop {
            let from = std::mem::replace(&mut order[i], i);
            if from == start {
                break;
            }
            swap(i, from);
            i = from;
        }
    }
}

/// A map of `pairs`; of those with the same key the last counts. `collect` would sort each kind of pairs by code of its own.
pub(crate) fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    pairs.into_iter().for_each(|(key, value)| drop(map.insert(key, value)));
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_sorted_and_equals_stay() {
        for n in [0, 1, 2, 15, 16, 17, 100, 1000] {
            let mut items: Vec<(usize, String)> = (0..n).map(|i| (i * 7919 % 13, i.to_string())).collect();
            let mut wanted = items.clone();
            wanted.sort_by_key(|(key, _)| *key);
            sort_by(&mut items, |a, b| a.0.cmp(&b.0));
            assert_eq!(items, wanted, "{n}");
            wanted.sort();
            sort(&mut items);
            assert_eq!(items, wanted, "{n}");
        }
    }
}
