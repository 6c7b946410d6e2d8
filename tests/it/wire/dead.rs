//! What could not be delivered is on a list, and one press sends it again.

use super::CASE_1;
use super::house::{ANA, DANA, EMERGENCY, House, STAFF, from_bot};

/// Asks for the list until it reads as `wanted`: a lane may still be at it.
async fn dead_list(house: &House, asked: &mut usize, wanted: &str) -> String {
    loop {
        let now = house.clock.now().0;
        house.world().say(STAFF, DANA, "/dead", now).unwrap();
        let number = *asked;
        *asked += 1;
        let answer = house
            .until("the list", move |world| {
                let mut answers = from_bot(world, STAFF).into_iter().filter(|shown| {
                    shown.text.starts_with("Not delivered:")
                        || shown.text == "Everything was delivered."
                });
                answers.nth(number)
            })
            .await;
        if answer.text.starts_with(wanted) {
            return answer.text;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_blocked_bot_could_not_say_is_listed_and_sent_again() {
    let mut house = House::new().await;
    house.start().await;
    house.say(ANA, EMERGENCY);
    house.until_said(STAFF, CASE_1).await;
    house.until_said(ANA, "in our team's chat now").await;
    let mut asked = 0;
    dead_list(&house, &mut asked, "Everything").await;
    let now = house.clock.now().0;
    house.world().block(ANA, now);
    house.clock.turn(5 * 60);
    house.until_said(STAFF, "nobody is on it yet").await;
    let list = dead_list(&house, &mut asked, "Not delivered: 1").await;
    assert!(list.contains("1. To the patient of case 1"), "{list}");
    assert!(list.contains("blocked the bot"), "{list}");
    // It stays there over a restart, until somebody sends it.
    house.stop().await;
    house.start().await;
    let now = house.clock.now().0;
    house.world().unblock(ANA, now);
    dead_list(&house, &mut asked, "Not delivered: 1").await;
    house.staff_press(STAFF, "Send 1 again");
    house
        .until_said(ANA, "Nobody on our team has seen your note yet")
        .await;
    dead_list(&house, &mut asked, "Everything").await;
    house.stop().await;
}
