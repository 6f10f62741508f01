//! Which is the newest that is known of one kind of object?

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use litemap::LiteMap;

use super::item::Item;
use crate::rollout::Key;

/// Objects of one kind by the rollout that they belong to and by their own name. The newest known wins, whoever brings it:
/// the reply to our own write often comes before the watch, and what the watch brings later may be older.
#[derive(Debug)]
pub(super) struct Group<V> {
    /// A sorted list of boxes: most rollouts have one or two of a kind, and other maps make room for eleven at once.
    owners: HashMap<Key, LiteMap<String, Box<Kept<V>>>>,
    /// The newest end of an object that the watch told of: by then it had told of everything before that, too.
    ended: u64,
}

/// What is kept of one object.
#[derive(Clone, Debug)]
pub(super) struct Kept<V> {
    /// Its resourceVersion.
    pub(super) version: u64,
    /// Where it comes from.
    source: Source,
    /// What is looked at.
    pub(super) view: V,
}

/// Who brought an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A watch, the list at its beginning, or the answer to a question for it.
    Watch,
    /// The reply to a write of ours, which no watch has confirmed yet.
    Reply,
}

/// Whether anything is to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// What is looked at is another than before.
    Yes,
    /// It was known already, or something newer is.
    No,
}

/// All objects that one list brought.
#[derive(Debug, Default)]
pub struct Listed {
    names: HashSet<(Key, String)>,
    newest: u64,
}

impl Listed {
    /// Notes one of them.
    pub fn note(&mut self, item: &Item) {
        self.names.insert((item.owner.clone(), item.name.clone()));
        self.newest = self.newest.max(item.version);
    }

    /// Whether an object that is known is still there: the list brought it, or we wrote it after the list was taken.
    pub(super) fn keeps(&self, owner: &Key, name: &str, known: (u64, Source)) -> bool {
        let (version, source) = known;
        (source == Source::Reply && version > self.newest) || self.names.contains(&(owner.clone(), name.to_owned()))
    }
}

impl<V: PartialEq> Group<V> {
    pub(super) fn new() -> Self {
        Self { owners: HashMap::new(), ended: 0 }
    }

    /// Takes an object over unless a newer one is known, or its end: a reply may come later than the watch that told of that.
    pub(super) fn put(&mut self, owner: Key, name: String, new: (u64, V), source: Source) -> News {
        let (version, view) = new;
        if source == Source::Reply && version < self.ended && self.get(&owner, &name).is_none() {
            return News::No;
        }
        let items = self.owners.entry(owner).or_default();
        let Some(held) = items.get_mut(&name) else {
            items.insert(name, Box::new(Kept { version, source, view }));
            return News::Yes;
        };
        if held.version > version {
            return News::No;
        }
        let news = if held.view == view { News::No } else { News::Yes };
        **held = Kept { version, source, view };
        news
    }

    /// Takes over that the watch told of an object's end at this version.
    pub(super) fn end(&mut self, owner: &Key, name: &str, version: u64) -> News {
        self.ended = self.ended.max(version);
        self.remove(owner, name, version)
    }

    /// Forgets an object that was deleted at this version, unless a newer one of that name is known.
    pub(super) fn remove(&mut self, owner: &Key, name: &str, version: u64) -> News {
        let Some(items) = self.owners.get_mut(owner) else { return News::No };
        if items.get(name).is_none_or(|held| held.version > version) {
            return News::No;
        }
        items.remove(name);
        if items.is_empty() {
            self.owners.remove(owner);
        }
        News::Yes
    }

    /// Forgets what a list did not bring, for it was deleted while nobody watched; says whose that was. What we wrote ourselves
    /// stays where the list may be older than our write: the watch that follows tells what became of it, or else it is asked for.
    pub(super) fn sweep(&mut self, listed: &Listed) -> Vec<Key> {
        let mut touched = Vec::new();
        self.owners.retain(|owner, items| {
            let before = items.len();
            items.retain(|name, held| listed.keeps(owner, name, (held.version, held.source)));
            if items.len() < before {
                touched.push(owner.clone());
            }
            !items.is_empty()
        });
        touched
    }

    /// All objects of a rollout.
    pub(super) fn of(&self, owner: &Key) -> impl Iterator<Item = (&String, &Kept<V>)> {
        self.owners.get(owner).into_iter().flat_map(LiteMap::iter).map(|(name, kept)| (name, &**kept))
    }

    /// One object.
    pub(super) fn get(&self, owner: &Key, name: &str) -> Option<&Kept<V>> {
        Some(self.owners.get(owner)?.get(name)?)
    }

    /// The objects that no watch has confirmed yet, each with its version.
    pub(super) fn unconfirmed(&self) -> impl Iterator<Item = (&Key, &String, u64)> {
        let replies = |(_, kept): &(&String, &Kept<V>)| kept.source == Source::Reply;
        let of = move |owner| self.of(owner).filter(replies).map(move |(name, kept)| (owner, name, kept.version));
        self.owners.keys().flat_map(of)
    }

    /// Changes one object after a write of ours, unless a newer one is known by now.
    pub(super) fn update(&mut self, owner: &Key, name: &str, version: u64, change: impl FnOnce(&V) -> V) {
        let Entry::Occupied(mut items) = self.owners.entry(owner.clone()) else { return };
        if let Some(held) = items.get_mut().get_mut(name).filter(|held| held.version < version) {
            **held = Kept { version, source: Source::Reply, view: change(&held.view) };
        }
    }
}
