//! What must be true once the bot that was killed so often has come to rest.
//!
//! Three witnesses are heard: the Bot API server's log, the stopped store, and
//! for patients whom staff left alone a second bot in memory that took the same
//! updates and was never killed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use psoas_bot::app::clerk::{Clerk, Job};
use psoas_bot::app::library::Library;
use psoas_bot::app::outbox::{Around, resolve};
use psoas_bot::app::records::{InboxRow, Keys, Piece, Raw};
use psoas_bot::bot_api::{Call, World};
use psoas_bot::channel::telegram::wire;
use psoas_bot::content::{Content, Text};
use psoas_bot::dialog::{Conversation, Weight};
use psoas_bot::free_text::hear;
use psoas_bot::ids::{BotId, ChatId, FlagId, Lang, PatientText, Timestamp};
use psoas_bot::staff::Case;
use psoas_bot::store::memory::MemoryDisk;
use psoas_bot::store::{Kind, Ledger};
use psoas_bot::triage::Level;
use serde_json::Value;

use super::crowd::{STAFF_CHAT, Sent, is_witness, now};

/// After this long a case that nobody took brings word to its patient.
const FIRST_RUNG: Duration = Duration::from_secs(5 * 60);

/// Everything the verdict looks at.
pub struct Evidence<'a> {
    pub bot: i64,
    pub library: &'a Arc<Library>,
    pub world: &'a World,
    pub ledger: &'a Ledger,
    pub sent: &'a BTreeMap<i64, Vec<Sent>>,
    /// How long the bot lived, with all its deaths.
    pub lasted: Duration,
}

/// What a test prints when all is well.
#[derive(Debug, Default)]
pub struct Counts {
    pub patients: usize,
    pub updates: usize,
    pub cases: usize,
    pub replayed: usize,
    pub messages: usize,
    pub repeats: usize,
    pub labelled: usize,
}

/// One message a bot sent, without how it was formatted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    text: String,
    markup: String,
}

/// What a bot that was never killed makes of the same updates.
struct Replay {
    conversation: Option<Value>,
    said: Vec<(Said, Weight)>,
    /// Level and flags of each case.
    cases: Vec<(Level, BTreeSet<FlagId>)>,
}

