//! Which method does what.

use super::{
    params::Params,
    world::{Outcome, Refusal, World},
};

impl World {
    pub(super) fn answer(&mut self, method: &str, params: Params<'_>, now: i64) -> Outcome {
        // Clients spell methods in camelCase or PascalCase.
        match method.to_ascii_lowercase().as_str() {
            "getme" => Ok(self.me()),
            "getupdates" => self.take_updates(params, now),
            "setwebhook" => self.set_webhook(params),
            "deletewebhook" => self.delete_webhook(params),
            "getwebhookinfo" => self.webhook_info(now),
            "sendmessage" => self.send_message(params, now),
            "editmessagetext" => self.edit_text(params, now),
            "editmessagereplymarkup" => self.edit_markup(params, now),
            "editmessagecaption" => self.edit_caption(params, now),
            "copymessage" => self.copy_message(params, now),
            "setmessagereaction" => self.set_reaction(params),
            "deletemessage" => self.delete_message(params, now),
            "pinchatmessage" => self.pin(params),
            "unpinchatmessage" => self.unpin(params),
            "sendcontact" => self.send_contact(params, now),
            "sendphoto" => self.send_photo(params, now),
            "senddocument" => self.send_document(params, now),
            "sendchataction" => self.chat_action(params),
            "answercallbackquery" => self.answer_query(params, now),
            "getchat" => self.chat_info(params),
            "getchatmember" => self.chat_member(params),
            "getchatadministrators" => self.chat_administrators(params),
            "getchatmembercount" => self.chat_member_count(params),
            "createforumtopic" => self.create_topic(params, now),
            "closeforumtopic" => self.turn_topic(params, true, now),
            "reopenforumtopic" => self.turn_topic(params, false, now),
            "editforumtopic" => self.name_topic(params, now),
            "setmycommands" => self.set_commands(params),
            "getmycommands" => self.my_commands(params),
            "deletemycommands" => self.delete_commands(params),
            "setmyname" => self.set_profile_text(params, "name"),
            "getmyname" => Ok(self.profile_text(params, "name")),
            "setmydescription" => self.set_profile_text(params, "description"),
            "getmydescription" => Ok(self.profile_text(params, "description")),
            "setmyshortdescription" => self.set_profile_text(params, "short_description"),
            "getmyshortdescription" => Ok(self.profile_text(params, "short_description")),
            _ => Err(Refusal::new(404, "Not Found: method not found")),
        }
    }
}
