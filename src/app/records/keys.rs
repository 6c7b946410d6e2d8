//! Under which key each record is stored, and whose key seals it.

use super::{CLINIC, OutboxRow, ShownAs};
use crate::ids::{BotId, CaseNumber, ChatId, MessageId, Revision, UserId};
use crate::store::{Key, Kind};

/// What the key of an undelivered message begins with.
const UNDELIVERED: &[u8] = b"dead";

/// Makes keys for one bot.
#[derive(Debug, Clone, Copy)]
pub struct Keys(pub BotId);

impl Keys {
    /// A patient's conversation.
    #[must_use]
    pub fn conversation(self, chat: ChatId) -> Key {
        Key::new(self.0, chat, Kind::Conversation, &[])
    }

    /// Something that waits to be turned.
    #[must_use]
    pub fn inbox(self, chat: ChatId, sequence: u64) -> Key {
        Key::new(self.0, chat, Kind::Inbox, &sequence.to_be_bytes())
    }

    /// An update that was taken on `day` (days since 1970).
    #[must_use]
    pub fn seen(self, chat: ChatId, day: u32, update: i64) -> Key {
        let mut tail = day.to_be_bytes().to_vec();
        tail.extend(update.to_be_bytes());
        Key::new(self.0, chat, Kind::Seen, &tail)
    }

    /// Something to send.
    #[must_use]
    pub fn outbox(self, chat: ChatId, sequence: u64) -> Key {
        Key::new(self.0, chat, Kind::Outbox, &sequence.to_be_bytes())
    }

    /// A timer; one of each kind.
    #[must_use]
    pub fn due(self, chat: ChatId, kind: u8) -> Key {
        Key::new(self.0, chat, Kind::Due, &[kind])
    }

    /// Where a message that can be edited is found.
    #[must_use]
    pub fn shown(self, chat: ChatId, shown: ShownAs) -> Key {
        let tail = match shown {
            ShownAs::Question(token) => [&b"q"[..], &u64::from(token.0).to_be_bytes()].concat(),
            ShownAs::Join(user) => [&b"j"[..], &user.0.to_be_bytes()].concat(),
            ShownAs::Passed { from, message } => {
                [&b"p"[..], &from.0.to_be_bytes(), &message.0.to_be_bytes()].concat()
            }
            ShownAs::Topic(number) => [&b"t"[..], &number.0.to_be_bytes()].concat(),
            ShownAs::Answers(number) => [&b"a"[..], &number.0.to_be_bytes()].concat(),
            ShownAs::Drill(at) => [&b"r"[..], &at.0.to_be_bytes()].concat(),
            ShownAs::Care(number) => [&b"d"[..], &number.0.to_be_bytes()].concat(),
            ShownAs::Case(number) => [&b"c"[..], &number.0.to_be_bytes()].concat(),
        };
        Key::new(self.0, chat, Kind::Shown, &tail)
    }

    /// The case whose card a message shows: replies are routed by it.
    #[must_use]
    pub fn card_at(self, chat: ChatId, message: MessageId) -> Key {
        let tail = [&b"m"[..], &message.0.to_be_bytes()].concat();
        Key::new(self.0, chat, Kind::Shown, &tail)
    }

    /// A message of a case that is not its card: what the bot has brought to the staff
    /// chat of a patient, or said there of them.
    #[must_use]
    pub fn said_of(self, chat: ChatId, case: CaseNumber, message: MessageId) -> Key {
        let tail = [&b"w"[..], &case.0.to_be_bytes(), &message.0.to_be_bytes()].concat();
        Key::new(self.0, chat, Kind::Shown, &tail)
    }

    /// The message of such a row, where it is of this case.
    #[must_use]
    pub fn message_said_of(key: &Key, case: CaseNumber) -> Option<MessageId> {
        let head = [&b"w"[..], &case.0.to_be_bytes()].concat();
        let message = key.tail().strip_prefix(head.as_slice())?;
        let is_one = key.kind() == Kind::Shown;
        let message = message.try_into().ok().filter(|_| is_one)?;
        Some(MessageId(i64::from_be_bytes(message)))
    }

    /// Whether a row of the staff chat says where something of this patient stands.
    #[must_use]
    pub fn is_passed_from(key: &Key, patient: ChatId) -> bool {
        let head = [&b"p"[..], &patient.0.to_be_bytes()].concat();
        key.kind() == Kind::Shown && key.tail().starts_with(&head)
    }

    /// The case that somebody on staff wrote a message for: what they change in
    /// it follows to the patient.
    #[must_use]
    pub fn said_at(self, chat: ChatId, message: MessageId) -> Key {
        let tail = [&b"s"[..], &message.0.to_be_bytes()].concat();
        Key::new(self.0, chat, Kind::Shown, &tail)
    }

    /// A case, beside its patient.
    #[must_use]
    pub fn case(self, chat: ChatId, number: CaseNumber) -> Key {
        Key::new(self.0, chat, Kind::Case, &number.0.to_be_bytes())
    }

    /// The patient a case number belongs to.
    #[must_use]
    pub fn case_index(self, number: CaseNumber) -> Key {
        Key::new(self.0, CLINIC, Kind::CaseIndex, &number.0.to_be_bytes())
    }

