//! `hearing/*.yaml`: what typed words state, each sign with its examples.

use std::collections::BTreeMap;

use super::WEIGHTS_FILE;
use super::build::{Builder, place};
use super::diagnostic::{Place, did_you_mean};
use super::model::Flag;
use super::must_hear;
use super::raw::{self, Name};
use crate::free_text::{
    BesideSource, ClassSource, Cue, Hearing, HearingError, HearingSource, Learned, Role,
    SignSource, Sureness, Written, hear,
};
use crate::ids::{FlagId, PatientText};
use crate::triage::Rules;

/// Words that state one flag and no other.
pub(super) type Examples = BTreeMap<FlagId, String>;

/// An example, and what it must do.
struct Example {
    flag: FlagId,
    place: Place,
    text: PatientText,
    wanted: Wanted,
}

/// What an example must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Matches,
    Asks,
    Not,
}

/// Gathers what the files say, and where each part of it stands.
#[derive(Default)]
struct Gathered {
    source: HearingSource,
    places: Vec<Place>,
    examples: Vec<Example>,
}

impl Gathered {
    fn written(&mut self, file: &str, name: &Name) -> Written {
        self.places.push(place(file, name));
        Written {
            text: name.value.clone(),
            place: self.places.len() - 1,
        }
    }

    fn all(&mut self, file: &str, names: &[Name]) -> Vec<Written> {
        names.iter().map(|name| self.written(file, name)).collect()
    }

    fn both(&mut self, file: &str, en: &Option<Name>, es: &Option<Name>) -> Vec<Written> {
        let lists = en.iter().chain(es);
        lists.map(|list| self.written(file, list)).collect()
    }

    fn role(&mut self, file: &str, role: Role, words: &raw::Words) {
        let lists = self.both(file, &words.en, &words.es);
        self.source.cues.roles.push((role, lists));
    }

    fn take_words(&mut self, file: &str, part: &raw::Hearing) {
        for (name, class) in &part.classes.0 {
            let class = ClassSource {
                name: name.value.clone(),
                words: self.both(file, &class.en, &class.es),
                also: self.all(file, &class.also),
                negative: class.negative,
            };
            self.source.words.classes.push(class);
        }
        for (from, to) in &part.respell.0 {
            let from = self.written(file, from);
            self.source.words.respell.push((from, to.clone()));
        }
        let beside = part.respell_beside.iter().map(|one| BesideSource {
            from: one.from.clone(),
            to: one.to.clone(),
            after: one.after.clone(),
            before: one.before.clone(),
        });
        self.source.words.respell_beside.extend(beside);
        self.source.words.numbers.extend(part.numbers.clone());
        let common = self.all(file, &part.common);
        self.source.words.common.extend(common);
        for (_, list) in &part.read.0 {
            let list = self.written(file, list);
            self.source.words.read.push(list);
        }
        for (_, list) in &part.foreign.0 {
            let list = self.written(file, list);
            self.source.words.foreign.push(list);
        }
    }

    fn take_cues(&mut self, file: &str, part: &raw::Hearing) {
        let roles = &part.roles;
        for (role, words) in [
            (Role::Filler, &roles.fillers),
            (Role::Negation, &roles.negations),
            (Role::NotNegation, &roles.not_negations),
            (Role::AnswersNo, &roles.answers_no),
            (Role::Contrast, &roles.contrasts),
            (Role::Joiner, &roles.joiners),
            (Role::Starter, &roles.starters),
            (Role::Link, &roles.links),
            (Role::Self_, &roles.selves),
            (Role::Restart, &roles.restarts),
            (Role::Now, &roles.now),
            (Role::Back, &roles.back),
            (Role::Verb, &roles.verbs),
        ] {
            self.role(file, role, words);
        }
        let cues = &part.cues;
        for (cue, patterns) in [
            (Cue::Idiom, &cues.idioms),
            (Cue::Supposed, &cues.supposed),
            (Cue::Aside, &cues.aside),
            (Cue::Offered, &cues.offered),
            (Cue::Asked, &cues.asked),
            (Cue::Other, &cues.others),
            (Cue::Family, &cues.family),
            (Cue::NoPerson, &cues.no_person),
            (Cue::Resolved, &cues.resolved),
            (Cue::RuledOut, &cues.ruled_out),
            (Cue::Past, &cues.past),
            (Cue::Admitted, &cues.admitted),
        ] {
            let patterns = self.all(file, patterns);
            self.source.cues.cues.push((cue, patterns));
        }
    }

    fn take_sign(
        &mut self,
        builder: &mut Builder,
        file: &str,
        sign: &raw::Sign,
        flags: &BTreeMap<FlagId, Flag>,
    ) {
        let (name, flag) = match (&sign.flag, &sign.part) {
            (Some(flag), None) => (flag, Some(builder.flag(file, flag))),
            (None, Some(part)) => (part, None),
            (Some(name), Some(_)) => {
                builder.error(
                    place(file, name),
                    "a sign is a `flag` or a `part`, not both",
                );
                return;
            }
            (None, None) => {
                let at = sign.says.first().map_or_else(
                    || Place {
                        file: file.to_owned(),
                        bytes: 0..0,
                    },
                    |first| place(file, first),
                );
                builder.error(at, "this sign has no name: write `flag:` or `part:`");
                return;
            }
        };
        let is_history = flag
            .as_ref()
            .and_then(|flag| flags.get(flag))
            .is_some_and(|flag| flag.history.is_some());
        match &flag {
            Some(flag) => self.take_examples(file, flag, sign),
            None => {
                for example in sign.matches.iter().chain(&sign.asks).chain(&sign.not) {
                    builder.error_with(
                        place(file, example),
                        "a part states nothing by itself, so it has no examples",
                        Some("Give the example to the flag that the part belongs to.".to_owned()),
                    );
                }
            }
        }
        let together = sign
            .together
            .iter()
            .map(|group| self.all(file, group))
            .collect();
        let sign = SignSource {
            name: name.value.clone(),
            flag,
            is_history: is_history || sign.lasting,
            of_others: sign.of_others,
            says: self.all(file, &sign.says),
            maybe: self.all(file, &sign.maybe),
            unless: self.all(file, &sign.unless),
            together,
            instead_of: self.all(file, &sign.instead_of),
        };
        self.source.signs.push(sign);
    }

