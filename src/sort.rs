//! Sorting that is compiled once for all types: what is sorted are places, through a comparison behind a pointer.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

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

/// A map of few keys, or of keys that come in order: a sorted list, which is far less code than a tree.
#[derive(Clone)]
pub(crate) struct SortedMap<K, V>(Vec<(K, V)>);

impl<K: Ord, V> SortedMap<K, V> {
    pub(crate) const fn new() -> Self {
        SortedMap(Vec::new())
    }

    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &mut self.0[place].1)
    }

    /// Gives `key` this value, whatever it had before.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// The values in the order of their keys; none is left.
    pub(crate) fn take_values(&mut self) -> impl Iterator<Item = V> + use<K, V> {
        std::mem::take(&mut self.0).into_iter().map(|(_, value)| value)
    }
}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sorted_map_is_a_map() {
        let mut map = SortedMap::new();
        for (key, value) in [("b", 1), ("a", 2), ("c", 3), ("a", 4)] {
            map.insert(key.to_owned(), value);
        }
        map.iter_mut().for_each(|(_, value)| *value *= 10);
        assert_eq!((map.get("a"), map.get("d")), (Some(&40), None));
        assert_eq!(map.get_mut("c"), Some(&mut 30));
        assert_eq!(format!("{map:?}"), r#"{"a": 40, "b": 10, "c": 30}"#);
        assert_eq!(map.take_values().collect::<Vec<_>>(), [40, 10, 30]);
        assert_eq!(map.iter().count(), 0);
    }

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
