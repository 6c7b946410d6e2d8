//! Patients and staff who do what they like, by a seeded choice.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use psoas_bot::bot_api::{Shown, World};
use serde_json::{Value, json};

/// The group staff are told in.
pub const STAFF_CHAT: i64 = -1_000_000_004_711;
const DANA: i64 = 91;
const LEE: i64 = 92;

/// Patients who write at the same time; one who has written enough makes room
/// for the next, as a patient with a warning card has little left to say.
const AT_ONCE: usize = 16;
/// What one patient does before the next comes.
const ACTS_EACH: Range<u64> = 40..110;
/// With more updates waiting than this, everybody waits for the bot.
const WAITING_MAX: usize = 40;

/// Small talk, answers to typed questions, and what is no answer at all.
const SMALL_TALK: [&str; 10] = [
    "hello there",
    "7",
    "my hip is a bit stiff in the morning",
    "gracias",
    "818 555 0123",
    "👩‍👩‍👧‍👦",
    "<b>bold</b> *stars* _lines_",
    "/book",
    "/help",
    "/settings",
];

/// SplitMix64: the same seed does the same things.
pub struct Dice(pub u64);

impl Dice {
    /// Below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides.max(1)
    }

    /// True in so many of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = usize::try_from(self.roll(of.len() as u64)).ok()?;
        of.get(at)
    }
}

/// An update as the bot will get it.
pub struct Sent {
    /// Its number.
    pub id: i64,
    /// Its JSON.
    pub raw: Value,
}

/// Everybody.
pub struct Crowd {
    world: Arc<Mutex<World>>,
    dice: Dice,
    /// What states a warning.
    phrases: Vec<String>,
    active: VecDeque<(i64, u64)>,
    next_patient: i64,
    newest: i64,
    /// Every update, by chat, in order.
    pub sent: BTreeMap<i64, Vec<Sent>>,
}

/// The world, also after a test's thread panicked.
pub fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Unix seconds.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

/// Whether staff leave this patient alone, so that all that happens to them is
/// what they did themselves, in its order.
pub fn is_witness(chat: i64) -> bool {
    chat % 2 == 0
}

impl Crowd {
    /// Nobody has written yet.
    pub fn new(world: &Arc<Mutex<World>>, seed: u64, phrases: Vec<String>) -> Self {
        let mut told = lock(world);
        told.add_group(STAFF_CHAT, "Staff");
        for (user, name) in [(DANA, "Dana"), (LEE, "Lee")] {
            told.add_person(user, name, None, None);
            told.join(STAFF_CHAT, user);
        }
        drop(told);
        Self {
            world: Arc::clone(world),
            dice: Dice(seed),
            phrases,
            active: VecDeque::new(),
            next_patient: 1000,
            newest: 0,
            sent: BTreeMap::new(),
        }
    }

    /// Somebody does something, unless the bot is far behind.
    pub fn act(&mut self) {
        let world = Arc::clone(&self.world);
        let mut world = lock(&world);
        if world.pending(now()).len() > WAITING_MAX {
            return;
        }
        if self.dice.chance(6) {
            self.staff_act(&mut world);
        } else {
            self.patient_acts(&mut world);
        }
        for raw in world.pending(now()) {
            let Some(id) = raw["update_id"].as_i64().filter(|id| *id > self.newest) else {
                continue;
            };
            self.newest = id;
            let message = match raw.get("callback_query") {
                Some(press) => &press["message"],
                None => &raw["message"],
            };
            let chat = message["chat"]["id"].as_i64().unwrap_or_default();
            self.sent.entry(chat).or_default().push(Sent { id, raw });
        }
    }

    /// Everybody who is still writing asks for the menu, and stops.
    pub fn go_home(&mut self) {
        while let Some((chat, _)) = self.active.pop_front() {
            let world = Arc::clone(&self.world);
            let mut world = lock(&world);
            self.leave(&mut world, chat);
        }
    }

    fn leave(&mut self, world: &mut World, chat: i64) {
        // Nothing is left drafted: the draft's timer would go off later.
        world.say(chat, chat, "/start", now()).unwrap();
        let raw = world.pending(now()).pop().unwrap();
        self.newest = raw["update_id"].as_i64().unwrap();
        let sent = self.sent.entry(chat).or_default();
        sent.push(Sent {
            id: self.newest,
            raw,
        });
    }