    fn take_examples(&mut self, file: &str, flag: &FlagId, sign: &raw::Sign) {
        for (wanted, examples) in [
            (Wanted::Matches, &sign.matches),
            (Wanted::Asks, &sign.asks),
            (Wanted::Not, &sign.not),
        ] {
            let examples = examples.iter().map(|example| Example {
                flag: flag.clone(),
                place: place(file, example),
                text: PatientText::new(example.value.clone()),
                wanted,
            });
            self.examples.extend(examples);
        }
    }
}

pub(super) fn build_hearing(
    builder: &mut Builder,
    files: Vec<(String, raw::Hearing)>,
    weights: Option<&str>,
    rules: &Rules,
    flags: &BTreeMap<FlagId, Flag>,
) -> Option<(Hearing, Examples)> {
    let mut gathered = Gathered::default();
    for (file, part) in &files {
        gathered.take_words(file, part);
        gathered.take_cues(file, part);
        for sign in &part.signs {
            gathered.take_sign(builder, file, sign, flags);
        }
    }
    let hearing = match Hearing::compile(&gathered.source) {
        Ok(hearing) => hearing,
        Err(error) => {
            report(builder, &gathered, &error);
            return None;
        }
    };
    let mut examples = Examples::new();
    for example in &gathered.examples {
        if try_example(builder, &hearing, rules, example) {
            examples
                .entry(example.flag.clone())
                .or_insert_with(|| example.text.reveal().to_owned());
        }
    }
    must_hear::check(builder, &files, &hearing, rules);
    // Examples are of the patterns: nobody can mend a weight by hand.
    let learned = weights.and_then(|text| read_weights(builder, text, flags));
    Some((hearing.with_learned(learned), examples))
}

/// The second net's weights.
fn read_weights(
    builder: &mut Builder,
    text: &str,
    flags: &BTreeMap<FlagId, Flag>,
) -> Option<Learned> {
    let read = Learned::parse(text).and_then(|learned| {
        let unknown = learned.flags().find(|flag| !flags.contains_key(*flag));
        match unknown {
            Some(flag) => Err(format!("there is no flag `{flag}`")),
            None => Ok(learned),
        }
    });
    match read {
        Ok(learned) => Some(learned),
        Err(why) => {
            let at = Place {
                file: WEIGHTS_FILE.to_owned(),
                bytes: 0..0,
            };
            let help =
                "Make the file anew with `psoas-bot learn`, or delete it: the bot then asks less.";
            builder.error_with(at, why, Some(help.to_owned()));
            None
        }
    }
}

fn report(builder: &mut Builder, gathered: &Gathered, error: &HearingError) {
    let at = gathered
        .places
        .get(error.place)
        .cloned()
        .unwrap_or_default();
    let classes = gathered.source.words.classes.iter();
    let help = error.unknown.as_ref().and_then(|name| {
        let signs = gathered.source.signs.iter().map(|sign| sign.name.as_str());
        did_you_mean(name, classes.map(|class| class.name.as_str()).chain(signs))
    });
    builder.error_with(at, error.to_string(), help);
}

/// Tries an example; whether it states its flag for sure, and that alone.
fn try_example(builder: &mut Builder, hearing: &Hearing, rules: &Rules, example: &Example) -> bool {
    let heard = hear(hearing, rules, &example.text);
    let flag = &example.flag;
    let found = heard
        .hits
        .iter()
        .find(|hit| hit.flag == *flag)
        .map(|hit| hit.sureness);
    let message = match (example.wanted, found) {
        (Wanted::Matches, Some(Sureness::Sure))
        | (Wanted::Asks, Some(Sureness::Unsure))
        | (Wanted::Not, None) => {
            return example.wanted == Wanted::Matches
                && heard.hits.len() == 1
                && !heard.someone_else;
        }
        (Wanted::Matches, Some(Sureness::Unsure)) => {
            format!("this example should state `{flag}` and only asks about it")
        }
        (Wanted::Matches, None) => format!("this example should state `{flag}` and does not"),
        (Wanted::Asks, Some(Sureness::Sure)) => {
            format!("this example should ask about `{flag}` and states it")
        }
        (Wanted::Asks, None) => {
            format!("this example should ask about `{flag}` and does not")
        }
        (Wanted::Not, Some(_)) => format!("this example should not state `{flag}` and does"),
    };
    let reason = heard
        .silenced
        .iter()
        .find(|silenced| silenced.flag == *flag && example.wanted != Wanted::Not)
        .map(|silenced| {
            format!(
                "`{}` was found, and is {}.",
                silenced.pattern,
                silenced.why.word()
            )
        });
    let stated = heard
        .hits
        .iter()
        .find(|hit| hit.flag == *flag && example.wanted == Wanted::Not)
        .map(|hit| format!("Found by `{}`.", hit.why.join("` and `")));
    builder.error_with(example.place.clone(), message, reason.or(stated));
    false
}
