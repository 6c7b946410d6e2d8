//! The page's own words, in the languages it speaks.
//!
//! The bot's words are its own affair: they follow the patient's Telegram.

use axum::http::{HeaderMap, header};
use jiff::Zoned;

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PageLang {
    #[default]
    En,
    Es,
}

impl PageLang {
    /// The first language of a browser that the page speaks.
    pub fn of_browser(headers: &HeaderMap) -> Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE);
        let wanted = wanted.and_then(|wanted| wanted.to_str().ok()).unwrap_or("");
        // Browsers list what they prefer first.
        let tags = wanted.split(',').filter_map(|tag| tag.trim().get(..2));
        tags.filter_map(|tag| match tag.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "es" => Some(Self::Es),
            _ => None,
        })
        .next()
        .unwrap_or_default()
    }

    pub fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::Es => &ES,
        }
    }
}

/// What the page says. `{}` stands for one name or number.
pub(super) struct Words {
    pub tag: &'static str,
    /// The way to the page's other language, in that language.
    pub other: (&'static str, &'static str),
    pub preview: &'static str,
    pub chats: &'static str,
    pub panes: [&'static str; 2],
    pub chat_of: [&'static str; 2],
    pub messages_of: [&'static str; 2],
    pub message_as: [&'static str; 2],
    pub offline: &'static str,
    pub ok: &'static str,
    pub clock: &'static str,
    /// On the button, and read aloud.
    pub turns: [(&'static str, &'static str); 3],
    pub telegram_language: &'static str,
    pub new_patient: &'static str,
    pub to_newest: &'static str,
    pub commands: &'static str,
    pub speaks_as: &'static str,
    pub who_speaks: &'static str,
    pub message: &'static str,
    /// Read aloud: the button on a message, the line above the field, and its end.
    pub reply: &'static str,
    pub replying_to: &'static str,
    pub no_reply: &'static str,
    pub send_photo: &'static str,
    pub send_voice: &'static str,
    pub send: &'static str,
    pub patient: &'static str,
    pub phone_of: &'static str,
    pub group_of_one: &'static str,
    pub group_of: &'static str,
    pub silent: &'static str,
    pub edited: &'static str,
    pub photo: &'static str,
    pub voice: &'static str,
    pub sticker: &'static str,
    pub attachment: &'static str,
    pub what_can_it_do: &'static str,
    pub empty_patient: &'static str,
    pub start: &'static str,
    pub quiet: &'static str,
    pub empty_staff: &'static str,
    pub pinned: &'static str,
    pub topic_opened: &'static str,
    pub topic_closed: &'static str,
    pub group_upgraded: &'static str,
    pub chat_changed: &'static str,
    pub copied: &'static str,
    pub no_answer: &'static str,
    pub unread: &'static str,
    weekdays: [&'static str; 7],
    months: [&'static str; 12],
    /// The day's number first: "lunes, 2 de marzo".
    day_first: bool,
}

impl Words {
    /// "Monday, March 2".
    pub fn day(&self, at: &Zoned) -> String {
        let (weekday, month) = self.names(at);
        match self.day_first {
            true => format!("{weekday}, {} de {month}", at.day()),
            false => format!("{weekday}, {month} {}", at.day()),
        }
    }

    /// "Mon 2 Mar, 10:00".
    pub fn moment(&self, at: &Zoned) -> String {
        let (weekday, month) = self.names(at);
        let short = |name: &str| name.chars().take(3).collect::<String>();
        let (weekday, month) = (short(weekday), short(month));
        format!("{weekday} {} {month}, {}", at.day(), at.strftime("%H:%M"))
    }

    fn names(&self, at: &Zoned) -> (&'static str, &'static str) {
        let weekday = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0);
        let month = usize::try_from(at.month()).unwrap_or(1) - 1;
        (self.weekdays[weekday], self.months[month])
    }
}

/// Puts one value into a text.
pub(super) fn with(text: &str, value: impl std::fmt::Display) -> String {
    text.replacen("{}", &value.to_string(), 1)
}

static EN: Words = Words {
    tag: "en",
    other: ("es", "Página en español"),
    preview: "Preview",
    chats: "Chats",
    panes: ["Patient", "Staff"],
    chat_of: ["patient chat", "staff chat"],
    messages_of: ["patient messages", "staff messages"],
    message_as: ["message as the patient", "message as staff"],
    offline: "The bot is not running. Waiting for it…",
    ok: "OK",
    clock: "Clock",
    turns: [
        ("+1 min", "turn the clock on by one minute"),
        ("+10 min", "turn the clock on by ten minutes"),
        ("+1 day", "turn the clock on by one day"),
    ],
    telegram_language: "Language of the patient’s Telegram",
    new_patient: "New patient",
    to_newest: "to the newest message",
    commands: "commands",
    speaks_as: "as",
    who_speaks: "who speaks",
    message: "Message",
    reply: "reply to this message",
    replying_to: "Reply to",
    no_reply: "do not reply to it",
    send_photo: "send a photo",
    send_voice: "send a voice message",
    send: "send",
    patient: "Patient",
    phone_of: "{}’s phone",
    group_of_one: "Staff group, 1 member and the bot",
    group_of: "Staff group, {} members and the bot",
    silent: "sent without a sound",
    edited: "edited",
    photo: "photo",
    voice: "voice message, 7 seconds",
    sticker: "sticker",
    attachment: "attachment",
    what_can_it_do: "What can this bot do?",
    empty_patient: "A new patient sees this chat. Press Start, as they would.",
    start: "Start",
    quiet: "All quiet",
    empty_staff: "What the team needs to see arrives here.",
    pinned: "Pinned",
    topic_opened: "Topic “{}” opened",
    topic_closed: "Topic closed",
    group_upgraded: "The group was upgraded",
    chat_changed: "Something changed in this chat",
    copied: "Copied",
    no_answer: "The preview did not answer.",
    unread: "{} unread",
    weekdays: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    day_first: false,
};

static ES: Words = Words {
    tag: "es",
    other: ("en", "Page in English"),
    preview: "Vista previa",
    chats: "Chats",
    panes: ["Paciente", "Equipo"],
    chat_of: ["chat del paciente", "chat del equipo"],
    messages_of: ["mensajes del paciente", "mensajes del equipo"],
    message_as: ["mensaje como paciente", "mensaje como equipo"],
    offline: "El bot no está en marcha. Esperando…",
    ok: "De acuerdo",
    clock: "Reloj",
    turns: [
        ("+1 min", "adelantar el reloj un minuto"),
        ("+10 min", "adelantar el reloj diez minutos"),
        ("+1 día", "adelantar el reloj un día"),
    ],
    telegram_language: "Idioma del Telegram del paciente",
    new_patient: "Otro paciente",
    to_newest: "al mensaje más nuevo",
    commands: "comandos",
    speaks_as: "como",
    who_speaks: "quién habla",
    message: "Mensaje",
    reply: "responder a este mensaje",
    replying_to: "Respuesta a",
    no_reply: "no responder a este mensaje",
    send_photo: "enviar una foto",
    send_voice: "enviar un mensaje de voz",
    send: "enviar",
    patient: "Paciente",
    phone_of: "Teléfono de {}",
    group_of_one: "Grupo del equipo, 1 persona y el bot",
    group_of: "Grupo del equipo, {} personas y el bot",
    silent: "enviado sin sonido",
    edited: "editado",
    photo: "foto",
    voice: "mensaje de voz, 7 segundos",
    sticker: "sticker",
    attachment: "archivo adjunto",
    what_can_it_do: "¿Qué puede hacer este bot?",
    empty_patient: "Un paciente nuevo ve este chat. Oprima Iniciar, como lo haría él.",
    start: "Iniciar",
    quiet: "Todo en calma",
    empty_staff: "Aquí llega lo que el equipo necesita ver.",
    pinned: "Fijado",
    topic_opened: "Se abrió el tema “{}”",
    topic_closed: "Se cerró el tema",
    group_upgraded: "El grupo se amplió",
    chat_changed: "Algo cambió en este chat",
    copied: "Copiado",
    no_answer: "La vista previa no respondió.",
    unread: "{} sin leer",
    weekdays: [
        "lunes",
        "martes",
        "miércoles",
        "jueves",
        "viernes",
        "sábado",
        "domingo",
    ],
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    day_first: true,
};