impl Evidence<'_> {
    /// Everything that is not as it must be.
    pub fn judge(&self) -> (Counts, Vec<String>) {
        let mut counts = Counts {
            patients: self.sent.keys().filter(|chat| **chat > 0).count(),
            updates: self.sent.values().map(Vec::len).sum(),
            ..Counts::default()
        };
        let mut wrong = Vec::new();
        let cases = self.cases();
        counts.cases = cases.values().map(Vec::len).sum();
        self.nothing_waits(&mut wrong);
        self.each_was_taken(&mut wrong);
        self.each_warning_has_its_case(&cases, &mut wrong);
        self.each_case_was_told(&cases, &mut wrong);
        self.no_card_comes_twice_without_saying_so(&mut wrong);
        let mut undecided = 0;
        for (chat, sent) in self.sent.iter().filter(|(chat, _)| **chat > 0) {
            self.questions_repeat_with_one_token(*chat, &mut wrong);
            if is_witness(*chat) {
                match self.same_as_never_killed(*chat, sent, &cases, &mut counts, &mut wrong) {
                    Compared::Yes => counts.replayed += 1,
                    Compared::DependsOnTheSecond => undecided += 1,
                }
            }
        }
        if undecided * 4 > counts.replayed {
            wrong.push(format!("{undecided} replays depend on the second"));
        }
        (counts, wrong)
    }

    fn content(&self) -> &Content {
        self.library.newest()
    }

    fn cases(&self) -> BTreeMap<i64, Vec<Case>> {
        let mut cases: BTreeMap<i64, Vec<Case>> = BTreeMap::new();
        self.ledger
            .scan(BotId(self.bot), None, Some(Kind::Case), &mut |_, row| {
                let case: Case = row.json().unwrap();
                cases.entry(case.chat.0).or_default().push(case);
            })
            .unwrap();
        cases
    }

    /// Inbox and outbox are empty; nothing was put aside or given up.
    fn nothing_waits(&self, wrong: &mut Vec<String>) {
        let mut each = |key: psoas_bot::store::Key, _: psoas_bot::store::Row<'_>| {
            if matches!(key.kind(), Kind::Inbox | Kind::Outbox | Kind::Note) {
                wrong.push(format!("a row still waits: {key:?} of chat {}", key.chat()));
            }
        };
        self.ledger
            .scan(BotId(self.bot), None, None, &mut each)
            .unwrap();
    }

    /// Every update has its mark in the store, and no other has.
    fn each_was_taken(&self, wrong: &mut Vec<String>) {
        let mut marked: BTreeSet<(i64, i64)> = BTreeSet::new();
        self.ledger
            .scan(BotId(self.bot), None, Some(Kind::Seen), &mut |key, _| {
                let number = key.tail().last_chunk::<8>().unwrap();
                marked.insert((key.chat().0, i64::from_be_bytes(*number)));
            })
            .unwrap();
        let sent: BTreeSet<(i64, i64)> = self
            .sent
            .iter()
            .flat_map(|(chat, sent)| sent.iter().map(|one| (*chat, one.id)))
            .collect();
        for (chat, id) in sent.symmetric_difference(&marked).take(5) {
            wrong.push(format!(
                "update {id} of chat {chat} is not marked as taken, or nobody sent it"
            ));
        }
    }

    /// Whoever stated an emergency has a case with that flag, whether by typed
    /// words or by a list whose answer the bot wrote under it.
    fn each_warning_has_its_case(&self, cases: &BTreeMap<i64, Vec<Case>>, wrong: &mut Vec<String>) {
        let content = self.content();
        let is_emergency = |flag: &FlagId| {
            let rule = content.rules.flags.get(flag);
            rule.is_some_and(|rule| rule.level == Level::EmergencyNow)
        };
        for (chat, sent) in self.sent.iter().filter(|(chat, _)| **chat > 0) {
            let mut stated: BTreeSet<FlagId> = BTreeSet::new();
            for text in sent
                .iter()
                .filter_map(|one| one.raw["message"]["text"].as_str())
            {
                let text = PatientText::new(text.to_owned());
                let heard = hear(&content.hearing, &content.rules, &text);
                stated.extend(heard.flags().filter(|flag| is_emergency(flag)).cloned());
            }
            for shown in self
                .world
                .messages(*chat)
                .iter()
                .filter(|shown| shown.from_bot)
            {
                let answers = shown
                    .text
                    .lines()
                    .filter_map(|line| line.strip_prefix("→ "));
                for answer in answers.flat_map(|line| line.split(" · ")) {
                    let named = content.flags.iter().find(|(flag, known)| {
                        is_emergency(flag)
                            && Lang::ALL
                                .iter()
                                .any(|lang| known.button.render(*lang, content).text == answer)
                    });
                    stated.extend(named.map(|(flag, _)| flag.clone()));
                }
            }
            let told: BTreeSet<&FlagId> = cases
                .get(chat)
                .into_iter()
                .flatten()
                .flat_map(|case| case.flags.iter().map(|flag| &flag.flag))
                .collect();
            for flag in stated.iter().filter(|flag| !told.contains(flag)) {
                wrong.push(format!("chat {chat} stated {flag} and no case has it"));
            }
            let warned = self.sends(*chat).any(|(call, _)| {
                let markup = call.payload["reply_markup"].to_string();
                markup.contains("\"card:")
            });
            if !stated.is_empty() && !warned {
                wrong.push(format!("chat {chat} stated an emergency and got no card"));
            }
        }
    }

    /// Every case has a card in the staff chat, at its level.
    fn each_case_was_told(&self, cases: &BTreeMap<i64, Vec<Case>>, wrong: &mut Vec<String>) {
        let content = self.content();
        let told: BTreeSet<String> = self
            .sends(STAFF_CHAT)
            .map(|(_, (said, _))| said.text.lines().next().unwrap_or_default().to_owned())
            .collect();
        for case in cases.values().flatten() {
            if case.private && !case.asks_call {
                continue;
            }
            let words = &content.words;
            let level = if case.private {
                &words.staff_private
            } else if case.level == Level::Clear {
                &words.staff_asks_call
            } else {
                words.level(case.level)
            };
            let level = level.render(Lang::En, content).text;
            let title = format!("Case {} · {level}", case.number);
            if !told.contains(&title) {
                wrong.push(format!("staff never got {title:?}"));
            }
        }
    }

    /// A staff card that comes again at the same level says that it may be a
    /// repeat. A patient who then asks for a call is news, and so is one whose
    /// case staff had cleared or dealt with. On a slow machine the ladder may post a card again:
    /// it says so in a line of its own.
    fn no_card_comes_twice_without_saying_so(&self, wrong: &mut Vec<String>) {
        let mut fresh: HashMap<(String, Vec<String>), Vec<String>> = HashMap::new();
        let rung = self
            .library
            .newest()
            .words
            .staff_rung_unclaimed
            .plain(Lang::En);
        let rung = rung.split("{level}").last().unwrap_or_default();
        let mut rungs: HashMap<String, usize> = HashMap::new();
        let words = &self.library.newest().words;
        let outcomes = [
            &words.staff_did_reach,
            &words.staff_did_not_reach,
            &words.staff_did_refer,
            &words.staff_did_false_alarm,
            &words.staff_did_clear,
        ]
        .map(|text| text.plain(Lang::En).replace("{name}", ""));
        for (_, (said, label)) in self.sends(STAFF_CHAT) {
            let title = said.text.lines().next().unwrap_or_default().to_owned();
            if let Some(title) = title.strip_suffix(rung) {
                *rungs.entry(title.to_owned()).or_default() += 1;
                continue;
            }
            // Where somebody was on it, another sign alerts again.
            let is_sign = |line: &str| line.starts_with("• ");
            let news = said
                .text
                .lines()
                .filter(|line| {
                    is_sign(line)
                        || line.contains("asks for a call")
                        || line.starts_with("Phone:")
                        // Staff had cleared it: stated again, it is new.
                        || line.starts_with("Moves allowed again")
                        // Staff had dealt with it, or cleared what is now stated
                        // again: a new sign alerts again.
                        || outcomes.iter().any(|outcome| line.ends_with(outcome))
                })
                .map(str::to_owned)
                .collect();
            // An answer to staff, or a question of theirs, is no card: asked twice, it
            // comes twice.
            if label == Label::None && title.contains(" · ") {
                fresh.entry((title, news)).or_default().push(said.text);
            }
        }
        for ((title, _), texts) in fresh {
            let count = texts.len();
            let expected = 1 + rungs.get(&title).copied().unwrap_or_default();
            if count <= expected {
                continue;
            }
            let texts = texts.join("\n  ---\n");
            wrong.push(format!(
                "{title:?} came {count} times as if it were new:\n{texts}"
            ));
        }
    }

    /// A question may come twice; then both copies have the same buttons.
    fn questions_repeat_with_one_token(&self, chat: i64, wrong: &mut Vec<String>) {
        let mut texts: HashMap<i64, BTreeSet<String>> = HashMap::new();
        for (call, (said, _)) in self.sends(chat) {
            let markup = call.payload["reply_markup"].to_string();
            if let Some(token) = token_of(&markup) {
                texts.entry(token).or_default().insert(said.text);
            }
        }
        for (token, texts) in texts {
            // A screen shown again has its ticks in the buttons, and a lead.
            let ends: BTreeSet<&str> = texts
                .iter()
                .filter_map(|text| text.rsplit("\n\n").next())
                .collect();
            if ends.len() > 1 {
                wrong.push(format!(
                    "token {token} of chat {chat} stands under {} questions",
                    ends.len()
                ));
            }
        }
    }

    /// Messages that arrived, oldest first.
    fn sends(&self, chat: i64) -> impl Iterator<Item = (&Call, (Said, Label))> {
        let log = self.world.log().iter();
        log.filter(move |call| call.chat == Some(chat) && call.status == 200)
            .filter_map(|call| Some((call, self.said(&call.method, &call.payload)?)))
    }

    fn said(&self, method: &str, payload: &Value) -> Option<(Said, Label)> {
        let text = match method.to_ascii_lowercase().as_str() {
            "sendmessage" => payload["text"].as_str()?,
            "sendcontact" => payload["phone_number"].as_str()?,
            _ => return None,
        };
        let (text, label) = unlabelled(self.content(), text);
        let said = Said {
            text: text.to_owned(),
            markup: payload["reply_markup"].to_string(),
        };
        Some((said, label))
    }

    fn same_as_never_killed(
        &self,
        chat: i64,
        sent: &[Sent],
        cases: &BTreeMap<i64, Vec<Case>>,
        counts: &mut Counts,
        wrong: &mut Vec<String>,
    ) -> Compared {
        // Questions are numbered on from the time of the first turn.
        let numbered = |said: &Said| token_of(&said.markup);
        let first = self.sends(chat).find_map(|(_, (said, _))| numbered(&said));
        let start = now();
        let guess = self.replay(chat, sent, start, 0);
        let guessed = guess.said.iter().find_map(|(said, _)| numbered(said));
        let off = first.unwrap_or_default() - guessed.unwrap_or_default();
        let replay = self.replay(chat, sent, start + off, 0);
        let slower = self.replay(chat, sent, start + off, 2);
        // Whether two turns fell into one second is chance, and may matter.
        if replay.conversation != slower.conversation || replay.cases != slower.cases {
            return Compared::DependsOnTheSecond;
        }
        let stored = self
            .ledger
            .read::<Conversation>(&Keys(BotId(self.bot)).conversation(ChatId(chat)))
            .unwrap()
            .map(|(conversation, _)| without_times(&conversation));
        if stored != replay.conversation {
            wrong.push(format!(
                "chat {chat} stands elsewhere than without kills:\n  {stored:?}\n  {:?}",
                replay.conversation
            ));
        }
        let own = cases.get(&chat).map(Vec::as_slice).unwrap_or_default();
        if own.iter().map(outline).collect::<Vec<_>>() != replay.cases {
            wrong.push(format!(
                "chat {chat} has other cases than without kills: {:?} and not {:?}",
                own.iter().map(outline).collect::<Vec<_>>(),
                replay.cases
            ));
        }
        self.same_messages(chat, &replay, counts, wrong);
        Compared::Yes
    }

    /// Every message came, in order. One that came before may come again, and a
    /// warning then says so.
    ///
    /// The same words may be due twice, so all readings are followed at once:
    /// each is the number of messages that are known to have come.
    fn same_messages(
        &self,
        chat: i64,
        replay: &Replay,
        counts: &mut Counts,
        wrong: &mut Vec<String>,
    ) {
        let wanted = &replay.said;
        let mut readings = BTreeSet::from([0]);
        let mut came = 0;
        for (_, (said, label)) in self.sends(chat) {
            if self.is_rung(&said) || self.is_arrival(&said) {
                continue;
            }
            let said = self.as_on_its_way(said);
            came += 1;
            counts.labelled += usize::from(label == Label::Repeat);
            let may_repeat = |(known, weight): &(Said, Weight)| {
                *known == said && (*weight != Weight::Warning || label == Label::Repeat)
            };
            let mut after = BTreeSet::new();
            for reading in &readings {
                if wanted.get(*reading).is_some_and(|(next, _)| *next == said) {
                    after.insert(reading + 1);
                }
                if wanted[..*reading].iter().any(may_repeat) {
                    after.insert(*reading);
                }
            }
            if after.is_empty() {
                let due: Vec<_> = readings.iter().map(|at| wanted.get(*at)).collect();
                wrong.push(format!(
                    "chat {chat} got, {label:?}, what it should not: {said:?}\n  due was {due:?}"
                ));
                return;
            }
            readings = after;
        }
        if !readings.contains(&wanted.len()) {
            wrong.push(format!(
                "chat {chat} got only {readings:?} of {} messages",
                wanted.len()
            ));
        }
        counts.messages += wanted.len();
        counts.repeats += came - wanted.len().min(came);
    }

    /// On a slow machine the ladder climbs: nobody has seen the note yet. Between which
    /// two messages is the clock's doing.
    fn is_rung(&self, said: &Said) -> bool {
        let content = self.content();
        let words = &content.words;
        let tried = [
            &words.staff_tried_owners,
            &words.staff_tried_second,
            &words.staff_tried_team,
            &words.staff_tried_on,
        ];
        let is_said = |lang: Lang| {
            let again = |tried: &&Text| {
                let tried = tried.render(lang, content).text;
                let values = [("tried", tried.as_str())];
                content.fill(&words.staff_unseen_again, lang, &values).text == said.text
            };
            words.staff_unseen.render(lang, content).text == said.text || tried.iter().any(again)
        };
        self.lasted >= FIRST_RUNG && Lang::ALL.into_iter().any(is_said)
    }

    /// That a card has arrived is told when it has: between which two messages
    /// is the network's doing.
    fn is_arrival(&self, said: &Said) -> bool {
        let content = self.content();
        let mut langs = Lang::ALL.iter();
        langs.any(|lang| content.words.staff_delivered.render(*lang, content).text == said.text)
    }

    /// A card that is said again says by then that the note has arrived: for the bot that
    /// is never killed none ever does.
    fn as_on_its_way(&self, said: Said) -> Said {
        let content = self.content();
        let words = &content.words;
        let text = Lang::ALL.iter().fold(said.text, |text, lang| {
            let arrived = words.staff_delivered.render(*lang, content).text;
            text.replace(&arrived, &words.staff_told.render(*lang, content).text)
        });
        Said { text, ..said }
    }

    fn replay(&self, chat: i64, sent: &[Sent], start: i64, seconds_each: i64) -> Replay {
        let (ledger, _) = MemoryDisk::default().open().unwrap();
        let clerk = Clerk::new(
            ledger.clone(),
            Arc::clone(self.library),
            BotId(self.bot),
            super::BOT_NAME,
            Some(ChatId(STAFF_CHAT)),
            0,
        );
        let mut at = Timestamp(start);
        let mut said = Vec::new();
        for one in sent {
            let job = Job::Row {
                sequence: clerk.next_sequence(),
                row: InboxRow::Update {
                    raw: Raw(one.raw.to_string()),
                    at,
                    tries: 0,
                },
            };
            let prepared = clerk.prepare(ChatId(chat), &job, at).unwrap();
            ledger.commit_blocking(prepared.commit).unwrap();
            at = at.plus_seconds(seconds_each);
            for (to, _, row) in prepared.messages {
                if to != ChatId(chat) || matches!(row.piece, Piece::Edit { .. }) {
                    continue;
                }
                for outgoing in resolve(self.content(), to, &row, &Around::default()) {
                    let (method, payload) = wire(&outgoing).unwrap();
                    let (one, _) = self.said(method, &payload).unwrap();
                    said.push((one, row.weight));
                }
            }
        }
        let mut cases = Vec::new();
        let keys = Keys(BotId(self.bot));
        ledger
            .scan(
                keys.0,
                Some(ChatId(chat)),
                Some(Kind::Case),
                &mut |_, row| {
                    cases.push(outline(&row.json::<Case>().unwrap()));
                },
            )
            .unwrap();
        let conversation = clerk.conversation(ChatId(chat)).unwrap();
        Replay {
            conversation: conversation.map(|(conversation, _)| without_times(&conversation)),
            said,
            cases,
        }
    }
}

