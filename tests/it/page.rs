//! The preview's page in a real browser, with the bot behind it: what a person
//! on a phone sees and presses.
//!
//! Needs Chromium, so these tests are left out of a plain `cargo test`. With
//! `--include-ignored` they run, and fail where there is no browser.

use std::path::PathBuf;

use chromiumoxide::Page;
use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use chromiumoxide::handler::viewport::Viewport;
use serde_json::json;
use tempfile::TempDir;
use tokio_stream::StreamExt as _;

use crate::preview::process::Running;

/// A phone.
const WIDTH: u32 = 390;
const HEIGHT: u32 = 844;

/// What the scripts of a test share. `seen` waits, frame by frame, until `find`
/// finds something. `press` presses the newest button with a label, once a
/// finger at its middle would hit it. `reply` answers the newest card.
const HELPERS: &str = r#"
const seen = (what, find) => new Promise((done, fail) => {
  const end = performance.now() + 20000;
  const look = () => {
    const found = find();
    if (found) done(String(found));
    else if (performance.now() > end) fail(new Error(`not seen: ${what}\n${document.body?.innerText}`));
    else requestAnimationFrame(look);
  };
  look();
});
const inside = (pane) => document.getElementById(pane);
const press = (pane, label) => seen(`a button ${label}`, () => {
  const fits = (button) => button.textContent.includes(label) && button.checkVisibility();
  const button = [...(inside(pane)?.querySelectorAll("button") ?? [])].filter(fits).pop();
  if (!button) return false;
  button.scrollIntoView({ block: "center", behavior: "instant" });
  const { left, top, width, height } = button.getBoundingClientRect();
  const hit = document.elementFromPoint(left + width / 2, top + height / 2);
  if (!button.contains(hit)) return false;
  button.click();
  return true;
});
const says = (pane, words) => seen(words, () => inside(pane)?.innerText.includes(words));
const tab = (name) => document.querySelector(`.tabs [data-tab="${name}"]`).click();
const type = (pane, words) => {
  const form = inside(pane).querySelector("form");
  form.elements.text.value = words;
  form.requestSubmit();
};
const reply = () => seen("the way to reply", () => {
  const answer = inside("staff").querySelector("[data-reply]");
  answer?.click();
  return answer;
});
"#;

/// The first browser on PATH.
fn chromium() -> PathBuf {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!("no browser on PATH: install Chromium (on Debian: apt-get install chromium), or run `cargo test` without --include-ignored")
    })
}

/// A page at the width of a phone, in a browser that prefers `languages`.
struct Phone {
    page: Page,
    browser: Browser,
    _profile: TempDir,
}

impl Phone {
    async fn open(url: &str, languages: &str) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let config = BrowserConfig::builder()
            .chrome_executable(chromium())
            .user_data_dir(profile.path())
            // The page is our own; as root the sandbox does not start.
            .no_sandbox()
            .new_headless_mode()
            .window_size(WIDTH, HEIGHT)
            .viewport(Viewport {
                width: WIDTH,
                height: HEIGHT,
                emulating_mobile: true,
                has_touch: true,
                ..Viewport::default()
            })
            .arg("force-prefers-reduced-motion")
            .arg(("accept-lang", languages))
            .build()
            .expect("a browser's settings");
        let (browser, mut handler) = Browser::launch(config).await.expect("the browser starts");
        tokio::spawn(async move { while handler.next().await.is_some() {} });
        let page = browser.new_page(url).await.expect("the page opens");
        Self {
            page,
            browser,
            _profile: profile,
        }
    }

    /// Runs a script behind the helpers; what it gives, as text.
    #[track_caller]
    fn run(&self, script: impl AsRef<str>) -> impl Future<Output = String> {
        let place = std::panic::Location::caller();
        let params = EvaluateParams::builder()
            .expression(format!(
                "(async () => {{ {HELPERS} {} }})()",
                script.as_ref()
            ))
            .await_promise(true)
            .return_by_value(true)
            .build()
            .expect("a script");
        async move {
            match self.page.evaluate_expression(params).await {
                Ok(result) => result.into_value().unwrap_or_default(),
                Err(error) => panic!("at {place}: {error}"),
            }
        }
    }

    #[track_caller]
    fn press(&self, pane: &str, label: &str) -> impl Future<Output = String> {
        self.run(format!("await press({}, {})", json!(pane), json!(label)))
    }

    #[track_caller]
    fn says(&self, pane: &str, words: &str) -> impl Future<Output = String> {
        self.run(format!("await says({}, {})", json!(pane), json!(words)))
    }

    /// Nothing is wider than the screen.
    #[track_caller]
    fn fits(&self) -> impl Future<Output = String> {
        self.run(
            "const wide = [document.documentElement, ...document.querySelectorAll('.scroll, .bubble, .bar')]
               .filter((box) => box.scrollWidth > box.clientWidth + 1)
               .map((box) => box.className || box.tagName);
             if (wide.length) throw new Error(`wider than the screen: ${wide.join(', ')}`);",
        )
    }

    async fn close(mut self) {
        self.browser.close().await.expect("the browser closes");
        self.browser.wait().await.expect("it has ended");
    }
}

