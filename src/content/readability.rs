//! How hard a text is to read, in two languages.
//!
//! English by the Flesch-Kincaid grade, Spanish by INFLESZ (the Szigriszt
//! perspicuity index). Syllables are counted by rule, without a dictionary, so
//! a single word may be one off; a text is not. It measures length, not sense.

use super::build::Builder;
use super::diagnostic::Place;
use super::raw::Kind;
use super::text::Text;
use crate::ids::Lang;

/// Shorter texts swing too much to be judged.
const WORDS_MIN: usize = 20;

/// A card holds at most this many words, in either language.
const CARD_WORDS_MAX: usize = 60;

/// The highest school grade for cards.
const GRADE_MAX_CARD: f64 = 6.0;

/// The highest school grade for everything else.
const GRADE_MAX: f64 = 8.0;

/// The least INFLESZ that is "rather easy".
const INFLESZ_MIN: f64 = 65.0;

/// What is asked of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Read once, perhaps in pain: the easiest.
    Card,
    /// The same, and short.
    ShortCard,
    /// Everything else.
    Talk,
}

impl From<Option<Kind>> for Measure {
    fn from(kind: Option<Kind>) -> Self {
        match kind {
            Some(Kind::Teaches) => Self::ShortCard,
            Some(Kind::Talks | Kind::Asks) | None => Self::Talk,
        }
    }
}

/// The size of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Size {
    sentences: usize,
    words: usize,
    syllables: usize,
}

impl Size {
    fn of(text: &str, syllables: fn(&str) -> usize) -> Self {
        let mut size = Self::default();
        for sentence in text.split(['.', '?', '!', '…', '\n']) {
            let words = words(sentence);
            let count = words.clone().count();
            if count > 0 {
                size.sentences += 1;
                size.words += count;
                size.syllables += words.map(syllables).sum::<usize>();
            }
        }
        size
    }

    /// Words a sentence, and syllables a word; a text without words has none.
    fn ratios(self) -> (f64, f64) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a text of 2^52 words is no text"
        )]
        let [sentences, words, syllables] =
            [self.sentences.max(1), self.words.max(1), self.syllables].map(|count| count as f64);
        (words / sentences, syllables / words)
    }

    /// The school grade that reads it, by Flesch and Kincaid.
    fn grade(self) -> f64 {
        let (words, syllables) = self.ratios();
        0.39 * words + 11.8 * syllables - 15.59
    }

    /// The INFLESZ index: the higher, the easier.
    fn inflesz(self) -> f64 {
        let (words, syllables) = self.ratios();
        206.835 - 62.3 * syllables - words
    }
}

impl Builder {
    /// Warns of a text that is too hard, or, for a short card, too long.
    pub fn readable(&mut self, here: &Place, text: &Text, measure: Measure, exempt: Option<&str>) {
        if exempt.is_some() {
            return;
        }
        for lang in Lang::ALL {
            let said = without_placeholders(&text.plain(lang));
            let size = match lang {
                Lang::En => Size::of(&said, syllables_en),
                Lang::Es => Size::of(&said, syllables_es),
            };
            if measure == Measure::ShortCard && size.words > CARD_WORDS_MAX {
                self.warn(
                    here.clone(),
                    format!(
                        "this card has {} words ({}); at most {CARD_WORDS_MAX} are read",
                        size.words,
                        lang.tag()
                    ),
                );
            }
            if size.words < WORDS_MIN {
                continue;
            }
            let hard = match lang {
                Lang::En => {
                    let most = match measure {
                        Measure::Card | Measure::ShortCard => GRADE_MAX_CARD,
                        Measure::Talk => GRADE_MAX,
                    };
                    let grade = size.grade();
                    (grade > most).then(|| format!("school grade {grade:.1}, at most {most}"))
                }
                Lang::Es => {
                    let index = size.inflesz();
                    (index < INFLESZ_MIN)
                        .then(|| format!("INFLESZ {index:.1}, at least {INFLESZ_MIN}"))
                }
            };
            if let Some(hard) = hard {
                let message = format!("this text is hard to read ({}: {hard})", lang.tag());
                let found = super::Diagnostic::warning(here.clone(), message)
                    .with_help("Use shorter sentences and shorter words. If names make it long, write `names_kept:` and the reason beside it.");
                self.found.push(found);
            }
        }
    }
}

