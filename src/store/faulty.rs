//! A store that fails when a test says so.
//!
//! It wraps another one; reads always pass through.

use std::sync::{Mutex, PoisonError};

use super::{EachRow, Store, StoreError, Write};

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Before the write takes place: nothing of it is there.
    Before,
    /// After it took place: all of it is there, and the caller gets an error.
    After,
}

/// How long a fault stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// One apply fails, the next ones pass.
    Once,
    /// Every later apply fails too, before it takes place, as on a full disk.
    Onwards,
}

#[derive(Debug, Default)]
struct Plan {
    applies: u64,
    fault: Option<(u64, Fault, Lasting)>,
}

/// A store that fails at the nth apply.
#[derive(Debug)]
pub struct FaultyStore<S> {
    inner: S,
    plan: Mutex<Plan>,
}

impl<S: Store> FaultyStore<S> {
    /// Wraps `inner`; nothing fails until asked for.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            plan: Mutex::default(),
        }
    }

    /// Makes the `nth` apply from now on fail; 1 is the next one.
    pub fn fail_at(&self, nth: u64, fault: Fault, lasting: Lasting) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.fault = Some((plan.applies + nth, fault, lasting));
    }

    /// Lets everything pass again.
    pub fn heal(&self) {
        self.plan
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fault = None;
    }

    /// How often `apply` was called.
    pub fn applies(&self) -> u64 {
        self.plan
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .applies
    }

    /// The store within.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    fn next_fault(&self) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.applies += 1;
        let (at, fault, lasting) = plan.fault?;
        if plan.applies == at {
            return Some(fault);
        }
        match lasting {
            Lasting::Onwards if plan.applies > at => Some(Fault::Before),
            Lasting::Once | Lasting::Onwards => None,
        }
    }
}

impl<S: Store> Store for FaultyStore<S> {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(key)
    }

    fn scan(&self, prefix: &[u8], each: &mut EachRow<'_>) -> Result<(), StoreError> {
        self.inner.scan(prefix, each)
    }

    fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        match self.next_fault() {
            None => self.inner.apply(writes),
            Some(Fault::Before) => Err(StoreError::Injected),
            Some(Fault::After) => {
                self.inner.apply(writes)?;
                Err(StoreError::Injected)
            }
        }
    }

    fn size_bytes(&self) -> Result<u64, StoreError> {
        self.inner.size_bytes()
    }
}
