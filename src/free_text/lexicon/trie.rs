//! Phrases by their words.

use std::collections::BTreeMap;

use super::{ClassId, NONE, SetId};

/// Phrases while they are gathered; the first twig is the root.
#[derive(Debug, Clone)]
pub(super) struct Growing(Vec<Twig>);

#[derive(Debug, Clone, Default)]
struct Twig {
    next: BTreeMap<u32, usize>,
    /// Of the phrase that ends here.
    classes: Vec<ClassId>,
}

/// Phrases to be read, in two flat lists: a reading touches little memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Trie {
    /// For each word, what begins with it; [`NONE`] is nothing.
    roots: Vec<u32>,
    nodes: Vec<Node>,
    /// Words and the nodes they lead to; those of one node sorted.
    steps: Vec<(u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    from: u32,
    to: u32,
    /// What the phrase that ends here may fill; [`NONE`] where none ends.
    set: SetId,
}

impl Default for Growing {
    fn default() -> Self {
        Self(vec![Twig::default()])
    }
}

impl Growing {
    /// Adds a phrase, or classes to it.
    pub fn add(&mut self, words: &[u32], classes: &[ClassId]) {
        let mut at = 0;
        for word in words {
            let new = self.0.len();
            let next = *self.0[at].next.entry(*word).or_insert(new);
            if next == new {
                self.0.push(Twig::default());
            }
            at = next;
        }
        self.0[at].classes.extend(classes);
    }

    /// The trie of all phrases over so many words. `set` names what some classes fill.
    pub fn finish(self, words: usize, set: &mut impl FnMut(Vec<ClassId>) -> SetId) -> Trie {
        let number = |place: usize| u32::try_from(place).unwrap_or(NONE);
        let mut trie = Trie {
            roots: vec![NONE; words],
            ..Trie::default()
        };
        for (word, node) in &self.0[0].next {
            trie.roots[*word as usize] = number(*node);
        }
        for Twig { next, mut classes } in self.0 {
            classes.sort_unstable();
            classes.dedup();
            let from = number(trie.steps.len());
            let steps = next.into_iter().map(|(word, node)| (word, number(node)));
            trie.steps.extend(steps);
            trie.nodes.push(Node {
                from,
                to: number(trie.steps.len()),
                set: if classes.is_empty() {
                    NONE
                } else {
                    set(classes)
                },
            });
        }
        trie
    }
}

impl Trie {
    /// The node of a phrase of one word, or of what begins with it.
    pub fn root(&self, word: u32) -> Option<u32> {
        self.roots
            .get(word as usize)
            .copied()
            .filter(|node| *node != NONE)
    }

    /// What the phrase that ends at a node may fill.
    pub fn set(&self, node: u32) -> Option<SetId> {
        Some(self.nodes[node as usize].set).filter(|set| *set != NONE)
    }

    /// Whether a phrase goes on behind a node.
    pub fn goes_on(&self, node: u32) -> bool {
        let node = &self.nodes[node as usize];
        node.from < node.to
    }

    /// The node one word on.
    pub fn step(&self, node: u32, word: u32) -> Option<u32> {
        let node = &self.nodes[node as usize];
        let steps = &self.steps[node.from as usize..node.to as usize];
        let place = steps.binary_search_by_key(&word, |(word, _)| *word).ok()?;
        Some(steps[place].1)
    }
}