/// What stands in braces is filled in later: it is no word of the author's.
fn without_placeholders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for letter in text.chars() {
        match letter {
            '{' => inside = true,
            '}' => inside = false,
            letter if !inside => out.push(letter),
            _ => {}
        }
    }
    out
}

/// The words of a sentence: what has a letter in it. Numbers are not counted.
fn words(sentence: &str) -> impl Iterator<Item = &str> + Clone {
    sentence
        .split(|letter: char| letter.is_whitespace() || matches!(letter, '/' | '–' | '—'))
        .filter(|word| word.contains(char::is_alphabetic))
}

/// Syllables of an English word, by its vowels and the endings that are mute.
fn syllables_en(word: &str) -> usize {
    /// Vowel pairs that are two syllables, wherever they stand.
    const PARTED: [&str; 6] = ["creat", "react", "idea", "ual", "uat", "psoas"];
    let letters: Vec<char> = word
        .chars()
        .flat_map(char::to_lowercase)
        .filter(char::is_ascii_alphabetic)
        .collect();
    let word: String = letters.iter().collect();
    let is_vowel = |letter: char| matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let mut count = letters
        .iter()
        .enumerate()
        .filter(|(index, letter)| {
            is_vowel(**letter) && (*index == 0 || !is_vowel(letters[*index - 1]))
        })
        .count();
    // "via" and "period" have a syllable more than "social" and "station".
    for (index, pair) in letters.windows(2).enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let soft = matches!(before, Some('t' | 's' | 'c' | 'g' | 'q' | 'x'));
        if (pair == ['i', 'a'] || pair == ['i', 'o']) && !soft {
            count += 1;
        }
    }
    count += PARTED.iter().filter(|part| word.contains(**part)).count();
    count += usize::from(word.ends_with("area"));
    let vowel_before_ing = word
        .strip_suffix("ing")
        .is_some_and(|stem| stem.ends_with(is_vowel));
    count += usize::from(vowel_before_ing);
    count.saturating_sub(mute_endings(&letters)).max(1)
}

/// One, where the last `e` is not spoken.
fn mute_endings(letters: &[char]) -> usize {
    let is_vowel = |letter: char| matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let is_mute = match letters {
        // "table" speaks it, "whole" does not.
        [.., before, 'l', 'e'] => is_vowel(*before),
        [.., before, 'e'] if letters.len() > 2 => !is_vowel(*before),
        // "uses" and "changes" speak it, "moves" does not; nor does "whiles".
        [.., before, 'l', 'e', 's'] => is_vowel(*before),
        [.., before, 'e', 's'] => {
            !is_vowel(*before) && !matches!(before, 's' | 'c' | 'x' | 'z' | 'g' | 'h')
        }
        // "started" speaks it, "moved" does not.
        [.., before, 'e', 'd'] => !is_vowel(*before) && !matches!(before, 't' | 'd'),
        _ => false,
    };
    usize::from(is_mute)
}