enum Compared {
    Yes,
    DependsOnTheSecond,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    None,
    Repeat,
}

/// A text without the words that say it may be a repeat.
fn unlabelled<'t>(content: &Content, text: &'t str) -> (&'t str, Label) {
    let words = &content.words;
    let marks = Lang::ALL.iter().flat_map(|lang| {
        let plain = words.repeat_mark.render(*lang, content).text;
        let numbered = words.repeat_mark_n.render(*lang, content).text;
        // "(repeat {n})" up to its number.
        let numbered = numbered
            .split(['{', ')'])
            .next()
            .unwrap_or_default()
            .to_owned();
        [plain, numbered]
    });
    for mark in marks.filter(|mark| !mark.is_empty()) {
        if text.starts_with(&mark)
            && let Some((_, rest)) = text.split_once("\n\n")
        {
            return (rest, Label::Repeat);
        }
    }
    (text, Label::None)
}

/// The token of the first button that has one.
fn token_of(markup: &str) -> Option<i64> {
    let mut parts = markup.split("\"callback_data\":\"").skip(1);
    parts.find_map(|part| {
        let (token, _) = part.split_once(':')?;
        token.parse().ok()
    })
}

fn outline(case: &Case) -> (Level, BTreeSet<FlagId>) {
    let flags = case.flags.iter().map(|flag| flag.flag.clone());
    (case.level, flags.collect())
}

/// A conversation, every moment in it replaced by one word.
fn without_times(conversation: &Conversation) -> Value {
    fn erase(value: &mut Value) {
        /// The first billion seconds ended in 2001.
        const MOMENT_MIN: i64 = 1_000_000_000;
        match value {
            Value::Number(number) if number.as_i64().is_some_and(|n| n > MOMENT_MIN) => {
                *value = Value::String("then".to_owned());
            }
            Value::Array(items) => items.iter_mut().for_each(erase),
            Value::Object(fields) => fields.values_mut().for_each(erase),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut value = serde_json::to_value(conversation).unwrap();
    erase(&mut value);
    value
}
