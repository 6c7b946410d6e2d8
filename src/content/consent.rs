//! What a patient agrees to, and which text it was.

use super::build::Builder;
use super::model::{Content, Verb};
use super::raw::Name;
use crate::ids::{DialogId, Lang, SlotId};

/// The question that asks for consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Where the answer is kept.
    pub slot: SlotId,
    /// Names the text in all languages, with the clinic's values in it: another
    /// text is another version, and everybody is asked again.
    pub version: String,
}

/// Looks the dialog up that asks for consent.
pub(super) fn dialog(builder: &mut Builder, file: &str, name: Option<&Name>) -> Option<DialogId> {
    name.map(|name| builder.dialog(file, name))
}

/// The consent of a content; none when it asks for none.
pub(super) fn of(content: &Content) -> Option<Consent> {
    let id = content.bot.consent.as_ref()?;
    let dialog = content.dialogs.get(id)?;
    let slot = dialog.steps.get(&dialog.start)?.verb.slot()?.clone();
    let mut hash = blake3::Hasher::new();
    for (name, step) in &dialog.steps {
        hash.update(name.as_str().as_bytes());
        for lang in Lang::ALL {
            let mut texts: Vec<String> = Vec::new();
            texts.extend(step.say.as_ref().map(|say| say.render(lang, content).text));
            if let Verb::Choice { options, .. } = &step.verb {
                texts.extend(
                    options
                        .iter()
                        .map(|one| one.label.render(lang, content).text),
                );
            }
            for text in texts {
                hash.update(&(text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
        }
    }
    let version = hash.finalize().to_hex().as_str()[..8].to_owned();
    Some(Consent { slot, version })
}
