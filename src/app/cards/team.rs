//! The team as its chat reads it: who asks to join, who is on it, as what.

use super::{Writer, quotable};
use crate::content::{Content, RichText, Text, Words};
use crate::dialog::{Button, Keyboard};
use crate::ids::UserId;
use crate::staff::{Member, Refusal, Role, Roster, Staffer};

/// A press on a card of the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TeamPress {
    /// Shows one member.
    Look(UserId),
    /// Answers somebody who asks to join; none is no.
    Join(UserId, Option<Role>),
    /// Gives a member another role; none takes them off the team.
    Set(UserId, Option<Role>),
}

/// What stands for "no" and "off the team" in button data.
const NONE: &str = "none";

impl TeamPress {
    /// Writes button data that [`TeamPress::parse`] reads back.
    #[must_use]
    pub fn data(self) -> String {
        let word = |role: Option<Role>| role.map_or(NONE, Role::word);
        match self {
            Self::Look(user) => format!("team:{user}"),
            Self::Join(user, role) => format!("join:{user}:{}", word(role)),
            Self::Set(user, role) => format!("team:{user}:{}", word(role)),
        }
    }

    /// Reads the data of a team button; untrusted.
    #[must_use]
    pub fn parse(data: &str) -> Option<Self> {
        let (head, rest) = data.split_once(':')?;
        let (user, word) = match rest.split_once(':') {
            Some((user, word)) => (user, Some(word)),
            None => (rest, None),
        };
        let user = UserId(user.parse().ok()?);
        let role = match word {
            None => None,
            Some(NONE) => Some(None),
            Some(word) => Some(Some(Role::parse(word)?)),
        };
        match (head, role) {
            ("team", None) => Some(Self::Look(user)),
            ("team", Some(role)) => Some(Self::Set(user, role)),
            ("join", Some(role)) => Some(Self::Join(user, role)),
            (_, _) => None,
        }
    }
}

impl Words {
    /// What a role is called.
    #[must_use]
    pub fn role(&self, role: Role) -> &Text {
        match role {
            Role::Staff => &self.staff_role_staff,
            Role::Clinician => &self.staff_role_clinician,
            Role::Owner => &self.staff_role_owner,
        }
    }

    /// Why somebody may not.
    #[must_use]
    pub fn refusal(&self, refusal: Refusal) -> &Text {
        match refusal {
            Refusal::NotStaff => &self.staff_not_staff,
            Refusal::NotClinician => &self.staff_not_clinician,
            Refusal::NotOwner => &self.staff_not_owner,
            Refusal::Orphaned => &self.staff_orphaned,
        }
    }
}

/// Somebody asks to join.
#[must_use]
pub fn join_card(content: &Content, who: &Staffer, handle: Option<&str>) -> (RichText, Keyboard) {
    let writer = Writer::new(content);
    let words = &content.words;
    let mut name = quotable(&who.name);
    if let Some(handle) = handle {
        name.push_str(&format!(" (@{handle})"));
    }
    let text = writer.with(&words.staff_join, &[("name", &name)]);
    let button = |text: &Text, role| Button::Press {
        label: writer.plain(text),
        data: TeamPress::Join(who.user, role).data(),
    };
    let rows = vec![
        vec![
            button(&words.staff_role_staff, Some(Role::Staff)),
            button(&words.staff_role_clinician, Some(Role::Clinician)),
        ],
        vec![button(&words.staff_button_refuse, None)],
    ];
    (RichText::plain(text), Keyboard::Inline(rows))
}

/// What an owner has decided.
#[must_use]
pub fn joined(content: &Content, by: &Staffer, who: &Staffer, role: Option<Role>) -> RichText {
    let writer = Writer::new(content);
    let words = &content.words;
    let (by, who) = (by.name.clone(), quotable(&who.name));
    let text = match role {
        Some(role) => {
            let role = writer.plain(words.role(role));
            let values = [("by", by.as_str()), ("name", &who), ("role", &role)];
            writer.with(&words.staff_joined, &values)
        }
        None => writer.with(&words.staff_refused, &[("by", &by), ("name", &who)]),
    };
    RichText::plain(text)
}

/// The team, a button each.
#[must_use]
pub fn team(content: &Content, roster: &Roster) -> (RichText, Keyboard) {
    let mut writer = Writer::new(content);
    let words = &content.words;
    if roster.members().is_empty() {
        let text = writer.plain(&words.staff_team_open);
        return (RichText::plain(text), Keyboard::None);
    }
    let title = writer.plain(&words.staff_team);
    writer.text.push_bold(&title);
    for member in roster.members() {
        let role = writer.plain(words.role(member.role));
        let name = quotable(&member.who.name);
        writer.text.push(&format!("\n{name} · {role}"));
    }
    let hint = writer.plain(&words.staff_team_hint);
    writer.text.push(&format!("\n\n{hint}"));
    let rows = roster.members().iter().map(|member| {
        vec![Button::Press {
            label: quotable(&member.who.name).chars().take(40).collect(),
            data: TeamPress::Look(member.who.user).data(),
        }]
    });
    (writer.text, Keyboard::Inline(rows.collect()))
}

/// One member, and what an owner may make of them.
#[must_use]
pub fn member_card(content: &Content, member: &Member) -> (RichText, Keyboard) {
    let writer = Writer::new(content);
    let words = &content.words;
    let role = writer.plain(words.role(member.role));
    let text = format!("{} · {role}", quotable(&member.who.name));
    let button = |text: &Text, role| Button::Press {
        label: writer.plain(text),
        data: TeamPress::Set(member.who.user, role).data(),
    };
    let roles = Role::WORDS
        .into_iter()
        .filter(|(role, _)| *role != member.role)
        .map(|(role, _)| button(words.role(role), Some(role)));
    let rows = vec![
        roles.collect(),
        vec![button(&words.staff_button_remove, None)],
    ];
    (RichText::plain(text), Keyboard::Inline(rows))
}
