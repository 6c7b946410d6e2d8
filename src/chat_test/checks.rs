//! What the lines of a play look at.

use super::parse::{Check, Observed};
use super::play::{Player, same};
use crate::app::audit::AuditRow;

impl Player {
    pub(super) fn check(&mut self, check: &Check) -> Result<(), String> {
        match check {
            Check::See { by, words } => self.see(*by, words),
            Check::SeeInTopic { case, words } => self.see_in_topic(*case, words),
            Check::Topics(expected) => {
                let topics = self.stage.world.topics(self.stage.staff_chat()).iter();
                let found: Vec<String> = topics
                    .map(|topic| match topic.closed {
                        true => format!("{} (closed)", topic.name),
                        false => topic.name.clone(),
                    })
                    .collect();
                if found == *expected {
                    return Ok(());
                }
                Err(format!("there are the topics {}", found.join(", ")))
            }
            Check::SeeNothing(by) => self.see_nothing(*by),
            Check::Buttons(labels) => self.has_buttons(labels),
            Check::NoButton(label) => {
                let label = self.fill(label);
                let found = self
                    .found
                    .as_ref()
                    .ok_or("no message stands above this line")?;
                if found.buttons.iter().any(|one| same(one, &label)) {
                    return Err(format!("the message has the button [{label}]"));
                }
                Ok(())
            }
            Check::Never(words) => {
                let words = self.fill(words);
                match self.all.iter().find(|text| text.contains(&words)) {
                    Some(text) => Err(format!("the patient was shown \"{words}\", in:\n{text}")),
                    None => Ok(()),
                }
            }
            Check::StaffNever(words) => {
                let words = self.fill(words);
                match self.all_staff.iter().find(|text| text.contains(&words)) {
                    Some(text) => Err(format!("staff were shown \"{words}\", in:\n{text}")),
                    None => Ok(()),
                }
            }
            Check::StaffChatHasNo(words) => {
                let words = self.fill(words);
                let mut texts = self.stage.world.messages(self.stage.staff_chat()).iter();
                match texts.find(|shown| !shown.deleted && shown.text.contains(&words)) {
                    Some(shown) => Err(format!(
                        "the staff chat still shows \"{words}\", in:\n{}",
                        shown.text
                    )),
                    None => Ok(()),
                }
            }
            Check::Audit(wanted) => self.audited(wanted),
            Check::AuditHasNo(words) => self.audit_has_no(words),
            Check::PressesAtMost(most) if self.presses <= *most => Ok(()),
            Check::PressesAtMost(most) => Err(format!(
                "{} presses so far, and {most} at most were expected",
                self.presses
            )),
            Check::Sent(count) => {
                let sent = self
                    .fresh
                    .iter()
                    .filter(|seen| seen.by == Observed::Patient && !seen.is_edit)
                    .count();
                if sent == *count {
                    return Ok(());
                }
                Err(format!(
                    "{sent} messages were sent to the patient, and {count} expected\n{}",
                    self.transcript()
                ))
            }
        }
    }

    /// Who did what on which case; nobody stands as `-`. Several rows are new in this
    /// order, and others may stand between them.
    fn audited(&mut self, wanted: &str) -> Result<(), String> {
        let rows = self.new_rows()?;
        let mut left = rows.iter();
        let missing = wanted
            .split(", ")
            .find(|wanted| !left.any(|row| row == wanted));
        self.audit_read = self.stage.audit_log()?.last().map_or(0, |row| row.number);
        match missing {
            None => Ok(()),
            Some(missing) => Err(format!(
                "no \"{missing}\" there in the audit log, which has: {}",
                rows.join(", ")
            )),
        }
    }

    /// No new row of the audit log has these words.
    fn audit_has_no(&self, words: &str) -> Result<(), String> {
        let mut rows = self.new_rows()?.into_iter();
        match rows.find(|row| row.contains(words)) {
            Some(row) => Err(format!("the audit log has: {row}")),
            None => Ok(()),
        }
    }

    /// The rows of the audit log since they were last looked at.
    fn new_rows(&self) -> Result<Vec<String>, String> {
        let mut rows = self.stage.audit_log()?;
        rows.retain(|row| row.number > self.audit_read);
        let line = |row: &AuditRow| {
            let who = row.who.as_ref().map_or("-", |who| &who.name);
            let case = row.case.map(|case| format!(" case {}", case.0));
            format!("{who} {}{}", row.what, case.unwrap_or_default())
        };
        Ok(rows.iter().map(line).collect())
    }

    fn see(&mut self, by: Observed, words: &str) -> Result<(), String> {
        let words = self.fill(words).replace("**", "").replace("\\n", "\n");
        let find = |edits: bool| {
            self.fresh
                .iter()
                .enumerate()
                // The staff chat has an order of its own.
                .skip(match (by, edits) {
                    (Observed::Patient, false) => self.taken,
                    (_, _) => 0,
                })
                .find(|(_, seen)| {
                    seen.by == by && seen.is_edit == edits && seen.text.contains(&words)
                })
                .map(|(place, _)| place)
        };
        // A new message before an old one that changed.
        let place = find(false).or_else(|| find(true));
        match place {
            Some(place) => {
                self.found = self.fresh.get(place).cloned();
                if by == Observed::Patient && !self.found.as_ref().is_some_and(|seen| seen.is_edit)
                {
                    self.taken = place;
                }
                Ok(())
            }
            None => Err(format!(
                "nobody said \"{words}\" here\n{}",
                self.transcript()
            )),
        }
    }

    fn see_in_topic(&mut self, case: u64, words: &str) -> Result<(), String> {
        let topic = self.topic(case)?;
        let words = self.fill(words).replace("**", "").replace("\\n", "\n");
        let found = self.fresh.iter().find(|seen| {
            seen.by == Observed::Staff && seen.topic == Some(topic) && seen.text.contains(&words)
        });
        self.found = Some(found.cloned().ok_or_else(|| {
            format!(
                "nobody said \"{words}\" in that topic\n{}",
                self.transcript()
            )
        })?);
        Ok(())
    }

    fn see_nothing(&self, by: Observed) -> Result<(), String> {
        if self.fresh.iter().any(|seen| seen.by == by) {
            Err(format!("nothing was expected here\n{}", self.transcript()))
        } else {
            Ok(())
        }
    }

    fn has_buttons(&self, labels: &[String]) -> Result<(), String> {
        let found = self
            .found
            .as_ref()
            .ok_or("no message stands above this line")?;
        for label in labels {
            let label = self.fill(label);
            if !found.buttons.iter().any(|one| same(one, &label)) {
                let there: Vec<String> = found
                    .buttons
                    .iter()
                    .map(|label| format!("[{label}]"))
                    .collect();
                return Err(format!(
                    "the message has no button [{label}]; it has {}",
                    there.join(" ")
                ));
            }
        }
        Ok(())
    }
}