    /// The open case of a patient.
    #[must_use]
    pub fn open_case(self, chat: ChatId) -> Key {
        Key::new(self.0, chat, Kind::CaseIndex, b"open")
    }

    /// The last case number given.
    #[must_use]
    pub fn case_counter(self) -> Key {
        Key::new(self.0, CLINIC, Kind::Counter, b"case")
    }

    /// The wordless lock left by /delete.
    #[must_use]
    pub fn lock(self, hash: &[u8; 16]) -> Key {
        Key::new(self.0, CLINIC, Kind::Lock, hash)
    }

    /// A piece of a script that somebody may still walk in.
    #[must_use]
    pub fn script(self, revision: &str, part: u16) -> Key {
        let tail = [revision.as_bytes(), &part.to_be_bytes()].concat();
        Key::new(self.0, CLINIC, Kind::Content, &tail)
    }

    /// A row of the audit log.
    #[must_use]
    pub fn audit(self, number: u64) -> Key {
        Key::new(self.0, CLINIC, Kind::Audit, &number.to_be_bytes())
    }

    /// The number and hash of the audit log's newest row.
    #[must_use]
    pub fn audit_head(self) -> Key {
        Key::new(self.0, CLINIC, Kind::Counter, b"audit")
    }

    /// The number and hash of the newest row that the audit log no longer keeps.
    #[must_use]
    pub fn audit_base(self) -> Key {
        Key::new(self.0, CLINIC, Kind::Counter, b"audit-base")
    }

    /// What one turn counted.
    #[must_use]
    pub fn numbers_of_turn(self, day: u32, sequence: u64) -> Key {
        let tail = [&b"n"[..], &day.to_be_bytes(), &sequence.to_be_bytes()].concat();
        Key::new(self.0, CLINIC, Kind::Counter, &tail)
    }

    /// What was counted of a day.
    #[must_use]
    pub fn numbers_of_day(self, day: u32) -> Key {
        let tail = [&b"n"[..], &day.to_be_bytes()].concat();
        Key::new(self.0, CLINIC, Kind::Counter, &tail)
    }

    /// The day of a row of counts; none for other rows.
    #[must_use]
    pub fn day_of_numbers(key: &Key) -> Option<u32> {
        /// With the sequence of a turn, and without.
        const TAILS: [usize; 2] = [13, 5];
        let tail = key.tail();
        let day = tail.strip_prefix(b"n")?.first_chunk::<4>()?;
        let is_one = key.kind() == Kind::Counter && TAILS.contains(&tail.len());
        is_one.then(|| u32::from_be_bytes(*day))
    }

    /// A message that could not be delivered.
    #[must_use]
    pub fn undelivered(self, chat: ChatId, sequence: u64) -> Key {
        let tail = [UNDELIVERED, &sequence.to_be_bytes()].concat();
        Key::new(self.0, chat, Kind::Note, &tail)
    }

    /// Somebody asks to join the team.
    #[must_use]
    pub fn join(self, user: UserId) -> Key {
        self.single(&format!("join/{user}"))
    }

    /// The file that Telegram keeps of a drawing for this bot.
    #[must_use]
    pub fn drawing(self, drawing: &Revision) -> Key {
        let tail = format!("drawing/{drawing}");
        Key::new(self.0, CLINIC, Kind::Meta, tail.as_bytes())
    }

    /// One of the app's single rows.
    #[must_use]
    pub fn single(self, name: &str) -> Key {
        Key::new(self.0, CLINIC, Kind::Meta, format!("app/{name}").as_bytes())
    }
}

/// The key that seals a case: its own, so that it outlives the patient's
/// erasure until it closes.
#[must_use]
pub fn case_subject(number: CaseNumber) -> ChatId {
    ChatId(i64::MIN.saturating_add(i64::try_from(number.0).unwrap_or(i64::MAX)))
}

/// The key that seals something which waits to be turned and is to leave nothing
/// behind: it goes with its turn.
#[must_use]
pub fn passing_subject(sequence: u64) -> ChatId {
    // Between the cases' numbers and those that Telegram gives.
    const FIRST: i64 = i64::MIN / 2;
    ChatId(FIRST.saturating_add(i64::try_from(sequence).unwrap_or(i64::MAX)))
}

/// The key that seals an update. What comes from a group may quote any patient
/// (a press brings the whole card along), so it has a key that goes with it.
#[must_use]
pub fn update_subject(chat: ChatId, sequence: u64) -> ChatId {
    if chat.0 < 0 {
        passing_subject(sequence)
    } else {
        chat
    }
}

/// The key that seals a message: its case's, or that of the chat it goes to.
#[must_use]
pub fn message_subject(chat: ChatId, row: &OutboxRow) -> ChatId {
    match row.case {
        Some(case) => case_subject(case),
        None if chat.0 < 0 => CLINIC,
        None => chat,
    }
}

/// A sequence of a key's tail.
#[must_use]
pub fn sequence_of(key: &Key) -> u64 {
    key.tail().try_into().map_or(0, u64::from_be_bytes)
}

/// The sequence of an undelivered message; none for other notes.
#[must_use]
pub fn sequence_of_note(key: &Key) -> Option<u64> {
    let sequence = key.tail().strip_prefix(UNDELIVERED)?;
    Some(u64::from_be_bytes(sequence.try_into().ok()?))
}