/// Syllables of a Spanish word: its vowels, where `i` and `u` without an accent
/// join a neighbour.
fn syllables_es(word: &str) -> usize {
    #[derive(Clone, Copy, PartialEq)]
    enum Sound {
        Strong,
        Weak,
        Apart,
        Joined,
        Mute,
    }
    let letters: Vec<char> = word
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|letter| letter.is_alphabetic())
        .collect();
    let mut count = 0_usize;
    let mut before = Sound::Mute;
    for (index, letter) in letters.iter().enumerate() {
        let previous = index.checked_sub(1).map(|at| letters[at]);
        let next = letters.get(index + 1).copied();
        // In "que", "gui" the u only shows how the letter before it sounds.
        let silent = *letter == 'u'
            && matches!(previous, Some('q' | 'g'))
            && matches!(next, Some('e' | 'i' | 'é' | 'í'));
        let sound = match letter {
            'u' if silent => continue,
            'a' | 'e' | 'o' | 'á' | 'é' | 'ó' => Sound::Strong,
            'í' | 'ú' => Sound::Apart,
            'i' | 'u' | 'ü' => Sound::Weak,
            'y' if next.is_none() => Sound::Weak,
            _ => Sound::Mute,
        };
        before = match (before, sound) {
            (_, Sound::Mute) => Sound::Mute,
            // "tie-", "cua-": one syllable, counted at the weak vowel.
            (Sound::Weak, Sound::Strong) => Sound::Strong,
            // "ai-", "ciu-": the weak vowel joins the one before it.
            (Sound::Strong | Sound::Weak, Sound::Weak) => Sound::Joined,
            (_, sound) => {
                count += 1;
                sound
            }
        };
    }
    count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_syllables() {
        let known = [
            ("the", 1),
            ("knee", 1),
            ("muscle", 2),
            ("people", 2),
            ("because", 2),
            ("area", 3),
            ("idea", 3),
            ("moved", 1),
            ("started", 2),
            ("doctor", 2),
            ("breathing", 2),
            ("body", 2),
            ("certified", 3),
            ("massage", 2),
            ("acupuncture", 4),
            ("therapist", 3),
            ("table", 2),
            ("hurts", 1),
            ("being", 2),
            ("changes", 2),
            ("uses", 2),
            ("please", 1),
            ("emergency", 4),
            ("psoas", 2),
            ("can't", 1),
            ("moves", 1),
            ("muscles", 2),
            ("whole", 1),
            ("station", 2),
            ("hmm", 1),
        ];
        for (word, syllables) in known {
            assert_eq!(syllables_en(word), syllables, "{word}");
        }
    }

    #[test]
    fn spanish_syllables() {
        let known = [
            ("psoas", 2),
            ("músculo", 3),
            ("guía", 2),
            ("día", 2),
            ("agua", 2),
            ("quien", 1),
            ("pingüino", 3),
            ("ciudad", 2),
            ("aéreo", 4),
            ("leí", 2),
            ("muy", 1),
            ("hay", 1),
            ("fisioterapeuta", 6),
            ("veía", 3),
            ("hueso", 2),
            ("rodilla", 3),
            ("también", 2),
            ("oír", 2),
            ("cuidado", 3),
            ("yo", 1),
            ("país", 2),
            ("estiramiento", 5),
        ];
        for (word, syllables) in known {
            assert_eq!(syllables_es(word), syllables, "{word}");
        }
    }

    /// 13 words, 2 sentences, 15 syllables, counted by hand.
    #[test]
    fn the_grade_of_a_counted_text() {
        let size = Size::of(
            "The cat sat on the mat. A doctor can look at it today.",
            syllables_en,
        );
        assert_eq!((size.sentences, size.words, size.syllables), (2, 13, 15));
        let by_hand = 0.39 * 13.0 / 2.0 + 11.8 * 15.0 / 13.0 - 15.59;
        assert!((size.grade() - by_hand).abs() < 1e-9);
    }

    /// 9 words, 2 sentences, 15 syllables, counted by hand.
    #[test]
    fn the_inflesz_of_a_counted_text() {
        let size = Size::of("La casa es muy bonita. ¿Le duele la rodilla?", syllables_es);
        assert_eq!((size.sentences, size.words, size.syllables), (2, 9, 15));
        let by_hand = 206.835 - 62.3 * 15.0 / 9.0 - 9.0 / 2.0;
        assert!((size.inflesz() - by_hand).abs() < 1e-9);
    }

    #[test]
    fn placeholders_and_numbers_are_no_words() {
        let said = without_placeholders("Call {emergency} now, at 10 or 12.");
        assert_eq!(Size::of(&said, syllables_en).words, 4);
        assert_eq!(Size::of("", syllables_en), Size::default());
    }
}