#[tokio::test]
#[ignore = "needs Chromium; run it with: cargo test -- --include-ignored"]
async fn an_emergency_on_a_phone_reaches_staff_and_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let bot = Running::start(folder.path());
    let phone = Phone::open(&bot.url, "en-US").await;
    phone.press("patient", "Start").await;
    phone.says("patient", "What would you like to do?").await;
    phone.fits().await;
    for label in [
        "Hip and back self-check",
        "I'm 18 or older, I understand",
        "Me",
        "No",
        "1. Chest pain, hard to breathe",
        "Continue",
    ] {
        phone.press("patient", label).await;
    }
    // The card is taller than the room: its first line is in sight.
    phone
        .run(
            "await seen('the first line of the card', () => {
               const line = [...inside('patient').querySelectorAll('.text strong')]
                 .find((line) => line.textContent.startsWith('Please call 911 now'));
               if (!line) return false;
               const room = inside('patient').querySelector('.scroll').getBoundingClientRect();
               const { top, bottom } = line.getBoundingClientRect();
               return top >= room.top && bottom <= room.bottom;
             })",
        )
        .await;
    phone.fits().await;
    phone.run("tab('staff')").await;
    phone.says("staff", "Case 1 · emergency now").await;
    phone.fits().await;
    phone.press("staff", "I'm on it").await;
    phone.says("staff", "Ana is on it").await;
    // A reply to the card reaches the patient, and only one message is a reply.
    phone
        .run("await reply(); type('staff', 'Ana here. Is help coming?')")
        .await;
    phone.says("staff", "Delivered to Pat (case 1).").await;
    phone
        .run("if (!inside('staff').querySelector('.replying').hidden) throw new Error('still a reply')")
        .await;
    phone.fits().await;
    phone.run("tab('patient')").await;
    phone
        .says("patient", "Someone on our team has seen your note.")
        .await;
    phone.says("patient", "Ana here. Is help coming?").await;
    phone.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; run it with: cargo test -- --include-ignored"]
async fn two_members_work_on_one_case() {
    let folder = tempfile::tempdir().expect("a folder");
    let bot = Running::start(folder.path());
    let phone = Phone::open(&bot.url, "en-US").await;
    phone.press("patient", "Start").await;
    phone.says("patient", "What would you like to do?").await;
    phone
        .run("type('patient', 'i cant pee since last night')")
        .await;
    phone.says("patient", "Please call 911 now").await;
    let speak_as = "const who = inside('staff').querySelector('select[name=as]');
         who.value = [...who.options].find((one) => one.textContent === 'NAME').value;
         who.dispatchEvent(new Event('change', { bubbles: true }));";
    phone.run("tab('staff')").await;
    phone.press("staff", "I'm on it").await;
    phone.says("staff", "Ana is on it").await;
    phone.run(speak_as.replace("NAME", "Ben")).await;
    // Ben sends a photo as his answer to the card.
    phone
        .run("await reply(); inside('staff').querySelector('.replying [data-media=photo]').click()")
        .await;
    phone.says("staff", "Delivered to Pat (case 1).").await;
    phone.fits().await;
    phone.press("staff", "Close").await;
    phone.says("staff", "Closed by Ben").await;
    phone.says("staff", "Ana").await;
    phone.fits().await;
    phone.run("tab('patient')").await;
    phone
        .run("await seen('the photo', () => inside('patient').querySelector('.message.bot .photo, .message.bot .media'))")
        .await;
    phone.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; run it with: cargo test -- --include-ignored"]
async fn a_browser_in_spanish_gets_a_page_and_a_patient_in_spanish() {
    let folder = tempfile::tempdir().expect("a folder");
    let bot = Running::start(folder.path());
    let phone = Phone::open(&bot.url, "es-MX,es").await;
    phone.says("patient", "¿Qué puede hacer este bot?").await;
    phone
        .says("patient", "Asistente automático del equipo")
        .await;
    phone.press("patient", "Iniciar").await;
    phone.says("patient", "¿Qué le gustaría hacer?").await;
    phone.fits().await;
    let english = phone
        .run("return document.querySelector('.brand a').href")
        .await;
    phone.page.goto(english).await.expect("the page in English");
    phone.says("patient", "phone").await;
    // The bot goes on in the patient's language.
    phone.says("patient", "¿Qué le gustaría hacer?").await;
    phone.close().await;
}
