//! Who is on the team, and what each may do.
//!
//! Roles go by a person's number, never by a name. Until somebody has owned the
//! team, whoever is in the staff chat may work on cases and clear them, so
//! that no warning waits for paperwork.

use serde::{Deserialize, Serialize};

use super::Staffer;
use crate::ids::UserId;

/// What somebody is. Each may do what the ones before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Works on cases.
    Staff,
    /// Clears flags too.
    Clinician,
    /// Says who is on the team too.
    Owner,
}

impl Role {
    /// Every role, with the word its button carries.
    pub const WORDS: [(Self, &'static str); 3] = [
        (Self::Staff, "staff"),
        (Self::Clinician, "clinician"),
        (Self::Owner, "owner"),
    ];

    /// The word of the audit log and of button data.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(role, _)| *role == self)
            .map_or("", |(_, word)| word)
    }

    /// Reads that word; untrusted.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(_, known)| *known == word);
        found.map(|(role, _)| *role)
    }
}

/// What an act needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To see and work on cases.
    Work,
    /// To clear flags.
    Clear,
    /// To say who is on the team.
    Manage,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// They are not on the team, or have left.
    NotStaff,
    /// Only a clinician or an owner may.
    NotClinician,
    /// Only an owner may.
    NotOwner,
    /// The same, and the team has no owner any more.
    Orphaned,
}

impl Refusal {
    /// The word of the audit log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotStaff => "not-staff",
            Self::NotClinician => "not-clinician",
            Self::NotOwner => "not-owner",
            Self::Orphaned => "no-owner",
        }
    }
}

/// A team always has an owner, or it could never change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the last owner stays owner")]
pub struct LastOwner;

/// Somebody on the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub who: Staffer,
    /// As what.
    pub role: Role,
}

/// The team.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roster {
    members: Vec<Member>,
    /// Who has left the staff chat; a button may still be before them.
    #[serde(default)]
    gone: Vec<UserId>,
    /// Somebody has owned the team: from then on roles count, even when nobody
    /// is left on it.
    #[serde(default)]
    owned: bool,
}

impl Roster {
    /// Everybody on it, in the order they came.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Whether somebody owns the team.
    #[must_use]
    pub fn has_owner(&self) -> bool {
        self.members.iter().any(|member| member.role == Role::Owner)
    }

    /// Whether somebody owned the team and nobody does any more.
    #[must_use]
    pub fn is_orphaned(&self) -> bool {
        self.owned && !self.has_owner()
    }

    /// What somebody is.
    #[must_use]
    pub fn role(&self, user: UserId) -> Option<Role> {
        let found = self.members.iter().find(|member| member.who.user == user);
        found.map(|member| member.role)
    }

    /// Whether somebody in the staff chat may do what needs `right`.
    ///
    /// # Errors
    /// Why they may not.
    pub fn may(&self, user: UserId, right: Right) -> Result<(), Refusal> {
        if self.gone.contains(&user) {
            return Err(Refusal::NotStaff);
        }
        let refused = |refusal| match self.is_orphaned() {
            true => Refusal::Orphaned,
            false => refusal,
        };
        let role = if self.members.is_empty() && !self.owned {
            Role::Clinician
        } else {
            self.role(user).ok_or(refused(Refusal::NotStaff))?
        };
        match right {
            Right::Work => Ok(()),
            Right::Clear if role >= Role::Clinician => Ok(()),
            Right::Clear => Err(refused(Refusal::NotClinician)),
            Right::Manage if role == Role::Owner => Ok(()),
            Right::Manage => Err(refused(Refusal::NotOwner)),
        }
    }

    /// Adds somebody, or gives them another role.
    ///
    /// # Errors
    /// When nobody would own the team any more.
    pub fn set(&mut self, who: Staffer, role: Role) -> Result<(), LastOwner> {
        if role != Role::Owner && self.is_last_owner(who.user) {
            return Err(LastOwner);
        }
        self.gone.retain(|gone| *gone != who.user);
        self.owned |= role == Role::Owner;
        match self
            .members
            .iter_mut()
            .find(|member| member.who.user == who.user)
        {
            Some(member) => *member = Member { who, role },
            None => self.members.push(Member { who, role }),
        }
        Ok(())
    }

    /// Takes somebody off the team.
    ///
    /// # Errors
    /// When nobody would own the team any more.
    pub fn remove(&mut self, user: UserId) -> Result<(), LastOwner> {
        if self.is_last_owner(user) {
            return Err(LastOwner);
        }
        self.members.retain(|member| member.who.user != user);
        Ok(())
    }

    /// Somebody has left the staff chat: they are off the team, owner or not.
    pub fn left(&mut self, user: UserId) {
        self.owned |= self.has_owner();
        self.members.retain(|member| member.who.user != user);
        if !self.gone.contains(&user) {
            self.gone.push(user);
        }
    }

    /// Somebody is in the staff chat again. An owner has to add them anew.
    pub fn came(&mut self, user: UserId) {
        self.gone.retain(|gone| *gone != user);
    }

    fn is_last_owner(&self, user: UserId) -> bool {
        self.role(user) == Some(Role::Owner)
            && !self
                .members
                .iter()
                .any(|member| member.role == Role::Owner && member.who.user != user)
    }
}
