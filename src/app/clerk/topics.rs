//! Topics of the staff chat: each open case has its own, where its group has
//! topics. It closes with its case and opens again with it.

use super::draft::{Draft, Telling};
use super::{Clerk, TurnError};
use crate::app::audit::Noted;
use crate::app::cards;
use crate::app::records::{CLINIC, OutboxRow, Piece};
use crate::channel::{Incoming, TopicChange};
use crate::content::Content;
use crate::dialog::Weight;
use crate::ids::{CaseNumber, ChatId, MessageId, Timestamp};
use crate::staff::{Case, Role};
use crate::store::{CommitError, ReadError};

/// Owners read once in so long that the bot may open no topics.
const TELL_AGAIN_SECONDS: i64 = 24 * 60 * 60;

impl Clerk {
    /// The case that something in the staff chat belongs to: the one whose
    /// message it answers, or the one in whose topic it stands. None when these
    /// are two.
    pub(super) fn case_of(&self, incoming: &Incoming) -> Result<Option<CaseNumber>, ReadError> {
        let Some(chat) = incoming.chat else {
            return Ok(None);
        };
        // What answers nothing in a topic answers its first message.
        let first = incoming.topic.map(|topic| MessageId(topic.0));
        let here = self.case_at(chat, first)?;
        // A card of the group from before it moved still says whose it is.
        if let (None, Some((other, card))) = (here, incoming.reply_elsewhere)
            && self.moved_from()? == Some(other)
        {
            return self.case_at(other, Some(card));
        }
        match incoming.reply_to {
            Some(answered) if Some(answered) != first => {
                let answered = self.case_at(chat, Some(answered))?;
                let is_one = here.is_none() || here == answered;
                Ok(answered.filter(|_| is_one))
            }
            Some(_) | None => Ok(here),
        }
    }

    /// What became of a case's topic.
    pub(super) fn prepare_topic(
        &self,
        number: CaseNumber,
        stands: bool,
        draft: &mut Draft<'_>,
    ) -> Result<(), TurnError> {
        let content = std::sync::Arc::clone(self.library.newest());
        if stands {
            if let Some((case, _)) = self.case(number)? {
                draft.send_card(&content, &case, Telling::PostSilently)?;
            }
            return draft.audit(&Noted {
                who: None,
                what: "topic.opened",
                case: Some(number),
            });
        }
        let key = self.keys.single("topics-refused");
        let told = self.ledger.read::<Timestamp>(&key)?;
        let lately = told.is_some_and(|(at, _)| draft.now.seconds_since(at) < TELL_AGAIN_SECONDS);
        if lately {
            return Ok(());
        }
        draft.put(key, CLINIC, &draft.now.clone())?;
        draft.audit(&Noted {
            who: None,
            what: "topic.refused",
            case: Some(number),
        })?;
        let (roster, _) = self.roster()?;
        let owners = roster.members().iter();
        for owner in owners.filter(|one| one.role == Role::Owner) {
            let lang = content.clinic.staff_language;
            let text = content.words.staff_no_topics.render(lang, &*content);
            draft.say(ChatId(owner.who.user.0), CLINIC, lang, text)?;
        }
        Ok(())
    }
}

impl Draft<'_> {
    /// What the topic of a case is called; none where it has none.
    pub(super) fn topic_of(&self, content: &Content, case: &Case) -> Option<String> {
        // A private case is a number in a list.
        let has_one = self.has_topics() && !case.is_hidden();
        has_one.then(|| cards::topic_name(content, case))
    }

    /// Changes the topic of a case, if there is one.
    pub(super) fn change_topic(
        &mut self,
        content: &Content,
        case: &Case,
        change: TopicChange,
    ) -> Result<(), CommitError> {
        let (Some(staff_chat), Some(name)) = (self.staff_chat(), self.topic_of(content, case))
        else {
            return Ok(());
        };
        let lang = content.clinic.staff_language;
        let mut row = OutboxRow::of_case(case.number, Piece::Topic(change), lang);
        row.weight = Weight::Talk;
        row.topic = Some(name);
        // A number and a level; the case's own key may be about to go.
        self.send(staff_chat, CLINIC, row)
    }

    /// The topic of a case is called what the case has become.
    pub(super) fn name_topic(&mut self, content: &Content, case: &Case) -> Result<(), CommitError> {
        match self.topic_of(content, case) {
            Some(name) => self.change_topic(content, case, TopicChange::Named(name)),
            None => Ok(()),
        }
    }
}
