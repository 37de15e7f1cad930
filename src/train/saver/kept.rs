//! Which checkpoints of a saver are kept.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::format::meta::SaverDef;

/// The checkpoints that a saver has written and not removed.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    most: usize,
    every: f64,
    /// The next checkpoint that is written after this is kept for good.
    next: f64,
    /// The prefixes and when they were written, the oldest first.
    last: Vec<(String, f64)>,
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

impl Kept {
    pub fn new(def: &SaverDef) -> Self {
        let every = f64::from(def.keep_checkpoint_every_n_hours) * 3600.0;
        Kept { most: usize::try_from(def.max_to_keep).unwrap_or(0), every, next: now() + every, last: Vec::new() }
    }

    pub fn paths(&self) -> Vec<String> {
        self.last.iter().map(|(path, _)| path.clone()).collect()
    }

    pub fn set(&mut self, last: impl Iterator<Item = (String, f64)>) {
        self.last = last.collect();
    }

    /// Adds the checkpoint `path`; gives the one that is to be removed for it.
    pub fn add(&mut self, path: &str) -> Option<String> {
        self.add_at(path, now())
    }

    fn add_at(&mut self, path: &str, time: f64) -> Option<String> {
        if self.most == 0 {
            return None;
        }
        self.last.retain(|(known, _)| known != path);
        self.last.push((path.to_owned(), time));
        if self.last.len() <= self.most {
            return None;
        }
        let (path, time) = self.last.remove(0);
        if time > self.next {
            self.next += self.every;
            return None;
        }
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_and_one_in_so_many_hours_stays() {
        let def = SaverDef { max_to_keep: 2, keep_checkpoint_every_n_hours: 1.0, ..SaverDef::default() };
        let mut kept = Kept { next: 3600.0, ..Kept::new(&def) };
        assert_eq!(kept.add_at("a", 1000.0), None);
        assert_eq!(kept.add_at("b", 4000.0), None);
        assert_eq!(kept.add_at("c", 4100.0), Some("a".into()));
        assert_eq!(kept.add_at("c", 4200.0), None, "the same again");
        assert_eq!(kept.add_at("d", 4300.0), None, "b stays for good");
        assert_eq!(kept.add_at("e", 4400.0), Some("c".into()));
        assert_eq!(kept.paths(), ["d", "e"]);
    }
}