    fn patient_acts(&mut self, world: &mut World) {
        if self.active.len() < AT_ONCE {
            self.next_patient += 1;
            let chat = self.next_patient;
            let language = self.dice.pick(&["en", "es", "fr"]).copied();
            world.add_person(chat, "Pat", Some("pat"), language);
            let acts = ACTS_EACH.start + self.dice.roll(ACTS_EACH.end - ACTS_EACH.start);
            self.active.push_back((chat, acts));
            world.say(chat, chat, "/start", now()).unwrap();
            return;
        }
        let at = usize::try_from(self.dice.roll(AT_ONCE as u64)).unwrap();
        let (chat, left) = self.active[at];
        if left == 0 {
            self.active.remove(at);
            self.leave(world, chat);
            return;
        }
        self.active[at].1 -= 1;
        let text = match self.dice.roll(100) {
            0..75 => return self.press(world, chat),
            75..78 => self.dice.pick(&self.phrases).cloned(),
            78..86 => Some("/check".to_owned()),
            86..89 => Some("/start".to_owned()),
            89..91 => Some("/stop".to_owned()),
            91..93 => {
                world
                    .say_with(chat, chat, json!({"voice": true}), now())
                    .unwrap();
                return;
            }
            93..94 => {
                world
                    .share_contact(chat, chat, "+18185550123", now())
                    .unwrap();
                return;
            }
            _ => self.dice.pick(&SMALL_TALK).map(|text| (*text).to_owned()),
        };
        let text = text.unwrap_or_else(|| "hello".to_owned());
        world.say(chat, chat, &text, now()).unwrap();
    }

    /// A button of the newest message, or now and then of an older one.
    fn press(&mut self, world: &mut World, chat: i64) {
        let with_buttons: Vec<(i64, Vec<String>)> = world
            .messages(chat)
            .iter()
            .rev()
            .filter(|shown| shown.from_bot)
            .map(|shown| (shown.message_id, pressable(shown)))
            .filter(|(_, buttons)| !buttons.is_empty())
            .take(4)
            .collect();
        let newest = with_buttons.first().filter(|_| !self.dice.chance(8));
        let Some((message, buttons)) = newest.or(self.dice.pick(&with_buttons)) else {
            world.say(chat, chat, "/check", now()).unwrap();
            return;
        };
        // Most people have none of the signs; else nobody would reach the end.
        let none = buttons
            .iter()
            .find(|data| data.contains(":n") || data.ends_with(":x"))
            .filter(|_| self.dice.chance(60));
        let data = none.or(self.dice.pick(buttons)).unwrap();
        world.press(chat, chat, *message, data, now()).unwrap();
        // A double tap.
        if self.dice.chance(5) {
            world.press(chat, chat, *message, data, now()).unwrap();
        }
    }

    fn staff_act(&mut self, world: &mut World) {
        let cards: Vec<(i64, Vec<String>)> = world
            .messages(STAFF_CHAT)
            .iter()
            .rev()
            .filter(|shown| shown.from_bot)
            .filter(|shown| chat_of_card(&shown.text).is_some_and(|chat| !is_witness(chat)))
            .map(|shown| (shown.message_id, pressable(shown)))
            .filter(|(_, buttons)| !buttons.is_empty())
            .take(12)
            .collect();
        let Some((message, buttons)) = self.dice.pick(&cards) else {
            return;
        };
        let who = if self.dice.chance(50) { DANA } else { LEE };
        let data = self.dice.pick(buttons).unwrap();
        world.press(STAFF_CHAT, who, *message, data, now()).unwrap();
    }
}

/// The patient a staff card tells of.
fn chat_of_card(text: &str) -> Option<i64> {
    let rest = text.split("Telegram chat ").nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Buttons that may be pressed: erasing has a test of its own.
fn pressable(shown: &Shown) -> Vec<String> {
    let buttons = shown.buttons.iter().flatten();
    buttons
        .filter_map(|button| button.data())
        .filter(|data| !data.ends_with(":odelete") && !data.ends_with(":oerase"))
        .map(str::to_owned)
        .collect()
}
